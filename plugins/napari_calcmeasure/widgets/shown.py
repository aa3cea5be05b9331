"""A picture on the canvas: how it is windowed, and its name above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calcmeasure.report.palette import PAPER
from napari_calcmeasure.display.dynamic_panels import AXES, UNITS
from napari_calcmeasure.display.panel import LayerData, Panel
from napari_calcmeasure.display.windows import WindowPreset
from napari_calcmeasure.widgets.rack import set_limits

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.utils.colormaps import Colormap

CAPTION_SIZE = 11
INVERTED = " inverted"


@dataclass(slots=True)
class Shown:
    """A panel with its image layer.

    Parameters
    ----------
    panel
        What is shown.
    layer
        Where.
    window
        The preset chosen last; None where the picture has none.
    """

    panel: Panel
    layer: Image
    window: WindowPreset | None = None

    def apply(self, preset: WindowPreset, *, is_inverted: bool) -> None:
        """Window the picture.

        Parameters
        ----------
        preset
            As the image means it.
        is_inverted
            Whether all pictures are shown black for white.
        """
        from napari.utils.colormaps import Colormap

        chosen = preset.inverted() if is_inverted else preset
        self.window = preset
        set_limits(self.layer, chosen.limits, reach=self.layer.contrast_limits_range)
        self.layer.colormap = Colormap(**chosen.colormap)

    @property
    def window_now(self) -> WindowPreset | None:
        """The preset with the limits that were set by hand since."""
        return None if self.window is None else self.window.with_limits(tuple(self.layer.contrast_limits))

    def shift(self, *, level: float, width: float) -> None:
        """Move the window by shares of its width."""
        low, high = self.layer.contrast_limits
        span = max((high - low) * (1 + width), 1e-3)
        centre = (low + high) / 2 + level * (high - low)
        limits = (centre - span / 2, centre + span / 2)
        set_limits(self.layer, limits, reach=self.layer.contrast_limits_range)

    def invert(self) -> None:
        """Black for white."""
        self.layer.colormap = inverted(self.layer.colormap)

    def caption(self, words: str) -> None:
        """Write the name above the picture; none takes it away."""
        overlay = self.layer.name_overlay
        if words and self.layer.name != words:
            self.layer.name = words
        if words and not overlay.visible:
            overlay.color, overlay.font_size, overlay.visible = PAPER, CAPTION_SIZE, True
        elif not words and overlay.visible:
            overlay.visible = False


def image_of(panel: Panel, *, is_inverted: bool) -> LayerData:
    """Describe the image layer of a panel, with the colours of its preset as napari's own kind of colour map."""
    from napari.utils.colormaps import Colormap, ensure_colormap

    data, keywords, kind = panel.image
    colormap: Any = keywords.get("colormap", "gray")
    colours = Colormap(**colormap) if isinstance(colormap, dict) else ensure_colormap(colormap)
    return (data, {**keywords, "colormap": inverted(colours) if is_inverted else colours}, kind)


def with_all_axes(picture: LayerData) -> LayerData:
    """Give a picture the axes of a dynamic series, with one place along those it lacks."""
    pixels, keywords, kind = picture
    lead = len(AXES) - pixels.ndim
    wider = {
        "scale": (*(1.0,) * lead, *keywords["scale"]),
        "translate": (*(0.0,) * lead, *keywords["translate"]),
        "units": (*UNITS[:lead], *keywords["units"]),
        "axis_labels": (*AXES[:lead], *keywords["axis_labels"]),
    }
    return (pixels[(np.newaxis,) * lead], {**keywords, **wider}, kind)


def inverted(colormap: Colormap) -> Colormap:
    """Black for white; twice, and it is the same again."""
    from napari.utils.colormaps import Colormap

    colours = colormap.colors.copy()
    colours[:, :3] = 1 - colours[:, :3]
    name = colormap.name
    return Colormap(colours, name=name.removesuffix(INVERTED) if name.endswith(INVERTED) else name + INVERTED)
