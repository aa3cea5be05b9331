"""Cut-offs of the criteria as lines across a figure of per cent changes."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes

from calcmeasure.cohort.row import Cohort
from calcmeasure.report.study.figures.style import DIM, SMALL
from calcmeasure.response.criteria import load_profile, profile_names
from calcmeasure.response.rules import CriteriaProfile, LesionValue, ProgressionReference
from calcmeasure.terms import Quantity


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """Where a change becomes one.

    Parameters
    ----------
    decrease_percent, increase_percent
        Signed; None where the criteria do not judge the size.
    """

    decrease_percent: float | None = None
    increase_percent: float | None = None

    @property
    def lines(self) -> tuple[float, ...]:
        """Those there are."""
        return tuple(line for line in (self.decrease_percent, self.increase_percent) if line is not None)


def criteria_of(cohort: Cohort) -> CriteriaProfile | None:
    """Find the profile a cohort was judged by among ours; None when it is someone's own, or has changed since."""
    if cohort.criteria not in profile_names():
        return None
    profile = load_profile(cohort.criteria)
    return profile if profile.sha256 == cohort.criteria_sha256 else None


def cutoffs_of(profile: CriteriaProfile | None, quantity: Quantity, *, more_visits: bool = False) -> Cutoffs:
    """Cut-offs of one size against its value before treatment.

    Parameters
    ----------
    profile
        None gives none; nor does one that judges products or volumes, whose per cents are not those of a diameter.
    quantity
        Which size.
    more_visits
        Whether there are more than two visits: growth that is counted from the smallest value then has no one line.
    """
    if profile is not None and quantity is Quantity.CALCIFICATION_EXTENT and profile.extent is not None:
        return Cutoffs(-float(profile.extent.decrease_percent), float(profile.extent.increase_percent))
    rule = profile.lesion if profile is not None and quantity is Quantity.LESION_DIAMETER else None
    if rule is None or rule.value not in (LesionValue.LARGEST, LesionValue.SUM_OF_TARGETS):
        return Cutoffs()
    moving = more_visits and rule.reference is not ProgressionReference.BASELINE
    return Cutoffs(-float(rule.response_percent), None if moving else float(rule.progression_percent))


def draw_cutoffs(axis: Axes, cutoffs: Cutoffs) -> None:
    """Draw dashed lines with their values at the right edge."""
    for line in cutoffs.lines:
        axis.axhline(line, color=DIM, linewidth=0.7, linestyle=(0, (4, 2)), zorder=0)
        words = f"{line:+.0f}%".replace("-", "−")
        axis.text(1.008, line, words, transform=axis.get_yaxis_transform(), color=DIM, size=SMALL, va="center")


def cutoff_words(cutoffs: Cutoffs, criteria: str) -> str:
    """Say in a caption what the lines are."""
    if not cutoffs.lines:
        return f"Categories by the criteria {criteria}, whose cut-offs are not drawn. "
    return f"Categories by the criteria {criteria}; dashed: their cut-offs. "
