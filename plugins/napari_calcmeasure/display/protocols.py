"""Hanging protocols of mammograms: which images of a visit, and of the one before, hang where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from calcmeasure.model.imaging import Mammogram
from calcmeasure.terms import Laterality, View
from napari_calcmeasure.cases import Item, standard_views
from napari_calcmeasure.display.panel import Panel
from napari_calcmeasure.display.placement import outline_breast

TILE_OVERLAP = 0.1
"""Of a tile's side, at least, that neighbouring tiles of the quadrant walk share."""
WALK_MARGIN = 2
"""Coarse pixels that the walk goes beyond the outline: it is smoothed, and leaves out what juts from the breast."""
TYPICAL_MM = 0.1
"""Pixel size that the breast is looked for with on an image without millimetres: film and detectors are near it."""


class MammogramProtocol(StrEnum):
    """Hanging protocols, in the order they are stepped through."""

    FOUR_UP = "MG 4-up"
    """CC over MLO, back to back."""
    CC = "MG CC"
    """Both CC views back to back."""
    MLO = "MG MLO"
    """Both MLO views back to back."""
    OVER_PRIOR = "MG current over prior"
    """R-CC, L-CC, R-MLO, L-MLO over the same of the visit before."""
    COMPARE = "MG compare"
    """One view and on its right its prior, zoom and position linked."""
    FLICKER = "MG flicker"
    """One view and its prior in the same place, one of them seen."""
    SINGLE = "MG single"
    """One image; the quadrant walk shows it part by part, pixel for pixel."""

    @property
    def shows_one_view(self) -> bool:
        """Whether it shows one projection of one breast."""
        return self in (MammogramProtocol.COMPARE, MammogramProtocol.FLICKER, MammogramProtocol.SINGLE)

    @property
    def needs_prior(self) -> bool:
        """Whether it shows the visit before."""
        return self in (MammogramProtocol.OVER_PRIOR, MammogramProtocol.COMPARE, MammogramProtocol.FLICKER)


_VIEWS: dict[str, tuple[View, ...]] = {MammogramProtocol.CC: (View.CC,), MammogramProtocol.MLO: (View.MLO,)}


@dataclass(frozen=True, slots=True)
class MammogramLook:
    """What a reader asks to see.

    Parameters
    ----------
    protocol
        None for the first that is possible.
    side, view
        Of protocols that show one view; None for the first there is.
    image
        SOP Instance UID, for a single image that side and view do not tell apart (spot, magnification, repeats).
    """

    protocol: MammogramProtocol | None = None
    side: Laterality | None = None
    view: View | None = None
    image: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """An image and its place in a protocol.

    Parameters
    ----------
    mammogram
        From the index.
    is_prior
        Whether it is of the visit before.
    block
        (row, column) of the pair of breasts it belongs to.
    cell
        (row, column) of its grid cell.
    """

    mammogram: Mammogram
    is_prior: bool = False
    block: tuple[int, int] = (0, 0)
    cell: tuple[int, int] = (0, 0)


def list_looks(item: Item, prior: Item | None = None) -> tuple[MammogramLook, ...]:
    """List every look that is possible, in the order they are stepped through.

    Parameters
    ----------
    item
        Mammograms of a visit, or one of them.
    prior
        Mammograms of the visit before.
    """
    return tuple(look for protocol in MammogramProtocol for look in _looks_of(protocol, item, prior))


def settle(look: MammogramLook, item: Item, prior: Item | None = None) -> MammogramLook | None:
    """Fill in what a look leaves open: the first possible one that it does not contradict; None when there is none."""
    return next((one for one in list_looks(item, prior) if _agrees(look, one)), None)


def plan_slots(look: MammogramLook, item: Item, prior: Item | None = None) -> tuple[Slot, ...]:
    """Choose the images of a settled look and their places, in reading order.

    Parameters
    ----------
    look
        From `list_looks` or `settle`.
    item, prior
        As for `list_looks`.
    """
    match look.protocol:
        case MammogramProtocol.SINGLE:
            return tuple(Slot(one) for one in item.mammograms if one.image.sop_uid == look.image)[:1]
        case MammogramProtocol.COMPARE | MammogramProtocol.FLICKER:
            across = int(look.protocol is MammogramProtocol.COMPARE)
            current, before = _view_of(item, look), _view_of(prior, look)
            return (*(Slot(m) for m in current), *(Slot(m, is_prior=True, cell=(0, across)) for m in before))
        case MammogramProtocol.OVER_PRIOR:
            hung = ((0, one) for one in _comparable(item)), ((1, one) for one in _comparable(prior))
            return tuple(Slot(m, row == 1, block=(row, int(m.view is View.MLO))) for part in hung for row, m in part)
        case _:
            mine = (one for one in _comparable(item) if one.view in _VIEWS.get(str(look.protocol), tuple(View)))
            below = look.protocol is MammogramProtocol.FOUR_UP
            return tuple(Slot(one, block=(int(below and one.view is View.MLO), 0)) for one in mine)


def quadrant_views(panel: Panel, canvas_size_px: tuple[int, int]) -> list[tuple[tuple[float, float], float]]:
    """Walk over the breast pixel for pixel.

    Parameters
    ----------
    panel
        Of a flat image.
    canvas_size_px
        Height and width of the canvas in physical pixels of the screen.

    Returns
    -------
    list of tuple
        World centre (row, column) and zoom (screen pixels per world unit) of each look, in rows from the top left. One
        image pixel takes at least one screen pixel. Neighbours overlap by `TILE_OVERLAP` or more; looks without breast
        are left out.
    """
    steps = (abs(panel.placement.scale[0]), abs(panel.placement.scale[1]))
    zoom = 1 / min(steps)
    inverted = bool(panel.presets) and panel.presets[0].is_inverted
    measured = steps if "mm" in panel.image[1].get("units", ()) else (TYPICAL_MM, TYPICAL_MM)
    mask, reduction = outline_breast(panel.image[0], step=measured, is_inverted=inverted)
    corners = np.argwhere(mask) * reduction
    world = np.asarray(panel.placement.origin) + corners * np.asarray(panel.placement.scale)
    beyond = np.abs(panel.placement.scale) * reduction * WALK_MARGIN
    low, high = world.min(axis=0) - beyond, world.max(axis=0) + beyond
    tile = np.asarray(canvas_size_px) / zoom
    rows, columns = (_centres(float(low[axis]), float(high[axis]), float(tile[axis])) for axis in (0, 1))
    reach = tile / 2 + beyond
    centres = [(row, column) for row in rows for column in columns]
    return [(one, zoom) for one in centres if (np.abs(world - one) <= reach).all(axis=1).any()]


def _looks_of(protocol: MammogramProtocol, item: Item, prior: Item | None) -> Iterator[MammogramLook]:
    if protocol is MammogramProtocol.SINGLE:
        # What is only shown, such as the raw version of an image, comes after what is measured.
        in_order = sorted(item.mammograms, key=lambda mammogram: not mammogram.usable)
        yield from (MammogramLook(protocol, m.laterality, m.view, m.image.sop_uid) for m in in_order)
    elif protocol.shows_one_view:
        before = {(one.laterality, one.view) for one in _comparable(prior)}
        both = (one for one in _comparable(item) if (one.laterality, one.view) in before)
        yield from (MammogramLook(protocol, one.laterality, one.view) for one in both)
    elif _comparable(item) and _comparable(prior) if protocol.needs_prior else _has_pair(protocol, item):
        yield MammogramLook(protocol)


def _has_pair(protocol: MammogramProtocol, item: Item) -> bool:
    """Whether a look of one visit has at least two images; 4-up is for both projections."""
    views = [one.view for one in _comparable(item)]
    if protocol in _VIEWS:
        return sum(view in _VIEWS[protocol] for view in views) > 1
    return View.CC in views and View.MLO in views


def _agrees(wish: MammogramLook, look: MammogramLook) -> bool:
    if wish.protocol not in (None, look.protocol):
        return False
    if look.protocol is None or not look.protocol.shows_one_view:
        return True
    is_image = not wish.image or look.image == wish.image
    return wish.side in (None, look.side) and wish.view in (None, look.view) and is_image


def _comparable(item: Item | None) -> tuple[Mammogram, ...]:
    """Pick the standard views that have millimetres, CC before MLO, right before left."""
    found = standard_views(item.mammograms) if item is not None else ()
    with_mm = (one for one in found if one.spacing is not None)
    return tuple(sorted(with_mm, key=lambda m: (m.view is View.MLO, m.laterality is Laterality.LEFT)))


def _view_of(item: Item | None, look: MammogramLook) -> tuple[Mammogram, ...]:
    return tuple(one for one in _comparable(item) if (one.laterality, one.view) == (look.side, look.view))


def _centres(low: float, high: float, tile: float) -> Sequence[float]:
    """Middles of tiles that cover a range, overlapping, the ends flush with it."""
    if high - low <= tile:
        return [(low + high) / 2]
    count = int(np.ceil((high - low - tile) / (tile * (1 - TILE_OVERLAP)))) + 1
    return [float(centre) for centre in np.linspace(low + tile / 2, high - tile / 2, count)]
