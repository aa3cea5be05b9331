"""Rules of response criteria: frozen values that a profile is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from calcmeasure.response.exact import MM, MM2, MM3, CutOff, Limits, Scale
from calcmeasure.terms import ExtentChange


class LesionValue(StrEnum):
    """Which number stands for all lesions of a patient."""

    LARGEST = "largest"
    """Diameter of the largest lesion of the breasts."""
    SUM_OF_TARGETS = "sum-of-targets"
    """Sum of the longest diameters of the target lesions, of lymph nodes the short axes (RECIST 1.1)."""
    SUM_OF_PRODUCTS = "sum-of-products"
    """Sum of the products of longest diameter and short axis of the target lesions (WHO)."""
    TOTAL_VOLUME = "total-volume"
    """Volume of all lesions of the breasts, new ones included."""

    @property
    def scale(self) -> Scale:
        """Unit of the value."""
        if self is LesionValue.SUM_OF_PRODUCTS:
            return MM2
        return MM3 if self is LesionValue.TOTAL_VOLUME else MM

    @property
    def is_sum(self) -> bool:
        """Whether lesions, and the parts of one, are added."""
        return self is not LesionValue.LARGEST

    @property
    def has_targets(self) -> bool:
        """Whether some lesions are chosen as targets; else every lesion of the breasts counts, new ones included."""
        return self in (LesionValue.SUM_OF_TARGETS, LesionValue.SUM_OF_PRODUCTS)


class ProgressionReference(StrEnum):
    """What growth is counted from."""

    BASELINE = "baseline"
    NADIR = "nadir"
    """The smallest value on study, baseline included."""
    LESION_NADIR = "lesion-nadir"
    """The smallest value on study of each lesion: growth of one is enough (WHO)."""


@dataclass(frozen=True)
class ExtentRule:
    """When an extent counts as changed.

    Parameters
    ----------
    increase_percent, decrease_percent
        Cut-offs against baseline, exact decimals.
    inclusive
        Whether a change of exactly the cut-off counts.
    """

    increase_percent: Decimal
    decrease_percent: Decimal
    inclusive: bool

    @cached_property
    def increase(self) -> CutOff:
        """Cut-off of an increase."""
        return CutOff.at(self.increase_percent, inclusive=self.inclusive)

    @cached_property
    def decrease(self) -> CutOff:
        """Cut-off of a decrease, without its sign."""
        return CutOff.at(self.decrease_percent, inclusive=self.inclusive)

    @cached_property
    def limits(self) -> Limits:
        """Both, as words must not confuse them with what is near."""
        return Limits(self.increase_percent, self.decrease_percent)

    @cached_property
    def words(self) -> Mapping[ExtentChange, str]:
        """Say which cut-offs decided about each class."""
        sign = "≥" if self.inclusive else ">"
        up, down = f"{sign} {self.increase_percent} % increase", f"{sign} {self.decrease_percent} % decrease"
        return {
            ExtentChange.INCREASE: up,
            ExtentChange.DECREASE: down,
            ExtentChange.UNCHANGED: f"neither {up} nor {down}",
        }


@dataclass(frozen=True, slots=True)
class NodeRule:
    """How lymph nodes are judged: by their short axis.

    Parameters
    ----------
    target_min_mm
        Smallest short axis of a target at baseline.
    pathological_min_mm
        Below this a node is of normal size: no lesion at baseline, gone at a follow-up.
    """

    target_min_mm: Decimal
    pathological_min_mm: Decimal


@dataclass(frozen=True, slots=True)
class ThickSliceRule:
    """What a target must measure on thick slices.

    Parameters
    ----------
    over_mm
        Slices farther apart than this are thick.
    factor
        A target has at least this many times the distance.
    """

    over_mm: Decimal
    factor: Decimal


@dataclass(frozen=True, slots=True)
class CourseRule:
    """What a response reached before means for the time points after it.

    Parameters
    ----------
    partial_response_continues
        Whether a partial response stays one until there is progression.
    reappearance_is_progression
        Whether any lesion that is back after a complete response is PD.
    """

    partial_response_continues: bool
    reappearance_is_progression: bool


@dataclass(frozen=True, slots=True)
class BestResponseRule:
    """What the best overall response asks for.

    Parameters
    ----------
    confirmation_days
        A response counts once it is seen again at least so many days later; 0: at once.
    stable_min_days
        Stable disease counts from so many days after baseline on.
    """

    confirmation_days: int = 0
    stable_min_days: int = 0


@dataclass(frozen=True, slots=True)
class ImmuneRule:
    """When progression under immunotherapy is confirmed (iRECIST).

    Parameters
    ----------
    confirmation_min_days, confirmation_max_days
        Window for the assessment that confirms, counted from the unconfirmed progression.
    growth_min_mm
        Further growth, of the sum of targets or of the sum of new lesions, that confirms.
    """

    confirmation_min_days: int
    confirmation_max_days: int
    growth_min_mm: Decimal


@dataclass(frozen=True)
class LesionRule:
    """When lesions respond or progress.

    Parameters
    ----------
    value
        What stands for all lesions.
    reference
        What progression is counted from; a response is always counted from baseline.
    response_percent, response_inclusive
        Decrease for PR, and whether exactly this much is enough.
    progression_percent, progression_inclusive
        Increase for PD, and whether exactly this much is enough.
    progression_min_mm
        Absolute growth PD needs as well (at least).
    target_min_mm
        Smallest diameter of a target at baseline.
    new_lesion_is_progression
        Whether a new lesion, confirmed by a reader, is PD by itself.
    max_targets, max_targets_per_organ
        The largest lesions are taken first; both breasts are one organ, and so are all lymph nodes.
    too_small_mm
        What a lesion that is present but too small to measure counts as.
    nodes, thick_slices, course, best_response, immune
        None where the criteria know no such rule.
    """

    value: LesionValue
    reference: ProgressionReference
    response_percent: Decimal
    response_inclusive: bool
    progression_percent: Decimal
    progression_inclusive: bool
    progression_min_mm: Decimal
    target_min_mm: Decimal
    new_lesion_is_progression: bool
    max_targets: int = 5
    max_targets_per_organ: int = 2
    too_small_mm: Decimal = Decimal(5)
    nodes: NodeRule | None = None
    thick_slices: ThickSliceRule | None = None
    course: CourseRule | None = None
    best_response: BestResponseRule | None = None
    immune: ImmuneRule | None = None

    @cached_property
    def scale(self) -> Scale:
        """Unit of the value."""
        return self.value.scale

    @cached_property
    def response(self) -> CutOff:
        """Cut-off of a decrease, in per cent and without its sign."""
        return CutOff.at(self.response_percent, inclusive=self.response_inclusive)

    @cached_property
    def progression(self) -> CutOff:
        """Cut-off of an increase in per cent."""
        return CutOff.at(self.progression_percent, inclusive=self.progression_inclusive)

    @cached_property
    def least_growth(self) -> CutOff:
        """Cut-off of an increase in µm."""
        return CutOff.at(self.progression_min_mm * 1000, inclusive=True)

    @cached_property
    def limits(self) -> Limits:
        """Both in per cent, as words must not confuse them with what is near."""
        return Limits(self.response_percent, self.progression_percent)

    @cached_property
    def response_words(self) -> str:
        """Say what a partial response takes."""
        return f"{'≥' if self.response_inclusive else '>'} {self.response_percent} % decrease"

    @cached_property
    def progression_words(self) -> str:
        """Say what progression takes."""
        sign = "≥" if self.progression_inclusive else ">"
        absolute = f" and ≥ {self.progression_min_mm} mm" if self.progression_min_mm else ""
        return f"{sign} {self.progression_percent} %{absolute} increase"


@dataclass(frozen=True)
class CriteriaProfile:
    """A named set of response criteria.

    Parameters
    ----------
    name
        Written into every response row.
    description, source
        What it does and where the rule comes from.
    extent, lesion
        None when the profile does not judge that quantity.
    """

    name: str
    description: str
    source: str
    extent: ExtentRule | None = None
    lesion: LesionRule | None = None

    @cached_property
    def sha256(self) -> str:
        """Hash of the rules and the name, whatever the layout of the file they came from."""
        content = {"name": self.name, "extent": _plain(self.extent), "lesion": _plain(self.lesion)}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _plain(rule: object) -> object:
    """Fields as canonical text: 10 and 10.0 are the same rule, and a rule that is not there leaves no trace."""
    if isinstance(rule, Decimal):
        return f"{rule.normalize():f}"
    if rule is None or not hasattr(rule, "__dataclass_fields__"):
        return None if rule is None else str(rule)
    values = {field.name: _plain(getattr(rule, field.name)) for field in fields(rule)}  # type: ignore[arg-type]
    return {name: value for name, value in values.items() if value is not None}
