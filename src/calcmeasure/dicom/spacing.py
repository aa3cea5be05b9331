"""Millimetres per pixel of a projection image, with the rule that gave them.

A projection has no single scale: the detector's pixel pitch is exact, the plane of the breast lies closer to the
source and appears magnified. A header may describe either plane, or a calibration, or nothing. `resolve_spacing` tries
the sources in a fixed order of trust, divides by a magnification factor at most once, and says what it did. Order and
reasons: docs/explanation/spacing.md; definitions: DICOM PS3.3 section 10.7 and C.8.11.7.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import Enum

from calcmeasure.dicom.header import Header
from calcmeasure.errors import ErrorCode, SpacingError
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.terms import Flag, ViewModifier

SMALLEST_SPACING_MM = 0.01
LARGEST_SPACING_MM = 5.0
"""A row or column spacing outside these limits is not that of a projection image."""

LARGEST_ASPECT = 5.0
"""Row over column spacing, or its inverse, beyond this is a damaged value."""

LARGEST_FACTOR = 2.5
"""Magnification factors run from 1 (contact with the detector) to about 2; beyond 2.5 no breast fits."""

EQUAL_TOLERANCE = 1e-3
"""Relative difference up to which two spacings count as equal.

Wide enough for decimal strings rounded differently (0.0651 and 0.0651042), far below any real correction: a breast
support lies centimetres above the detector, which is a correction of more than 1 %. Taking a rounding difference for a
correction would leave a magnification view uncorrected; the opposite mistake costs less than 0.1 %.
"""

_MAGNIFICATION_CODES = frozenset({ViewModifier.MAGNIFICATION.code.value, "R-102D6"})
_DECIMAL_STRING = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ResolvedSpacing:
    """What the header allows to say about millimetres.

    Parameters
    ----------
    spacing
        None when lengths can be given in pixels only; `flags` then holds the reason code.
    flags
        Advisory (`Flag`) and reason (`ErrorCode`) codes, in the order they arose.
    reason
        One sentence for a reader: which numbers were used and how.
    """

    spacing: Spacing | None
    flags: tuple[str, ...]
    reason: str


def resolve_spacing(
    header: Header,
    *,
    user_calibration_mm: tuple[float, float] | None = None,
    modifiers: Collection[ViewModifier] = (),
) -> ResolvedSpacing:
    """Decide the pixel spacing of a mammogram or other projection image.

    Parameters
    ----------
    header
        Of a CR, DX or MG image.
    user_calibration_mm
        (row, column) spacing that a reader calibrated; overrules the header.
    modifiers
        View modifiers known from elsewhere; those coded in the header count as well.

    Raises
    ------
    SpacingError
        If `user_calibration_mm` is not a plausible spacing (E_SPACING_HOSTILE). A bad header never raises.

    Examples
    --------
    >>> from pathlib import Path
    >>> header = Header(
    ...     Path("a.dcm"),
    ...     "",
    ...     {"ImagerPixelSpacing": ("0.07", "0.07"), "EstimatedRadiographicMagnificationFactor": ("1.06",)},
    ... )
    >>> resolve_spacing(header).reason
    'imager spacing 0.07 mm ÷ magnification factor 1.06'
    """
    if user_calibration_mm is not None:
        return _from_user(user_calibration_mm)
    evidence = _Evidence.read(header, modifiers)
    for rule in _RULES:
        spacing = rule(evidence)
        if spacing is not None:
            return ResolvedSpacing(spacing, tuple(evidence.flags), "; ".join([evidence.reason, *evidence.remarks]))
    return _no_spacing(evidence)


def is_plausible_spacing_mm(values_mm: tuple[float, ...]) -> bool:
    """Whether these are exactly two spacings a projection image can have.

    Examples
    --------
    >>> is_plausible_spacing_mm((0.07, 0.07)), is_plausible_spacing_mm((0.07,)), is_plausible_spacing_mm((7.0, 7.0))
    (True, False, False)
    """
    if len(values_mm) != 2 or not all(math.isfinite(v) for v in values_mm):
        return False
    row_mm, col_mm = values_mm
    if not all(SMALLEST_SPACING_MM <= v <= LARGEST_SPACING_MM for v in values_mm):
        return False
    return 1 / LARGEST_ASPECT <= row_mm / col_mm <= LARGEST_ASPECT


class _State(Enum):
    ABSENT = "absent"
    HOSTILE = "hostile"


_Pair = tuple[float, float]


@dataclass(slots=True)
class _Evidence:
    """The attributes as read, and what was noticed on the way to a decision."""

    header: Header
    pixel: _Pair | _State
    imager: _Pair | _State
    is_magnification_view: bool
    hostile: bool = False
    flags: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    reason: str = ""

    @classmethod
    def read(cls, header: Header, modifiers: Collection[ViewModifier]) -> _Evidence:
        magnified = ViewModifier.MAGNIFICATION in modifiers or _is_magnification_view(header)
        evidence = cls(header, _State.ABSENT, _State.ABSENT, magnified)
        evidence.pixel = evidence.read_pair("PixelSpacing")
        evidence.imager = evidence.read_pair("ImagerPixelSpacing")
        return evidence

    def read_pair(self, keyword: str) -> _Pair | _State:
        texts = self.header.texts(keyword)
        if not any(texts):
            return _State.ABSENT
        numbers = tuple(float(t) for t in texts if _DECIMAL_STRING.fullmatch(t))
        if len(numbers) == len(texts) and is_plausible_spacing_mm(numbers):
            return (numbers[0], numbers[1])
        self.hostile = True
        self.note(Flag.SPACING_REJECTED, f"{_NAMES[keyword]} is not a possible spacing and was ignored")
        return _State.HOSTILE

    def read_number(self, keyword: str) -> float | _State:
        text = self.header.text(keyword)
        if not text:
            return _State.ABSENT
        return float(text) if _DECIMAL_STRING.fullmatch(text) else _State.HOSTILE

    def note(self, flag: str, remark: str = "") -> None:
        if flag not in self.flags:
            self.flags.append(flag)
        if remark and remark not in self.remarks:
            self.remarks.append(remark)

    @property
    def calibration_type(self) -> str:
        return self.header.text("PixelSpacingCalibrationType").upper()

    @property
    def spacings_are_equal(self) -> bool:
        """Both present and the same: Pixel Spacing then repeats the detector plane (PS3.3 10.7.1.3)."""
        if isinstance(self.pixel, _State) or isinstance(self.imager, _State):
            return False
        return all(math.isclose(p, i, rel_tol=EQUAL_TOLERANCE) for p, i in zip(self.pixel, self.imager, strict=True))


_NAMES = {
    "PixelSpacing": "pixel spacing",
    "ImagerPixelSpacing": "imager spacing",
    "NominalScannedPixelSpacing": "scanner spacing",
}


# -- the rules, most trusted first ---------------------------------------------------------------------------------


def _calibrated(evidence: _Evidence) -> Spacing | None:
    words = {"FIDUCIAL": SpacingSource.FIDUCIAL, "GEOMETRY": SpacingSource.GEOMETRY}
    source = words.get(evidence.calibration_type)
    if source is None or isinstance(evidence.pixel, _State):
        return None
    if evidence.spacings_are_equal:
        claim = f"a {evidence.calibration_type.lower()} calibration is claimed but pixel and imager spacing are equal"
        evidence.note(Flag.CALIBRATION_CONFLICT, claim)
        return None
    evidence.reason = f"pixel spacing {_text(evidence.pixel)} {source.words}"
    return Spacing(*evidence.pixel, source)


def _already_corrected(evidence: _Evidence) -> Spacing | None:
    pixel, imager = evidence.pixel, evidence.imager
    if isinstance(pixel, _State) or isinstance(imager, _State) or evidence.spacings_are_equal:
        return None
    factors = [i / p for p, i in zip(pixel, imager, strict=True)]
    if not all(_is_factor(f) for f in factors):
        evidence.note(Flag.IMPLAUSIBLE_CORRECTION, "no exposure geometry gives this ratio of the two spacings")
    evidence.reason = f"pixel spacing {_text(pixel)}, already corrected (imager spacing {_text(imager)})"
    return Spacing(*pixel, SpacingSource.CORRECTED)


def _by_magnification_factor(evidence: _Evidence) -> Spacing | None:
    if isinstance(evidence.imager, _State):
        return None
    factor = evidence.read_number("EstimatedRadiographicMagnificationFactor")
    if factor is _State.ABSENT:
        return None
    if isinstance(factor, _State) or not _is_factor(factor):
        evidence.note(Flag.FACTOR_REJECTED, "the stated magnification factor is outside 1-2.5 and was ignored")
        return None
    evidence.reason = f"imager spacing {_text(evidence.imager)} ÷ magnification factor {factor:g}"
    return _divided(evidence.imager, factor, SpacingSource.MAGNIFICATION_CORRECTED)


def _by_distances(evidence: _Evidence) -> Spacing | None:
    if isinstance(evidence.imager, _State):
        return None
    detector_mm = evidence.read_number("DistanceSourceToDetector")
    patient_mm = evidence.read_number("DistanceSourceToPatient")
    if _State.ABSENT in (detector_mm, patient_mm):
        return None
    factor = _ratio(detector_mm, patient_mm)
    if factor is None:
        evidence.note(Flag.FACTOR_REJECTED, "the source distances give no factor within 1-2.5 and were ignored")
        return None
    evidence.reason = (
        f"imager spacing {_text(evidence.imager)} ÷ (source-detector {detector_mm:g} mm / "
        f"source-patient {patient_mm:g} mm = {factor:.4g})"
    )
    return _divided(evidence.imager, factor, SpacingSource.SID_SOD_CORRECTED)


def _at_detector(evidence: _Evidence) -> Spacing | None:
    if isinstance(evidence.imager, _State) or evidence.is_magnification_view:
        return None
    evidence.note(Flag.DETECTOR_PLANE)
    evidence.reason = f"imager spacing {_text(evidence.imager)} at the detector, magnification unknown"
    return Spacing(*evidence.imager, SpacingSource.DETECTOR)


def _plane_unknown(evidence: _Evidence) -> Spacing | None:
    if isinstance(evidence.pixel, _State) or not isinstance(evidence.imager, _State):
        return None
    evidence.note(Flag.SPACING_PLANE_UNKNOWN)
    evidence.reason = f"pixel spacing {_text(evidence.pixel)} alone, its plane is not stated"
    return Spacing(*evidence.pixel, SpacingSource.UNKNOWN)


def _scanned_film(evidence: _Evidence) -> Spacing | None:
    if not isinstance(evidence.imager, _State):
        return None
    scanned = evidence.read_pair("NominalScannedPixelSpacing")
    if isinstance(scanned, _State):
        return None
    evidence.note(Flag.SPACING_SCANNED)
    evidence.reason = f"film scanner spacing {_text(scanned)}"
    return Spacing(*scanned, SpacingSource.SCANNED)


_RULES: tuple[Callable[[_Evidence], Spacing | None], ...] = (
    _calibrated,
    _already_corrected,
    _by_magnification_factor,
    _by_distances,
    _at_detector,
    _plane_unknown,
    _scanned_film,
)


# -- pieces --------------------------------------------------------------------------------------------------------


def _from_user(values_mm: tuple[float, float]) -> ResolvedSpacing:
    if not is_plausible_spacing_mm(tuple(values_mm)):
        raise SpacingError(
            f"a calibration needs two spacings of {SMALLEST_SPACING_MM:g}-{LARGEST_SPACING_MM:g} mm, got {values_mm}",
            code=ErrorCode.SPACING_HOSTILE,
        )
    spacing = Spacing(float(values_mm[0]), float(values_mm[1]), SpacingSource.USER)
    return ResolvedSpacing(spacing, (), f"pixel spacing {_text(spacing.rc_mm)} calibrated by reader")


def _no_spacing(evidence: _Evidence) -> ResolvedSpacing:
    if not isinstance(evidence.imager, _State):
        code, reason = ErrorCode.MAGNIFICATION_UNKNOWN, "a magnification view without a usable magnification factor"
    elif evidence.hostile:
        code, reason = ErrorCode.SPACING_HOSTILE, "no usable pixel spacing"
    else:
        code, reason = ErrorCode.SPACING_UNKNOWN, "no pixel spacing of any kind"
    evidence.note(code)
    return ResolvedSpacing(None, tuple(evidence.flags), "; ".join([reason, *evidence.remarks]))


def _is_magnification_view(header: Header) -> bool:
    views = header.items("ViewCodeSequence")
    codes = (m.text("CodeValue") for view in views for m in view.items("ViewModifierCodeSequence"))
    return any(code in _MAGNIFICATION_CODES for code in codes)


def _is_factor(factor: float) -> bool:
    return 1.0 <= factor <= LARGEST_FACTOR


def _ratio(detector_mm: float | _State, patient_mm: float | _State) -> float | None:
    if isinstance(detector_mm, _State) or isinstance(patient_mm, _State) or detector_mm <= 0 or patient_mm <= 0:
        return None
    factor = detector_mm / patient_mm
    return factor if _is_factor(factor) else None


def _divided(imager_mm: _Pair, factor: float, source: SpacingSource) -> Spacing:
    return Spacing(imager_mm[0] / factor, imager_mm[1] / factor, source, magnification=factor)


def _text(spacing_mm: _Pair) -> str:
    row_mm, col_mm = spacing_mm
    return f"{row_mm:g} mm" if row_mm == col_mm else f"{row_mm:g} x {col_mm:g} mm"
