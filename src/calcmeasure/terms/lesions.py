"""Words about lesions: their kind, what they are followed as, and what became of them."""

from __future__ import annotations

from enum import StrEnum


class Response(StrEnum):
    """Time-point response of lesions (RECIST)."""

    CR = "CR"
    """Complete response."""
    PR = "PR"
    """Partial response."""
    SD = "SD"
    """Stable disease."""
    PD = "PD"
    """Progressive disease."""
    NE = "NE"
    """Not evaluable."""


class ImmuneResponse(StrEnum):
    """Time-point response of lesions under immunotherapy (iRECIST); what is not evaluable is `Response.NE`."""

    ICR = "iCR"
    """Complete response."""
    IPR = "iPR"
    """Partial response."""
    ISD = "iSD"
    """Stable disease."""
    NON_ICR_NON_IUPD = "non-iCR/non-iUPD"
    """Non-target lesions alone: still there, and no progression."""
    IUPD = "iUPD"
    """Unconfirmed progressive disease: the next assessment decides."""
    ICPD = "iCPD"
    """Confirmed progressive disease."""


class LesionRole(StrEnum):
    """What a lesion is followed as (RECIST 1.1)."""

    TARGET = "target"
    """Measured at every visit; its length is part of the sum."""
    NON_TARGET = "non-target"
    """Looked at, at every visit, and not part of the sum."""
    NEW = "new"
    """Not there at baseline."""


class LesionSite(StrEnum):
    """Organ a lesion lies in: at most so many targets are followed in one organ. Both breasts are one organ."""

    BREAST = "breast"
    LYMPH_NODE = "lymph-node"
    """All lymph nodes together are one organ; they are measured by their short axis."""
    CHEST_WALL = "chest-wall"
    SKIN = "skin"
    LUNG = "lung"
    PLEURA = "pleura"
    LIVER = "liver"
    BONE = "bone"
    BRAIN = "brain"
    ADRENAL = "adrenal"
    OTHER = "other"


class NonTargetStatus(StrEnum):
    """What became of a non-target lesion since baseline, or of all of them (RECIST 1.1, iRECIST)."""

    CR = "CR"
    """Gone; of a lymph node: of normal size."""
    NON_CR_NON_PD = "non-CR/non-PD"
    """Still there, without unequivocal progression."""
    PD = "PD"
    """Unequivocal progression."""
    FURTHER_PD = "further-PD"
    """Unequivocal progression before, and a further increase since the last visit (iRECIST confirms by it)."""
    NE = "NE"
    """Not evaluated."""


class LesionType(StrEnum):
    """BI-RADS kind of an enhancing lesion."""

    MASS = "mass"
    NON_MASS = "non-mass"
    """Non-mass enhancement."""
    FOCUS = "focus"
    """Enhancement too small to characterise."""


class LesionRelation(StrEnum):
    """How a finding of a follow-up continues what was seen before, as a reader stated it (RECIST 1.1, EORTC notes)."""

    SAME = "same"
    """The lesion of that identifier, seen again."""
    SPLIT = "split"
    """One part of a lesion that fell apart: all parts carry its identifier, and their lengths are added."""
    MERGED = "merged"
    """Several lesions that grew into one: it carries the first identifier and stands for all of them."""
    NEW = "new"
    """Not seen before."""
    GONE = "gone"
    """Looked for, and not there any more: 0 mm."""
