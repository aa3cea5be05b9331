"""Numbers of a finding while it is drawn: from the core, at full precision, from the points as they are."""

from __future__ import annotations

from calcmeasure.model.measurement import Measurement
from calcmeasure.terms import GeometryKind
from napari_calcmeasure.reading.finding import Finding, PatientReading, Point


def measure_finding(finding: Finding, reading: PatientReading) -> Measurement:
    """Measure a finding as it would be signed now.

    Parameters
    ----------
    finding
        On the desk.
    reading
        Names the patient and the reader.

    Raises
    ------
    AnnotationError
        If the points do not fit the geometry.
    """
    from calcmeasure.measure.annotations import measure_annotation  # compiled kernels: only when there is work

    return measure_annotation(finding.annotation, patient_id=reading.patient_id, reader=reading.reader)


def defining_points(finding: Finding) -> tuple[Point, ...]:
    """Give the two points that the length lies between; a caliper without millimetres still has its ends.

    Returns
    -------
    tuple of Point
        Two, or none where there is no length.
    """
    from calcmeasure.measure.annotations import measure_annotation

    annotation = finding.annotation
    ends = measure_annotation(annotation, patient_id="", reader="").ends
    if not ends and annotation.geometry is GeometryKind.CALIPER:
        return annotation.points
    return ends


def hull(finding: Finding) -> tuple[Point, ...]:
    """Give the convex hull of marks, for the picture; empty for other geometries."""
    from calcmeasure.measure.hull_kernels import convex_hull

    if finding.annotation.geometry is not GeometryKind.MARKS:
        return ()
    return tuple((float(row), float(column)) for row, column in convex_hull(finding.annotation.points))
