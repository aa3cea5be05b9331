"""Facts in a reader's words: spacing, phases, flags. No patient data."""

from __future__ import annotations

from collections.abc import Iterable

from calcmeasure.errors import ErrorCode
from calcmeasure.geometry import Spacing
from calcmeasure.model.imaging import DynamicSeries, Mammogram, Phase
from calcmeasure.terms import Flag

PIXELS_ONLY = "pixels only, no millimetres"
_ZERO_WORDS = {"injection": "after injection", "first_post_contrast_start": "after the first post-contrast start"}


def spacing_words(spacing: Spacing | None) -> str:
    """Name the spacing and its source.

    Examples
    --------
    >>> from calcmeasure.geometry import SpacingSource
    >>> spacing_words(Spacing(0.1, 0.09, SpacingSource.MAGNIFICATION_CORRECTED, magnification=1.06))
    '0.1 × 0.09 mm, magnification-corrected (÷ 1.06)'
    >>> spacing_words(None)
    'pixels only, no millimetres'
    """
    if spacing is None:
        return PIXELS_ONLY
    lengths = [spacing.row_mm, spacing.col_mm, *([] if spacing.slice_mm is None else [spacing.slice_mm])]
    factor = "" if spacing.magnification is None else f" (÷ {spacing.magnification:.3g})"
    return f"{' × '.join(f'{mm:.3g}' for mm in lengths)} mm, {spacing.source.words}{factor}"


def view_name(mammogram: Mammogram) -> str:
    """Side and view as they stand in tables and layer names, such as ``R-CC``; ``?`` for what the header hides."""
    return f"{mammogram.laterality or '?'}-{mammogram.view or '?'}"


def phase_words(phase: Phase, series: DynamicSeries, *, early: int | None = None) -> str:
    """Name a phase with its time, and say whether it is the early one.

    Parameters
    ----------
    early
        Index of the early phase.
    """
    time = "time unknown"
    if phase.time_s is not None:
        zero = _ZERO_WORDS.get(series.time_zero, f"after {series.time_zero.replace('_', ' ')}")
        time = f"{phase.time_s:.0f} s {zero}"
    mark = ", early phase" if phase.index == early else ""
    return f"phase {phase.index} of 0–{len(series.phases) - 1}{mark} · {time}"


def flag_sentences(flags: Iterable[str]) -> tuple[str, ...]:
    """Spell out codes: what the core's documentation says about each, after the code itself.

    Examples
    --------
    >>> flag_sentences(["detector_plane"])
    ('Note: detector plane',)
    >>> flag_sentences(["E_SPACING_UNKNOWN"])
    ('Refused: E_SPACING_UNKNOWN (spacing unknown)',)
    """
    known = {str(flag) for flag in Flag}
    return tuple(_flag_sentence(str(flag), is_advice=flag in known) for flag in flags)


def _flag_sentence(flag: str, *, is_advice: bool) -> str:
    if is_advice or flag not in set(ErrorCode):
        return f"Note: {flag.replace('_', ' ')}"
    return f"Refused: {flag} ({flag.removeprefix('E_').replace('_', ' ').lower()})"
