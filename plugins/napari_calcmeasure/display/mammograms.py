"""Mammograms hang themselves: decode what a protocol asks for, put it in place, say what cannot be shown and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from calcmeasure.errors import CalcMeasureError, ErrorCode
from calcmeasure.model.imaging import Mammogram
from calcmeasure.terms import Modality, PresentationIntent, Quantity, merge_flags
from napari_calcmeasure.cases import Item, standard_views
from napari_calcmeasure.display.decoded import DecodedImages
from napari_calcmeasure.display.panel import Hanging, LayerData, Panel, Placement
from napari_calcmeasure.display.placement import Orientation, Picture, back_to_back, breast_middle, orient
from napari_calcmeasure.display.protocols import MammogramLook, MammogramProtocol, Slot, plan_slots, settle
from napari_calcmeasure.display.windows import WindowPreset, presets_of
from napari_calcmeasure.reading.finding import Target
from napari_calcmeasure.wording import flag_sentences, spacing_words, view_name

if TYPE_CHECKING:
    from calcmeasure.dicom.presentation import DisplayValues

_SPACING_CODES = (ErrorCode.MAGNIFICATION_UNKNOWN, ErrorCode.SPACING_HOSTILE)


def hang_mammograms(
    item: Item,
    *,
    cache: DecodedImages,
    look: MammogramLook | None = None,
    prior: Item | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> Hanging:
    """Decode and arrange mammograms.

    Parameters
    ----------
    item
        Mammograms of a visit, or one of them.
    cache
        Decoded images are taken from there and kept there.
    look
        Protocol, and side and view where it shows one; what is left open is filled in by `settle`.
    prior
        Mammograms of the visit before.
    on_progress
        Called with (images done, images in all), the first time before anything is decoded.
    is_cancelled
        Asked before every image; once true, only what is there already hangs.

    Returns
    -------
    Hanging
        An image that cannot be decoded is left out and named in `problems`; the others hang.
    """
    settled = settle(look or MammogramLook(), item, prior)
    if settled is None or settled.protocol is None:
        return Hanging(str(look.protocol or "") if look else "", (), _title(item), problems=(_nothing_words(look),))
    slots = plan_slots(settled, item, prior)
    decoding = _Decoding(cache, item, prior, problems=_without_mm(settled.protocol, item, prior))
    shown = decoding.run(slots, on_progress=on_progress, is_cancelled=is_cancelled)
    panels = _panels(settled.protocol, shown)
    grid = (1, 2) if settled.protocol is MammogramProtocol.COMPARE and len(panels) > 1 else None
    title = _title(item, prior if any(one.slot.is_prior for one in shown) else None)
    return Hanging(settled.protocol.value, panels, title, grid=grid, problems=tuple(decoding.problems))


def image_target(item: Item, mammogram: Mammogram, *, flags: tuple[str, ...] = ()) -> Target:
    """Describe the image that findings on a mammogram belong to, as the automatic measurement does.

    Parameters
    ----------
    item
        Knows the visit and its studies.
    mammogram
        One of its images.
    flags
        Of the decoded pixels.
    """
    study = item.study_of(mammogram.study_uid)
    known = study.flags if study else ()
    missing = () if mammogram.spacing else (_spacing_code(mammogram),)
    return Target(
        timepoint=item.timepoint,
        study_date=study.study_date.isoformat() if study and study.study_date else "",
        modality=Modality.MG,
        quantity=Quantity.CALCIFICATION_EXTENT,
        laterality=mammogram.laterality,
        view=mammogram.view,
        image=mammogram.reference,
        flags=merge_flags(known, mammogram.flags, flags, missing),
    )


# -- decoding ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """One decoded image of a plan."""

    slot: Slot
    item: Item
    values: DisplayValues
    presets: tuple[WindowPreset, ...]
    picture: Picture

    @property
    def caption(self) -> str:
        kind = ("raw",) if self.mammogram.intent is PresentationIntent.FOR_PROCESSING else ()
        modifiers = map(str, self.mammogram.modifiers)
        return " ".join((view_name(self.mammogram), *modifiers, *kind, self.item.timepoint))

    @property
    def mammogram(self) -> Mammogram:
        return self.slot.mammogram


@dataclass(slots=True)
class _Decoding:
    """Decodes the images of a plan in turn and collects what went wrong."""

    cache: DecodedImages
    item: Item
    prior: Item | None
    problems: list[str]

    def run(
        self,
        slots: Sequence[Slot],
        *,
        on_progress: Callable[[int, int], None] | None,
        is_cancelled: Callable[[], bool] | None,
    ) -> list[_Shown]:
        shown: list[_Shown] = []
        for done, slot in enumerate(slots):
            if is_cancelled is not None and is_cancelled():
                break
            if on_progress is not None:
                on_progress(done, len(slots))
            shown += self._decode(slot)
        else:
            if on_progress is not None:
                on_progress(len(slots), len(slots))
        return shown

    def _decode(self, slot: Slot) -> Iterator[_Shown]:
        mammogram, item = slot.mammogram, self.prior if slot.is_prior and self.prior else self.item
        name = f"{view_name(mammogram)} {item.timepoint}"
        try:
            values = self.cache.load(mammogram)
        except CalcMeasureError as error:
            self.problems.append(f"{name} cannot be shown: {error.message}. [{error.code}]")
            return
        orientation = orient(mammogram, values)
        if orientation.is_rotated:
            self.problems.append(f"{name} is stored lying on its side and hangs as stored. [{ErrorCode.GEOMETRY}]")
        yield _Shown(slot, item, values, presets_of(values), _picture(mammogram, values, orientation))


def _picture(mammogram: Mammogram, values: DisplayValues, orientation: Orientation) -> Picture:
    rows, columns = values.values.shape
    step = mammogram.spacing.rc_mm if mammogram.spacing else (1.0, 1.0)
    return Picture((rows, columns), step, orientation, lies_left=str(mammogram.laterality) == "R")


# -- panels --------------------------------------------------------------------------------------------------------


def _panels(protocol: MammogramProtocol, shown: Sequence[_Shown]) -> tuple[Panel, ...]:
    if protocol in (MammogramProtocol.COMPARE, MammogramProtocol.FLICKER):
        middles = (breast_middle(one.values, step=one.picture.step) for one in shown)
        places = [one.picture.place_centred(middle) for one, middle in zip(shown, middles, strict=True)]
    else:
        places = back_to_back([one.picture for one in shown], [one.slot.block for one in shown])
    panels = tuple(_panel(one, place, protocol) for one, place in zip(shown, places, strict=True))
    return panels if len(panels) > 1 else tuple(_alone(panel) for panel in panels)


def _alone(panel: Panel) -> Panel:
    """Show a panel whose partner is missing: not hidden behind it, nor in a second cell."""
    data, keywords, kind = panel.image
    return replace(panel, cell=(0, 0), image=(data, {**keywords, "visible": True}, kind))


def _panel(one: _Shown, place: Placement, protocol: MammogramProtocol) -> Panel:
    when = "prior" if one.slot.is_prior else "current"
    return Panel(
        key=f"{when} {view_name(one.mammogram)}",
        caption=one.caption,
        image=_layer(one, place, protocol),
        shape=one.picture.shape,
        placement=place,
        target=image_target(one.item, one.mammogram, flags=one.values.flags) if one.mammogram.usable else None,
        presets=one.presets,
        cell=one.slot.cell,
        is_prior=one.slot.is_prior,
        facts=_facts(one),
    )


def _layer(one: _Shown, place: Placement, protocol: MammogramProtocol) -> LayerData:
    """Image layer; the colour map is given as name and colours, which the viewer makes one of its own from."""
    has_mm = one.mammogram.spacing is not None
    keywords = {
        "name": one.caption,
        "scale": place.scale,
        "translate": place.origin,
        "units": ("mm", "mm") if has_mm else ("pixel", "pixel"),
        "axis_labels": ("row", "column"),
        "contrast_limits": one.presets[0].limits,
        "colormap": one.presets[0].colormap,
        "interpolation2d": "nearest" if protocol is MammogramProtocol.SINGLE else "linear",
        "visible": not (protocol is MammogramProtocol.FLICKER and one.slot.is_prior),
    }
    return (one.values.values, keywords, "image")


def _facts(one: _Shown) -> tuple[str, ...]:
    mammogram = one.mammogram
    refused = () if mammogram.usable else ("Shown, not measured.",)
    return (
        f"Spacing: {spacing_words(mammogram.spacing)}.",
        f"{mammogram.rows} × {mammogram.columns} pixels, {(mammogram.intent or 'intent unknown').lower()}.",
        *refused,
        *flag_sentences(merge_flags(mammogram.flags, one.values.flags)),
    )


# -- words ---------------------------------------------------------------------------------------------------------


def _title(item: Item, prior: Item | None = None) -> str:
    visits = item.timepoint if prior is None else f"{item.timepoint} and {prior.timepoint}"
    return f"{item.patient} · {visits}"


def _nothing_words(look: MammogramLook | None) -> str:
    protocol = look.protocol if look else None
    if protocol is None:
        return f"There is no mammogram to show. [{ErrorCode.VIEW}]"
    needed = "the same view of both visits" if protocol.needs_prior else "the views it is made of"
    return f"{protocol} needs {needed} with known millimetres: choose another hanging. [{ErrorCode.VIEW}]"


def _without_mm(protocol: MammogramProtocol, item: Item, prior: Item | None) -> list[str]:
    """Name the standard views that are missing beside others because nothing tells their size."""
    if protocol is MammogramProtocol.SINGLE:
        return []
    visits = [item, *([prior] if prior and protocol.needs_prior else [])]
    images = ((visit, one) for visit in visits for one in standard_views(visit.mammograms) if one.spacing is None)
    return [
        f"{view_name(one)} {visit.timepoint} has no millimetres and is left out beside others: "
        f"show it alone with {MammogramProtocol.SINGLE}. [{_spacing_code(one)}]"
        for visit, one in images
    ]


def _spacing_code(mammogram: Mammogram) -> ErrorCode:
    return next((code for code in _SPACING_CODES if code in mammogram.flags), ErrorCode.SPACING_UNKNOWN)
