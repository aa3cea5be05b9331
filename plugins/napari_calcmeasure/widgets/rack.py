"""Layers of one canvas, kept to be used again: to make one takes a tenth of a second, to change what it shows far less.

What is not in use lies hidden at the end of the layer list, flat and empty, where no axis of the viewer hears of it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_calcmeasure.display.panel import LayerData, Panel

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

SPARE = "spare"
"""Begins the name of every layer that is not in use: names of pictures stay free for the pictures."""
_AS_MADE: dict[str, dict[str, Any]] = {
    "image": {"metadata": {}, "opacity": 1.0, "gamma": 1.0, "blending": "translucent", "interpolation2d": "nearest"},
}
"""What a new layer of a kind has, and what was hung before or napari's own controls may have changed."""
_CHANGING = ("name", "metadata", "opacity", "gamma", "blending", "colormap", "interpolation2d", "size", "edge_width")
"""Properties that differ between layers of one use; the others are the same in all of them."""
_PLACE = ("units", "axis_labels", "scale", "translate")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a flat layer lies: scale, translation and names of its two axes."""

    scale: tuple[float, float] = (1.0, 1.0)
    translate: tuple[float, float] = (0.0, 0.0)
    units: tuple[str, str] = ("mm", "mm")
    axis_labels: tuple[str, str] = ("row", "column")

    @classmethod
    def of(cls, panel: Panel) -> Place:
        """Where the slices of a picture lie."""
        (row, column), (top, left) = panel.placement.scale[-2:], panel.placement.origin[-2:]
        units = tuple(str(unit) for unit in panel.image[1].get("units", ("mm", "mm")))
        return cls((row, column), (top, left), (units[-2], units[-1]))

    @property
    def keywords(self) -> dict[str, Any]:
        """As layers take them."""
        return {name: getattr(self, name) for name in _PLACE}


class Rack:
    """The layers of one canvas.

    Parameters
    ----------
    viewer
        They are added to; layers of others in it are left alone.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._made: dict[str, list[Layer]] = {}
        self._used: list[Layer] = []

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All of them, those in use first, bottom to top."""
        return (*self._used, *(layer for use in self._made for layer in self._free(use)))

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Have the scene built once for many changes: napari would for each, and half a grid breaks."""
        events = self._viewer.layers.events
        events.begin_batch()
        try:
            yield
        finally:
            events.end_batch()

    def put_back(self) -> None:
        """Hide everything: from now on every layer can be taken anew."""
        self._used = []
        self._made = {use: [one for one in layers if one in self._viewer.layers] for use, layers in self._made.items()}
        for layer in self.layers:
            if layer.visible:
                layer.visible = False
            if not layer.name.startswith(SPARE):
                layer.name = SPARE

    def take(self, use: str, data: LayerData) -> Layer:
        """Take a layer for a use, or make one; it shows what is given once it is made visible.

        Parameters
        ----------
        use
            Layers of one use take each other's place; all are of one kind.
        data
            What it shows.
        """
        layer = self._take(use, data)
        change(layer, data)
        return layer

    def take_in_steps(self, use: str, data: LayerData) -> Generator[None, None, Layer]:
        """Take a layer and place it in a turn of its own: sliders come and go with it, and the canvas is resized.

        Parameters
        ----------
        use, data
            As for `take`.
        """
        layer = self._take(use, data)
        refill(layer, data)
        yield
        _put(layer, data)
        return layer

    def reserve(self, use: str, data: LayerData, place: Place) -> Layer:
        """Take a layer that shows nothing yet.

        Parameters
        ----------
        use
            As for `take`.
        data
            How it is made where there is none.
        place
            Where it will lie.
        """
        layer = self._take(use, data)
        layer.name = data[1]["name"]
        empty(layer, place)
        return layer

    def lay_in(self, use: str, data: LayerData) -> None:
        """Make a layer before it is needed; the one that was selected stays so."""
        selection = self._viewer.layers.selection
        active = selection.active
        self._make(use, data)
        selection.active = active

    def of(self, use: str) -> tuple[Layer, ...]:
        """Layers there are for a use, those in use first."""
        return tuple(sorted(self._made.get(use, ()), key=lambda layer: layer not in self._used))

    def put_in_order(self, place: Place) -> Iterator[None]:
        """Empty what is left over, one layer at a time, and bring the rest in the order in which it was taken.

        Parameters
        ----------
        place
            Of a picture that is shown: a layer elsewhere, or of another pixel size, would change the steps of a slider.
        """
        for layer in self.layers[len(self._used) :]:
            empty(layer, place)
            yield
        _sort(self._viewer.layers, self.layers)

    def remove(self) -> None:
        """Take all layers out of the viewer."""
        for layer in self.layers:
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)
        self._made, self._used = {}, []

    def _free(self, use: str) -> list[Layer]:
        """In the order they were made: a layer comes into the same cell again, and what it drew there is kept."""
        return [layer for layer in self._made.get(use, ()) if layer not in self._used]

    def _take(self, use: str, data: LayerData) -> Layer:
        layer = next(iter(self._free(use)), None) or self._make(use, data)
        self._used.append(layer)
        return layer

    def _make(self, use: str, data: LayerData) -> Layer:
        from napari.layers import Layer

        pixels, keywords, kind = data
        layer = self._viewer.add_layer(Layer.create(pixels, {**keywords, "visible": False}, kind))
        self._made.setdefault(use, []).append(layer)
        return layer


def change(layer: Layer, data: LayerData) -> None:
    """Have a layer show something else, elsewhere; it is best hidden meanwhile."""
    refill(layer, data)
    _put(layer, data)


def refill(layer: Layer, data: LayerData) -> None:
    """Have a layer show something else where it lies."""
    content, keywords, kind = data
    is_another_number = len(content) != len(layer.data)
    if content is not layer.data and (is_picture(layer) or not np.array_equal(content, layer.data)):
        fill(layer, content)
    wanted = _AS_MADE.get(kind, {}) | keywords
    if "contrast_limits" in wanted:
        set_limits(layer, wanted["contrast_limits"])
    for name in _CHANGING:
        if name in wanted and not _is_same(getattr(layer, name), wanted[name]):
            setattr(layer, name, wanted[name])
    if "edge_color" in wanted:
        layer.edge_color = wanted["edge_color"]
    # To points that come in addition napari gives the words of the others, and a colour of its own.
    if "features" in wanted and (is_another_number or list(layer.features["words"]) != wanted["features"]["words"]):
        layer.features, layer.text.color = wanted["features"], wanted["text"]["color"]
    if "text" in wanted and layer.text.size != wanted["text"]["size"]:
        layer.text.size = wanted["text"]["size"]


def fill(layer: Layer, content: Any) -> None:  # noqa: ANN401 - anything a layer shows
    """Give a layer other data that lie in the same place, or that `put_at` will place: the viewer does not hear of it.

    Until they are seen, points and vectors would hold the cut of what they showed before and look their words and
    colours up there.
    """
    with layer.events.data.blocker():
        layer.data = content
    if not layer.visible and not is_picture(layer):
        layer.set_view_slice()


def put_at(layer: Layer, place: dict[str, Any]) -> None:
    """Place a layer; the viewer hears of it once."""
    layer.units, layer.axis_labels = place["units"], place["axis_labels"]
    stays = np.array_equal(layer.scale, place["scale"]) and np.array_equal(layer.translate, place["translate"])
    if stays and layer.visible:
        return
    with layer.events.scale.blocker():
        # Also where it stays the same: a hidden layer does not notice otherwise that its data reach elsewhere.
        layer.scale = place["scale"]
    layer.translate = place["translate"]


def set_limits(layer: Layer, limits: Sequence[float], *, reach: Sequence[float] = ()) -> None:
    """Set the values shown black and white.

    Parameters
    ----------
    layer
        Of an image.
    limits
        The two values.
    reach
        Values that the limits can be moved to by hand; these limits themselves are always among them.
    """
    layer.contrast_limits_range = (min(limits[0], *reach[:1]), max(limits[1], *reach[1:])) if reach else limits
    if tuple(layer.contrast_limits) != tuple(limits):
        layer.contrast_limits = tuple(limits)


def _put(layer: Layer, data: LayerData) -> None:
    """Place a layer where its data say, or nowhere else than its pixels."""
    nowhere = {"scale": (1.0,) * layer.ndim, "translate": (0.0,) * layer.ndim}
    put_at(layer, nowhere | {name: data[1][name] for name in _PLACE if name in data[1]})


def empty(layer: Layer, place: Place) -> None:
    """Leave nothing in a hidden layer that could be seen, kept in memory or reached with a slider."""
    data = layer.data
    is_empty = data.shape == (1, 1) if is_picture(layer) else not len(data)
    if is_empty and np.array_equal(layer.scale, place.scale) and np.array_equal(layer.translate, place.translate):
        layer.units = place.units
        return
    if not is_empty:
        fill(layer, np.zeros((1, 1), data.dtype) if is_picture(layer) else np.empty((0, *data.shape[1:])))
    put_at(layer, place.keywords)


def is_picture(layer: Layer) -> bool:
    """Whether a layer shows pixels, not lines or points."""
    return type(layer).__name__ == "Image"


def _sort(layers: Any, wanted: Iterable[Layer]) -> None:  # noqa: ANN401 - napari's list of layers
    """Bring layers to the front of the list in this order; what is not wanted follows."""
    for place, layer in enumerate(wanted):
        if layers[place] is not layer:
            layers.move(layers.index(layer), place)


def _is_same(one: Any, other: Any) -> bool:  # noqa: ANN401 - anything a layer has
    if hasattr(one, "colors"):
        return bool(one.name == getattr(other, "name", other))
    return bool(np.all(one == other))
