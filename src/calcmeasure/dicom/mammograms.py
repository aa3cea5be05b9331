"""From a mammography header to a `Mammogram`: which breast, which projection, and whether it may be measured.

Rules: the side comes from Image Laterality (0020,0062), then Frame Laterality, then Laterality (0020,0060), then text;
the projection from View Code Sequence (0054,0220, CID 4014) and its modifiers (CID 4015), then View Position
(0018,5101), then text. Text is matched by whole words, so that ML is never taken for MLO.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from calcmeasure.dicom.header import Header
from calcmeasure.dicom.spacing import resolve_spacing
from calcmeasure.errors import ErrorCode
from calcmeasure.model.imaging import FrameReference, Mammogram
from calcmeasure.terms import Flag, Laterality, PresentationIntent, View, ViewModifier

SRT_VALUES = {
    "R-10242": "399162004", "R-10226": "399368009", "R-10224": "399260004", "R-10228": "399352003",
    "R-10230": "399099002", "R-1024A": "399192008", "R-1024B": "399101009",
    "R-102D6": "399163009", "R-102D7": "399055006", "R-102D5": "399209000",
}  # fmt: skip
"""SNOMED RT values still found in archives, and the SNOMED CT concept that replaced each (PS3.16 annex L)."""

T = TypeVar("T")
_OLD_SCHEMES = {"SRT", "SNM3", "99SDM"}
_JOINED = re.compile(r"([RL])(CC|MLO|ML|LM|LMO|XCCL|XCCM)")
_VIEWS = {view.code.value: view for view in View}
_MODIFIERS = {modifier.code.value: modifier for modifier in ViewModifier}
_MODIFIER_FLAGS = {
    ViewModifier.MAGNIFICATION: Flag.MAGNIFICATION_VIEW,
    ViewModifier.SPOT_COMPRESSION: Flag.SPOT_COMPRESSION_VIEW,
    ViewModifier.IMPLANT_DISPLACED: Flag.IMPLANT_DISPLACED_VIEW,
}
_PLAIN_MODIFIERS = {ViewModifier.IMPLANT_DISPLACED}
"""Modifiers that leave the view comparable with the plain one."""
_SIDE_WORDS = {
    "R": Laterality.RIGHT, "RT": Laterality.RIGHT, "RIGHT": Laterality.RIGHT,
    "L": Laterality.LEFT, "LT": Laterality.LEFT, "LEFT": Laterality.LEFT,
}  # fmt: skip
_MLO_SIDES = {
    frozenset("FL"): Laterality.RIGHT, frozenset("HR"): Laterality.RIGHT,
    frozenset("FR"): Laterality.LEFT, frozenset("HL"): Laterality.LEFT,
}  # fmt: skip
"""The oblique plane runs from the axilla down to the midline: "down and left" is a right breast, however flipped."""


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A value read from a header, with what is to be known about it."""

    value: T | None
    flags: tuple[str, ...] = ()


def make_mammogram(header: Header) -> Mammogram:
    """Describe one projection image.

    Parameters
    ----------
    header
        Whole header (sequences included) of a single-frame mammography image.

    Returns
    -------
    Mammogram
        `usable` is false, with the reason among `flags`, when side or view are missing or contradictory, the view is
        neither CC nor MLO, or it is a magnification or spot view. Missing millimetres alone do not make it unusable.
    """
    view, modifiers, side = find_view(header), find_modifiers(header), find_laterality(header)
    spacing = resolve_spacing(header, modifiers=modifiers)
    blocking = _blocking_flags(header, view=view.value, side=side.value)
    flags = (
        *side.flags,
        *view.flags,
        *blocking,
        *(_MODIFIER_FLAGS[m] for m in modifiers),
        *_notes(header),
        *spacing.flags,
    )
    return Mammogram(
        image=FrameReference(header.path, header.text("SOPInstanceUID")),
        series_uid=header.text("SeriesInstanceUID"),
        study_uid=header.text("StudyInstanceUID"),
        laterality=side.value,
        view=view.value,
        intent=_intent(header),
        rows=header.integer("Rows") or 0,
        columns=header.integer("Columns") or 0,
        spacing=spacing.spacing,
        modifiers=modifiers,
        patient_orientation=header.texts("PatientOrientation"),
        usable=not _is_blocked(flags, modifiers),
        flags=tuple(dict.fromkeys(str(f) for f in flags)),
    )


def find_view(header: Header) -> Found[View]:
    """Projection from the code; View Position or a description only when no code is present, and flagged."""
    codes = [_concept(item) for item in header.items("ViewCodeSequence")]
    coded = next((_VIEWS[c] for c in codes if c in _VIEWS), None)
    text = _view_word(header.text("ViewPosition"))
    if coded is not None:
        return Found(coded, (Flag.VIEW_CONFLICT,) if text not in (None, coded) else ())
    if codes:
        return Found(None, (Flag.NOT_STANDARD_VIEW,))
    if header.text("ViewPosition") and text is None:
        return Found(None, (Flag.NOT_STANDARD_VIEW, Flag.VIEW_FROM_TEXT))
    text = text or _only(_described(header, _view_word))
    return Found(text, (Flag.VIEW_FROM_TEXT,) if text is not None else ())


def find_modifiers(header: Header) -> tuple[ViewModifier, ...]:
    """View modifiers from codes; magnification also when the header states the paddle or factor in text."""
    items = [m for view in header.items("ViewCodeSequence") for m in view.items("ViewModifierCodeSequence")]
    items += header.items("ViewModifierCodeSequence")
    found = {_MODIFIERS[c] for c in map(_concept, items) if c in _MODIFIERS}
    words = set(_words(header.text("ViewPosition")))
    if words & {"MAG", "MAGNIFICATION"} or "MAGNIFIED" in _words(header.text("SeriesDescription")):
        found.add(ViewModifier.MAGNIFICATION)
    if "ID" in words:
        found.add(ViewModifier.IMPLANT_DISPLACED)
    return tuple(m for m in ViewModifier if m in found)


def find_laterality(header: Header) -> Found[Laterality]:
    """Side of the breast; contradicting attributes give the first one's value with ``E_LATERALITY``."""
    stated = [side for side in map(_side, _stated_sides(header)) if side is not None]
    described = _only(_described(header, _SIDE_WORDS.get))
    if not stated:
        return Found(described, (Flag.LATERALITY_FROM_TEXT,) if described is not None else (ErrorCode.LATERALITY,))
    flags: tuple[str, ...] = ()
    if len(set(stated)) > 1:
        flags = (Flag.LATERALITY_CONFLICT, ErrorCode.LATERALITY)
    elif stated[0] is Laterality.BOTH:
        flags = (ErrorCode.LATERALITY,)
    elif described not in (None, stated[0]):
        flags = (Flag.LATERALITY_CONFLICT,)
    return Found(stated[0], flags)


def mark_twins(images: Sequence[tuple[Mammogram, Header]]) -> tuple[Mammogram, ...]:
    """Set aside the For Processing copy of an exposure that is also there For Presentation.

    Parameters
    ----------
    images
        All mammograms of one study with their headers.

    Returns
    -------
    tuple of Mammogram
        In the same order. A twin refers to the other in Source Image Sequence, or shares side, view, modifiers and
        acquisition time with it.
    """
    shown: set[str] = set()
    for _, header in (pair for pair in images if pair[0].intent is PresentationIntent.FOR_PRESENTATION):
        shown.update(item.text("ReferencedSOPInstanceUID") for item in header.items("SourceImageSequence"))
        shown.update(_exposure_keys(header))
    return tuple(_set_aside(m) if _is_twin(m, h, shown=shown) else m for m, h in images)


def in_reading_order(mammograms: Iterable[Mammogram]) -> tuple[Mammogram, ...]:
    """Sort as a reader hangs them: right before left, CC before MLO, then by UID."""

    def order(m: Mammogram) -> tuple[int, int, str]:
        sides, views = list(Laterality), list(View)
        return (
            sides.index(m.laterality) if m.laterality else len(sides),
            views.index(m.view) if m.view else len(views),
            m.image.sop_uid,
        )

    return tuple(sorted(mammograms, key=order))


def _concept(item: Header) -> str:
    """SNOMED CT value of a code item; empty when the scheme is not SNOMED."""
    value, scheme = item.text("CodeValue"), item.text("CodingSchemeDesignator")
    if scheme in _OLD_SCHEMES:
        return SRT_VALUES.get(value, f"SRT:{value}")
    return value if scheme == "SCT" else f"{scheme}:{value}"


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[^A-Z0-9]+", text.upper()) if word]


def _view_word(text: str) -> View | None:
    words = _words(text)
    plain = [w.removesuffix("ID") if w in ("CCID", "MLOID") else w for w in words]
    return _only(View[w] for w in plain if w in View.__members__)


def _side(text: str) -> Laterality | None:
    return Laterality(text) if text in ("R", "L", "B") else None


def _stated_sides(header: Header) -> list[str]:
    shared = header.item("SharedFunctionalGroupsSequence").item("FrameAnatomySequence").text("FrameLaterality")
    return [header.text("ImageLaterality"), shared, header.text("FrameLaterality"), header.text("Laterality")]


def _described(header: Header, read: Callable[[str], T | None]) -> list[T]:
    """Read every word of the series description; joined forms such as RMLO count as side and view."""
    words = _words(header.text("SeriesDescription"))
    split = [_JOINED.fullmatch(word) for word in words]
    parts = [part for word, match in zip(words, split, strict=True) for part in (match.groups() if match else (word,))]
    return [value for value in map(read, parts) if value is not None]


def _only(values: Iterable[T]) -> T | None:
    """Return the value when all agree; None when there is none or they differ."""
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


def _intent(header: Header) -> PresentationIntent | None:
    text = header.text("PresentationIntentType")
    return PresentationIntent(text) if text in list(PresentationIntent) else None


def _blocking_flags(header: Header, *, view: View | None, side: Laterality | None) -> tuple[str, ...]:
    flags: list[str] = []
    if view is None:
        flags.append(ErrorCode.VIEW)
    elif not view.is_standard:
        flags.append(Flag.NOT_STANDARD_VIEW)
    if view in (View.MLO, View.LMO) and _orientation_side(header) not in (None, side):
        flags += [Flag.LATERALITY_CONFLICT, ErrorCode.LATERALITY]
    return tuple(flags)


def _orientation_side(header: Header) -> Laterality | None:
    """Side that Patient Orientation implies for an oblique view: its column direction has a left-right part."""
    directions = header.texts("PatientOrientation")
    return _MLO_SIDES.get(frozenset(directions[1])) if len(directions) == 2 else None


def _is_blocked(flags: tuple[str, ...], modifiers: tuple[ViewModifier, ...]) -> bool:
    coded = any(flag.startswith("E_") and flag in (ErrorCode.VIEW, ErrorCode.LATERALITY) for flag in flags)
    return coded or Flag.NOT_STANDARD_VIEW in flags or not set(modifiers) <= _PLAIN_MODIFIERS


def _notes(header: Header) -> tuple[str, ...]:
    noted = {
        Flag.PARTIAL_VIEW: header.text("PartialView") == "YES" or bool(header.items("PartialViewCodeSequence")),
        Flag.IMPLANT_PRESENT: header.text("BreastImplantPresent") == "YES",
        Flag.BURNED_IN_ANNOTATION: header.text("BurnedInAnnotation") == "YES",
        Flag.LOSSY: header.text("LossyImageCompression") == "01",
    }
    return tuple(flag for flag, present in noted.items() if present)


def _exposure_keys(header: Header) -> tuple[str, ...]:
    """Build what two files of one exposure share; empty when the header gives no time to compare."""
    moment = header.text("AcquisitionDateTime") or header.text("AcquisitionTime")
    view, side = find_view(header).value, find_laterality(header).value
    if not moment or view is None or side is None:
        return ()
    return ("|".join((header.text("StudyInstanceUID"), side, view, moment, *find_modifiers(header))),)


def _is_twin(mammogram: Mammogram, header: Header, *, shown: set[str]) -> bool:
    keys = (mammogram.image.sop_uid, *_exposure_keys(header))
    return mammogram.intent is PresentationIntent.FOR_PROCESSING and not shown.isdisjoint(keys)


def _set_aside(mammogram: Mammogram) -> Mammogram:
    return replace(mammogram, usable=False, flags=(*mammogram.flags, str(Flag.SUPERSEDED_PRESENTATION)))
