"""Numbers of a finding while it is drawn: from the core, at full precision, from the points as they are."""

from __future__ import annotations

from calcmeasure.model.measurement import Measurement
from napari_calcmeasure.reading.finding import Finding, PatientReading


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
