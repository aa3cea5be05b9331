"""Contrast uptake of one lesion in numbers, and of the normal tissue around it in a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from calcmeasure.measure.enhancement import (
    KineticCurve,
    initial_phase,
    kinetic_curve,
    percent_enhancement,
    signal_enhancement_ratio,
)
from calcmeasure.model.enhancement import LesionEnhancement, LesionUptake
from calcmeasure.terms.enhancement import BackgroundLevel

PEAK_PERCENTILE = 95.0
"""Of the enhancement of a lesion's voxels: its strongest part, without single noisy voxels."""
READERS_MASK = "reader"
"""Stands for the detector where a reader said what the lesion is."""
BACKGROUND_RULE = "own-10-25-50"
"""Names the cut-offs of `background_level`."""
BACKGROUND_FROM = (
    (50.0, BackgroundLevel.MARKED),
    (25.0, BackgroundLevel.MODERATE),
    (10.0, BackgroundLevel.MILD),
)
"""Least median percent enhancement of each level."""


def lesion_uptake(
    percent: NDArray[np.floating], *, curve: KineticCurve | None = None, early_index: int = 1
) -> LesionUptake:
    """Sum up how a lesion takes up contrast.

    Parameters
    ----------
    percent
        (n,) percent enhancement of its voxels at the early phase, n at least 1.
    curve
        Of its mean signal; None where the phases have no times.
    early_index
        Phase that was measured.

    Returns
    -------
    LesionUptake
        Ratio and washout are of the mean signal: those of single voxels are mostly noise.

    Examples
    --------
    >>> lesion_uptake(np.array([80.0, 120.0, 100.0])).early_percent
    100.0
    """
    early = float(np.median(percent))
    peak = float(np.percentile(percent, PEAK_PERCENTILE))
    if curve is None:
        return LesionUptake(early, peak)
    return LesionUptake(
        early_percent=early,
        peak_percent=peak,
        ser=_early_to_late(curve, early_index),
        washout_percent=_washout_percent(curve),
        time_to_peak_s=float(curve.times_s[int(np.argmax(curve.signal))]),
        initial=curve.initial,
        delayed=curve.delayed,
    )


def mask_uptake(
    phases: NDArray[np.floating],
    mask: NDArray[np.bool_],
    *,
    times_s: Sequence[float | None],
    first_post: int,
    early_index: int,
    floor: float = 0.0,
) -> LesionUptake:
    """Sum up how whatever a mask covers takes up contrast: found, clicked or painted, by the same rules.

    Parameters
    ----------
    phases
        (n, slices, rows, columns) signal of the mask's box, brought into place, in one common scaling.
    mask
        (slices, rows, columns) of the box, not empty.
    times_s
        Of each phase; with one unknown, only what needs no time is told.
    first_post, early_index
        First phase after contrast, and the one that is measured.
    floor
        Least divisor of percent enhancement, ``divisor_floor`` of a detector's parameters.
    """
    before = phases[max(first_post - 1, 0)][mask]
    percent = percent_enhancement(before, phases[early_index][mask], floor=floor)
    known = [time for time in times_s if time is not None]
    timed = len(known) == len(phases) and first_post >= 1
    curve = kinetic_curve(phases, known, where=mask, first_post=first_post) if timed else None
    return lesion_uptake(percent, curve=curve, early_index=early_index)


def readers_figures(uptake: LesionUptake, *, mask_sha256: str) -> LesionEnhancement:
    """Put the uptake of a mask that a reader edited or drew where that of a found lesion stands.

    Parameters
    ----------
    uptake
        By `mask_uptake`, of the phases that the reader saw.
    mask_sha256
        Hash of the mask, `calcmeasure.store.lesion_masks.mask_digest`. Rows show the figures as long as the mask that
        is saved with the annotation has the same one.
    """
    return rounded(LesionEnhancement(READERS_MASK, uptake, mask_sha256=mask_sha256))


def rounded(enhancement: LesionEnhancement) -> LesionEnhancement:
    """Give every number six significant digits: what follows is noise, and differs between machines."""

    def shorter(value: object) -> object:
        if isinstance(value, float | np.floating):
            return float(f"{float(value):.6g}")
        if isinstance(value, tuple):
            return tuple(shorter(one) for one in value)
        if isinstance(value, Mapping):
            return {name: shorter(one) for name, one in value.items()}
        if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{one.name: shorter(getattr(value, one.name)) for one in fields(value)})
        return value

    return cast("LesionEnhancement", shorter(enhancement))


def background_level(percent: float) -> BackgroundLevel:
    """Put the enhancement of normal tissue into one of the four words of BI-RADS.

    Parameters
    ----------
    percent
        Median percent enhancement of fibroglandular tissue at the early phase.

    Notes
    -----
    BI-RADS gives the words and no numbers, and readers agree on them only moderately. The cut-offs (10, 25, 50 %) are
    ours, named `BACKGROUND_RULE` in every record; the percentage beside the word is what to compare.

    Examples
    --------
    >>> background_level(17.5)
    <BackgroundLevel.MILD: 'mild'>
    """
    return next((level for least, level in BACKGROUND_FROM if percent >= least), BackgroundLevel.MINIMAL)


def enhancement_figures(enhancement: LesionEnhancement | None) -> dict[str, Any]:
    """Give what of it stands in a row, by the fields of `calcmeasure.model.measurement.Measurement`."""
    if enhancement is None:
        return {}
    beside_mm = [one.diameter_mm for one in enhancement.at_phases if one.diameter_mm is not None]
    moved = max(enhancement.motion, key=lambda one: one.mismatch_before, default=None)
    uptake, change = enhancement.uptake, enhancement.volume_change
    figures: dict[str, Any] = {
        "detector": enhancement.detector,
        "mask_sha256": enhancement.mask_sha256,
        "neighbours_low_mm": min(beside_mm, default=None),
        "neighbours_high_mm": max(beside_mm, default=None),
        "functional_volume_mm3": enhancement.functional and enhancement.functional.volume_mm3,
        "background_percent": enhancement.background and enhancement.background.percent,
        "background_level": enhancement.background_level,
        "motion_before": moved and moved.mismatch_before,
        "motion_after": moved and moved.mismatch_after,
        "volume_change_percent": None if change is None else 100.0 * change,
    }
    return figures if uptake is None else figures | _uptake_figures(uptake)


def _uptake_figures(uptake: LesionUptake) -> dict[str, Any]:
    names = ("early_percent", "peak_percent", "ser", "washout_percent", "time_to_peak_s")
    figures: dict[str, Any] = {name: getattr(uptake, name) for name in names}
    return figures | {"initial_rise": uptake.initial, "delayed_course": uptake.delayed}


def _early_to_late(curve: KineticCurve, early_index: int) -> float | None:
    if early_index >= len(curve.signal) - 1:
        return None
    ratio = float(signal_enhancement_ratio(curve.baseline, curve.signal[early_index], curve.signal[-1]))
    return ratio if np.isfinite(ratio) else None


def _washout_percent(curve: KineticCurve) -> float | None:
    peak = initial_phase(curve)
    initial = float(curve.signal[peak])
    if peak >= len(curve.signal) - 1 or initial <= 0:
        return None
    return 100.0 * (initial - float(curve.signal[-1])) / initial
