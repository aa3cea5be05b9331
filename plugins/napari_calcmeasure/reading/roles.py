"""What the lesion of a finding is followed as, where a reader said so (RECIST 1.1)."""

from __future__ import annotations

from calcmeasure.response.visits import BASELINE
from calcmeasure.terms import LesionRole
from napari_calcmeasure.reading.finding import Finding, PatientReading


def role_of(finding: Finding, reading: PatientReading) -> LesionRole | None:
    """Say what a lesion is followed as.

    Parameters
    ----------
    finding
        Any visit's.
    reading
        What the reader may see of the desk.

    Returns
    -------
    LesionRole or None
        As stated of this finding, else of the same lesion at baseline, where targets are chosen (Eisenhauer 2009);
        None leaves the choice to the criteria.
    """
    one = finding.annotation
    if one.role is not None or one.timepoint == BASELINE:
        return one.role
    before = (
        other.annotation.role
        for other in reading.findings
        if other.annotation.timepoint == BASELINE
        and (other.annotation.lesion_id, other.annotation.quantity) == (one.lesion_id, one.quantity)
    )
    return next((role for role in before if role is not None), None)


def has_status(finding: Finding, *, role: LesionRole | None) -> bool:
    """Whether a reader may state what became of it: of a non-target at a follow-up.

    Parameters
    ----------
    role
        As of `role_of`. A status stated before can always be taken back.
    """
    one = finding.annotation
    return one.status is not None or (role is LesionRole.NON_TARGET and one.timepoint != BASELINE)
