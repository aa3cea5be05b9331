"""What a lesion is followed as, where it lies and what became of it, in the words of the measuring panel."""

from __future__ import annotations

from calcmeasure.model.annotation import Annotation
from calcmeasure.model.measurement import Measurement
from calcmeasure.response.sizes import is_node
from calcmeasure.response.visits import BASELINE
from calcmeasure.terms import LesionRole, LesionSite, NonTargetStatus

ROLES: tuple[tuple[LesionRole | None, str], ...] = (
    (None, "automatic"),
    (LesionRole.TARGET, "target"),
    (LesionRole.NON_TARGET, "non-target"),
    (LesionRole.NEW, "new lesion"),
)
SITES: tuple[tuple[LesionSite | None, str], ...] = (
    (None, "not said: breast"),
    *((one, str(one).replace("-", " ")) for one in LesionSite),
)
STATUSES: tuple[tuple[NonTargetStatus | None, str], ...] = (
    (None, "as measured"),
    (NonTargetStatus.CR, "gone"),
    (NonTargetStatus.NON_CR_NON_PD, "still there, no progression"),
    (NonTargetStatus.PD, "unequivocal progression"),
    (NonTargetStatus.FURTHER_PD, "progression, and more since"),
    (NonTargetStatus.NE, "not evaluated"),
)
AS_BEFORE = "as at baseline"
OUTLINE_IT = "a lymph node counts by its short axis: outline or segment it"


def role_choices(annotation: Annotation | None) -> tuple[tuple[LesionRole | None, str], ...]:
    """List what a lesion can be followed as: targets are chosen at baseline, new lesions are seen after it."""
    is_baseline = annotation is None or annotation.timepoint == BASELINE
    senseless = LesionRole.NEW if is_baseline else LesionRole.TARGET
    stated = annotation.role if annotation is not None else None
    choices = ROLES if is_baseline else ((None, AS_BEFORE), *ROLES[1:])
    return tuple((role, said) for role, said in choices if role is not senseless or role is stated)


def axis_words(measured: Measurement) -> str:
    """Say the short axis, and that it is what counts of a lymph node (RECIST 1.1)."""
    counts = is_node(measured)
    if measured.short_axis_mm is not None:
        return f"short axis {measured.short_axis_mm:.1f} mm{', which counts for a lymph node' if counts else ''}"
    return OUTLINE_IT if counts and measured.value_mm else ""


def said_words(annotation: Annotation, measured: Measurement | None, *, role: LesionRole | None) -> tuple[str, ...]:
    """Name role, site and status as far as they were stated; of a lymph node with the axis that counts.

    Parameters
    ----------
    role
        What the lesion is followed as, perhaps since baseline.
    """
    axis_mm = measured.short_axis_mm if measured is not None and is_node(measured) else None
    site = site_words(annotation.site) if annotation.site not in (None, LesionSite.BREAST) else ""
    where = f"{site}, short axis {axis_mm:.1f} mm" if axis_mm is not None else site
    status = dict(STATUSES)[annotation.status] if annotation.status is not None else ""
    return tuple(words for words in (dict(ROLES)[role] if role else "", where, status) if words)


def site_words(site: LesionSite | None) -> str:
    """Name an organ; none stated is the breast."""
    return dict(SITES)[site or LesionSite.BREAST]
