"""One finding in the words of the measuring panel: the number, where it comes from, how far it got."""

from __future__ import annotations

from calcmeasure.errors import AnnotationError, ErrorCode
from calcmeasure.model.measurement import Measurement
from calcmeasure.terms import Distribution, Flag, LesionRole, LesionType, Method, Modality, Morphology
from napari_calcmeasure.reading.finding import Finding, FindingState, PatientReading
from napari_calcmeasure.reading.live_numbers import measure_finding
from napari_calcmeasure.widgets.dialogs import NOT_MEASURABLE
from napari_calcmeasure.widgets.role_words import axis_words, said_words, site_words
from napari_calcmeasure.wording import flag_sentences, spacing_words

STATE_WORDS = {
    FindingState.DRAFT: "○ draft",
    FindingState.SIGNED: "✓ signed",
    FindingState.CHANGED: "△ signed, changed since",
}
"""A symbol and a word: never colour alone."""
MORPHOLOGIES: tuple[tuple[Morphology | None, str], ...] = (
    (None, "not described"),
    (Morphology.AMORPHOUS, "amorphous"),
    (Morphology.COARSE_HETEROGENEOUS, "coarse heterogeneous"),
    (Morphology.FINE_PLEOMORPHIC, "fine pleomorphic"),
    (Morphology.FINE_LINEAR, "fine linear or branching"),
    (Morphology.ROUND, "round"),
    (Morphology.VASCULAR, "vascular"),
    (Morphology.COARSE, "coarse"),
)
DISTRIBUTIONS: tuple[tuple[Distribution | None, str], ...] = (
    (None, "not described"),
    *((one, str(one)) for one in Distribution),
)
LESION_TYPES: tuple[tuple[LesionType | None, str], ...] = (
    (None, "not described"),
    (LesionType.MASS, "mass"),
    (LesionType.NON_MASS, "non-mass enhancement"),
    (LesionType.FOCUS, "focus"),
)
_METHOD_WORDS = {Method.AUTO: "found automatically", Method.MANUAL: "drawn", Method.EDITED: "found, then corrected"}
_WHY = {str(flag): words.lower() for flag, words in NOT_MEASURABLE}
_TOO_SMALL = str(Flag.TOO_SMALL_TO_MEASURE)


def try_measure(finding: Finding, reading: PatientReading) -> Measurement | None:
    """Measure a finding; None for a drawing that does not measure to anything yet."""
    try:
        return measure_finding(finding, reading)
    except AnnotationError:
        return None


def length_words(measured: Measurement | None) -> str:
    """Say the length to a tenth of a millimetre; the value itself is kept at full precision.

    Examples
    --------
    >>> length_words(None)
    '… mm'
    """
    if measured is None:
        return "… mm"
    if measured.value_mm is not None:
        return f"{measured.value_mm:.1f} mm"
    return "too small" if _TOO_SMALL in measured.flags else "not measurable"


def size_words(measured: Measurement | None) -> str:
    """Say what goes with the length: short axis, volume, number of marks."""
    if measured is None:
        return ""
    parts = [axis_words(measured)] if axis_words(measured) else []
    if measured.volume_mm3 is not None:
        parts.append(f"volume {measured.volume_mm3 / 1000:.2f} cm³")
    if measured.n_marks:
        parts.append(f"{measured.n_marks} marks" if measured.n_marks > 1 else "1 mark")
    if measured.value_mm == 0:
        parts.append("nothing found" if measured.method is Method.AUTO else "nothing left")
    return " · ".join(parts)


def source_words(finding: Finding) -> str:
    """Say where the millimetres come from and how the finding came about."""
    one = finding.annotation
    how = "stated" if not one.points and one.method is not Method.AUTO else _METHOD_WORDS[one.method]
    return f"{spacing_words(one.image.spacing)} · {how}"


def place_words(finding: Finding) -> str:
    """Say which image was measured: side and view, or side, slice and phase."""
    one = finding.annotation
    if one.modality is Modality.MG:
        return f"{one.timepoint} · {one.laterality or '?'}-{one.view or '?'}"
    slices = {point[0] for point in one.points if len(point) == 3}
    parts = [one.timepoint, f"{one.laterality} {site_words(one.site)}" if one.laterality else "side not said"]
    if len(slices) == 1:
        parts.append(f"slice {slices.pop():.0f}")
    if one.phase is not None:
        time = "" if one.phase.time_s is None else f", {one.phase.time_s:.0f} s"
        chosen = " (your choice)" if one.phase.rule == "reader" else ""
        parts.append(f"phase {one.phase.index}{time}{chosen}")
    return " · ".join(parts)


def warning_words(measured: Measurement | None) -> str:
    """Spell out reasons and advice, the reader's own reasons first; one sentence a line."""
    if measured is None:
        return ""
    reasons = [f"Not measurable: {_WHY[flag]}." for flag in measured.flags if flag in _WHY]
    said = {*_WHY, ErrorCode.NOT_MEASURABLE} if reasons else set()
    others = flag_sentences(flag for flag in measured.flags if flag not in said)
    return "\n".join([*reasons, *others])


def row_words(finding: Finding, measured: Measurement | None, *, role: LesionRole | None = None) -> str:
    """One line of the list: state, lesion, image, length, and what was said of the lesion.

    Parameters
    ----------
    role
        What the lesion is followed as.
    """
    one = finding.annotation
    image = f"{one.laterality or '?'}-{one.view}" if one.view else f"MR {one.laterality or '?'}"
    symbol = STATE_WORDS[finding.state].partition(" ")[0]
    parts = (one.lesion_id or "lesion", image, one.timepoint, length_words(measured))
    return f"{symbol}  {' · '.join((*parts, *said_words(one, measured, role=role)))}"


def is_seeded(finding: Finding) -> bool:
    """Whether its outline follows from a seed and a threshold."""
    return finding.mask is not None and finding.mask.seed_zrc is not None
