"""One patient through every stage."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from calcmeasure.detect.lesions.followup import VisitSnapshot
from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.model.annotation import Annotation
from calcmeasure.model.imaging import Patient, Skipped, Study
from calcmeasure.model.measurement import AUTO_READER, Measurement
from calcmeasure.pipeline.dynamic import FoundLesion, read_dynamic
from calcmeasure.pipeline.identity import KnownLesion, annotation_id, link_lesions
from calcmeasure.pipeline.mammography import MammogramResult, read_mammograms
from calcmeasure.pipeline.settings import RunSettings
from calcmeasure.pipeline.uptake import of_no_lesion
from calcmeasure.report.panels import DynamicPanel, MammogramPanel
from calcmeasure.terms import FINDING_FLAGS, Flag

Panel = MammogramPanel | DynamicPanel


@dataclass(frozen=True, slots=True)
class PatientAnalysis:
    """Everything found in one patient.

    Parameters
    ----------
    annotations, measurements
        Same order: by time point, mammograms before MR.
    panels
        One picture per annotation that has pixels to show.
    skipped
        What could not be measured, with reasons.
    timings_s
        Seconds by stage.
    peak_mib
        Highest memory use of this process so far.
    """

    patient_id: str
    key: str
    annotations: tuple[Annotation, ...]
    measurements: tuple[Measurement, ...]
    panels: tuple[Panel, ...]
    skipped: tuple[Skipped, ...]
    timings_s: dict[str, float]
    peak_mib: float


def analyse_patient(patient: Patient, settings: RunSettings) -> PatientAnalysis:
    """Detect, outline and measure everything of one patient; nothing is written.

    Parameters
    ----------
    patient
        From the index.
    settings
        Detectors and rules.

    Notes
    -----
    Expected errors of one image become a row without a value and an entry in `skipped`; the rest goes on.
    """
    run = _Analysis(patient.patient_id)
    visits = _visits(patient.studies)
    with run.timed("mammography"):
        seen = iter(read_mammograms([s for visit in visits for s in visit], settings, patient_id=patient.patient_id))
    for visit in visits:
        for _ in visit:
            run.add_mammograms(next(seen))
        with run.timed("dynamic_mr"):
            run.add_lesions(visit, settings)
    return PatientAnalysis(
        patient_id=patient.patient_id,
        key=patient.key,
        annotations=tuple(run.annotations),
        measurements=tuple(_measure(a, patient.patient_id) for a in run.annotations),
        panels=tuple(run.panels),
        skipped=tuple(run.skipped),
        timings_s={stage: round(seconds, 3) for stage, seconds in run.timings_s.items()},
        peak_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )


@dataclass(slots=True)
class _Analysis:
    """The growing result of one patient; lesions are linked to those of earlier visits as they come."""

    patient_id: str
    annotations: list[Annotation] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    known: list[KnownLesion] = field(default_factory=list)
    looked_before: bool = False
    snapshot: VisitSnapshot | None = None
    timings_s: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.timings_s[stage] = self.timings_s.get(stage, 0.0) + time.perf_counter() - start

    def add_mammograms(self, results: Sequence[MammogramResult]) -> None:
        for result in results:
            self.annotations += result.annotations
            self.panels += result.panels
            self.skipped += result.skipped

    def add_lesions(self, visit: Sequence[Study], settings: RunSettings) -> None:
        result = read_dynamic(visit, settings, known=[before.located for before in self.known], earlier=self.snapshot)
        self.snapshot = result.snapshot or self.snapshot
        self.skipped += result.skipped
        located = [lesion for lesion in result.lesions if lesion.located is not None]
        linked, new_ids = link_lesions([x.located for x in located if x.located], self.known)
        for lesion, link in zip(located, linked, strict=True):
            is_new = link.lesion_id in new_ids and self.looked_before
            flags = (*lesion.annotation.flags, Flag.NEW_LESION_CANDIDATE) if is_new else lesion.annotation.flags
            self._add(lesion, replace(lesion.annotation, lesion_id=link.lesion_id, flags=flags))
        seen = {link.lesion_id for link in linked}
        self._add_absent(result.lesions, [k for k in self.known if k.lesion_id not in seen])
        self.known = [*(k for k in self.known if k.lesion_id not in seen), *linked]
        self.looked_before |= any(lesion.annotation.measurable for lesion in result.lesions)

    def _add(self, lesion: FoundLesion, annotation: Annotation) -> None:
        self.annotations.append(annotation)
        if lesion.early.size > 1:
            measured = _measure(annotation, self.patient_id)
            self.panels.append(DynamicPanel(lesion.early, lesion.enhancement, annotation, measured, lesion.curve))

    def _add_absent(self, lesions: Sequence[FoundLesion], missing: Sequence[KnownLesion]) -> None:
        """Rows for what was looked for in vain.

        A lesion known from before that a measurable series no longer shows is 0 mm. A series without any lesion has one
        row of its own when there is no known lesion to speak of, and so has a series that could not be measured.
        """
        nothing_found = next((lesion for lesion in lesions if lesion.located is None), None)
        if nothing_found is not None and (not missing or not nothing_found.annotation.measurable):
            self._add(nothing_found, nothing_found.annotation)
        elif nothing_found is not None:
            for before in missing:
                self._add(nothing_found, _vanished(nothing_found.annotation, before))
        elif lesions:
            self.annotations += [_vanished(lesions[0].annotation, before) for before in missing]


def _visits(studies: Sequence[Study]) -> list[list[Study]]:
    """Studies of one time point together, in the order of their first study; an assumed place is flagged."""
    visits: dict[str, list[Study]] = {}
    for study in studies:
        flags = (*study.flags, str(Flag.VISIT_ORDER_UNKNOWN)) if study.timepoint_source == "assumed" else study.flags
        visits.setdefault(study.timepoint, []).append(replace(study, flags=flags))
    return list(visits.values())


def _vanished(template: Annotation, before: KnownLesion) -> Annotation:
    name = f"{template.image.series_uid}|{before.lesion_id}"
    return replace(
        template,
        annotation_id=annotation_id(name, template.quantity, rank=0),
        lesion_id=before.lesion_id,
        laterality=before.located.laterality,
        points=(),
        volume_mm3=0.0,
        morphology=None,
        diameter_3d_mm=None,
        confidence=None,
        lesion_type=None,
        enhancement=of_no_lesion(template.enhancement),
        independent_points=None if template.independent_points is None else (),
        extra={},
        flags=tuple(f for f in template.flags if f not in FINDING_FLAGS),
    )


def _measure(annotation: Annotation, patient_id: str) -> Measurement:
    return measure_annotation(annotation, patient_id=patient_id, reader=AUTO_READER)
