"""Words about contrast uptake: how a curve rises, what it does afterwards, and how much normal tissue enhances."""

from __future__ import annotations

from enum import StrEnum


class InitialRise(StrEnum):
    """How fast a curve rises at first (BI-RADS)."""

    SLOW = "slow"
    MEDIUM = "medium"
    FAST = "fast"


class DelayedCourse(StrEnum):
    """What a curve does afterwards (BI-RADS); DICOM codes DCM 130597-130599."""

    PERSISTENT = "persistent"
    PLATEAU = "plateau"
    WASHOUT = "washout"


class BackgroundLevel(StrEnum):
    """How much normal fibroglandular tissue enhances, in the four words of BI-RADS."""

    MINIMAL = "minimal"
    MILD = "mild"
    MODERATE = "moderate"
    MARKED = "marked"
