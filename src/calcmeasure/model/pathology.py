"""What surgery and the laboratory said: receptors, subtype, Miller-Payne grade, residual tumour, complete response."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Subtype(StrEnum):
    """Molecular subtype by immunohistochemistry before treatment."""

    HER2_ENRICHED = "HR-/HER2+"
    LUMINAL_HER2 = "HR+/HER2+"
    LUMINAL = "HR+/HER2-"
    TRIPLE_NEGATIVE = "TN"


class MillerPayne(IntEnum):
    """Miller-Payne grade: loss of tumour cells in the breast, nodes not counted (Ogston 2003)."""

    NO_REDUCTION = 1
    MINOR_LOSS = 2
    """Up to 30 % lost."""
    REDUCTION = 3
    """Between 30 % and 90 % lost."""
    MARKED_LOSS = 4
    """More than 90 % lost."""
    NO_INVASIVE_CELLS = 5
    """No invasive cells at the site; ductal carcinoma in situ may remain."""


class Residual(StrEnum):
    """Tumour left in the specimen."""

    NONE = "none"
    INVASIVE = "invasive"
    INVASIVE_AND_DCIS = "invasive+dcis"
    DCIS = "dcis"


class CompleteResponse(StrEnum):
    """Definition of a pathological complete response; nodes are not part of either."""

    YPT0_IS = "ypT0/is"
    """No invasive tumour in the breast, in situ allowed: the study's own, Miller-Payne 5."""
    YPT0 = "ypT0"
    """Neither invasive nor in situ."""


@dataclass(frozen=True, slots=True)
class Receptors:
    """Receptor status before treatment; None when not known."""

    er: bool | None = None
    pr: bool | None = None
    her2: bool | None = None

    @property
    def hormone_receptor(self) -> bool | None:
        """Positive when one of the two is; negative only when both are known to be."""
        if self.er or self.pr:
            return True
        return None if self.er is None or self.pr is None else False

    @property
    def subtype(self) -> Subtype | None:
        """Subtype; None while a receptor that decides it is not known."""
        positive = self.hormone_receptor
        if positive is None or self.her2 is None:
            return None
        if positive:
            return Subtype.LUMINAL_HER2 if self.her2 else Subtype.LUMINAL
        return Subtype.HER2_ENRICHED if self.her2 else Subtype.TRIPLE_NEGATIVE


@dataclass(frozen=True, slots=True)
class PathologyResult:
    """What the specimen showed.

    Parameters
    ----------
    size_mm
        Greatest size of the residual tumour; 0 when nothing is left; None when not stated.
    """

    size_mm: float | None = None
    miller_payne: MillerPayne | None = None
    residual: Residual | None = None

    def is_complete_response(self, definition: CompleteResponse = CompleteResponse.YPT0_IS) -> bool | None:
        """Whether this is a pathological complete response; None when the specimen was not described."""
        if self.residual is None:
            return None
        complete = {Residual.NONE, Residual.DCIS} if definition is CompleteResponse.YPT0_IS else {Residual.NONE}
        return self.residual in complete
