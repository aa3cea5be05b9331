"""What a time point is judged by: the lesions then, and what came before."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from calcmeasure.terms import ImmuneResponse, NonTargetStatus, Response


class LesionBurden(NamedTuple):
    """What stands for all lesions at one time point; sizes are whole parts of the unit of the profile's value.

    Parameters
    ----------
    value
        Sum of targets, largest diameter or volume, of the lesions that were measured.
    missing
        Ids of lesions that had to be measured and were not.
    confirmed_new
        Ids of new lesions a reader drew or confirmed, or a table states.
    candidates
        Ids of new lesions that only a detector found, and of lymph nodes that were of normal size at baseline.
    sizes
        Of each followed lesion that was measured.
    normal
        The part of the value that is lymph nodes of normal size.
    non_targets
        What became of the lesions that are not counted.
    nodes
        Which of these are lymph nodes.
    """

    value: int
    missing: tuple[str, ...] = ()
    confirmed_new: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    sizes: Mapping[str, int] = MappingProxyType({})
    normal: int = 0
    non_targets: Mapping[str, NonTargetStatus] = MappingProxyType({})
    nodes: frozenset[str] = frozenset()

    @property
    def is_gone(self) -> bool:
        """Whether no followed lesion is left; a lymph node of normal size is none."""
        return not self.missing and self.value == self.normal


class Course(NamedTuple):
    """What came before the time point being judged.

    Parameters
    ----------
    baseline
        Value at baseline, above 0.
    nadir, nadir_timepoint
        Smallest complete value so far, baseline included, and where it was.
    smallest
        Smallest size of each followed lesion so far, and where it was.
    is_responding
        Whether the targets were in partial response, and have not progressed since.
    complete_at
        Where there was a complete response of all lesions; empty while there was none.
    """

    baseline: int
    nadir: int
    nadir_timepoint: str
    smallest: Mapping[str, tuple[int, str]] = MappingProxyType({})
    is_responding: bool = False
    complete_at: str = ""

    def after(self, burden: LesionBurden, verdict: Verdict, *, timepoint: str) -> Course:
        """Go on to the next time point; an incomplete value never becomes the nadir."""
        smaller = {k: (size, timepoint) for k, size in burden.sizes.items() if size < self.smallest[k][0]}
        is_nadir = not burden.missing and burden.value < self.nadir
        responds = verdict.target is Response.PR or self.is_responding
        return Course(
            baseline=self.baseline,
            nadir=burden.value if is_nadir else self.nadir,
            nadir_timepoint=timepoint if is_nadir else self.nadir_timepoint,
            smallest={**self.smallest, **smaller} if smaller else self.smallest,
            is_responding=responds and verdict.category is not Response.PD,
            complete_at=self.complete_at or (timepoint if verdict.category is Response.CR else ""),
        )


class Verdict(NamedTuple):
    """A category and the rule that fired.

    Parameters
    ----------
    category
        Response of all lesions together.
    against_nadir
        Whether the change is taken against the nadir rather than baseline.
    target, non_target
        Of the target lesions alone, and of the non-target lesions alone; None where there are none.
    """

    category: Response | NonTargetStatus | ImmuneResponse
    rule: str
    against_nadir: bool = False
    target: Response | None = None
    non_target: NonTargetStatus | None = None
