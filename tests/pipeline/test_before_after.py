"""Which images of a run are shown before and after treatment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calcmeasure.dicom.index import index_folder
from calcmeasure.dicom.pixels import load_mammogram
from calcmeasure.dicom.volumes import load_phases
from calcmeasure.errors import AnnotationError, ErrorCode
from calcmeasure.model.annotation import ImageReference, PhaseReference
from calcmeasure.pipeline.before_after import find_before_after
from calcmeasure.store.annotation_files import write_annotations
from factories import marks, outline
from tiny_patients import FOLLOWUP, TinyPatient, write_mammograms, write_patient

FULL, ALSO_FULL, NO_MR = "P1", "P2", "P3"
SLICE = 5


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Two patients with both modalities at both visits, and one with mammograms alone."""
    root = tmp_path_factory.mktemp("dicom")
    for seed, name in enumerate((FULL, ALSO_FULL), start=1):
        write_patient(root, TinyPatient(name, seed=seed), dynamic_mr=True)
    write_mammograms(root / NO_MR, TinyPatient(NO_MR, seed=3), FOLLOWUP)
    return root


@pytest.fixture(scope="module")
def patients(source):
    return {patient.patient_id: patient for patient in index_folder([source]).patients}


def visits(patient):
    """(name, mammograms, series) of either visit."""
    names = sorted({study.timepoint for study in patient.studies})
    for name in names:
        own = [study for study in patient.studies if study.timepoint == name]
        mammograms = [m for study in own for m in study.mammograms]
        yield name, mammograms, next((d for study in own for d in study.dynamic_series), None)


def drawn_on(patient, *, reader="mk"):
    """A caliper's worth of findings at every visit: MLO longer than CC, the lesion gone at the follow-up."""
    for number, (name, mammograms, series) in enumerate(visits(patient)):
        for m in mammograms:
            rows = (100.0, 160.0 - 20 * number) if m.view == "CC" else (100.0, 200.0 - 20 * number)
            points = tuple((r, 100.0) for r in rows)
            yield marks(
                annotation_id=f"{reader}-{name}-{m.view}", timepoint=name, view=m.view, points=points, image=m.reference
            )
        if series is not None:
            grid = series.grid
            image = ImageReference("", series.series_uids[0], SLICE, *grid.shape[1:], grid.spacing, series.study_uid)
            points = () if number else ((SLICE, 20.0, 20.0), (SLICE, 30.0, 20.0), (SLICE, 30.0, 26.0))
            phase = PhaseReference(1, None, "first")
            yield outline(annotation_id=f"{reader}-{name}-L", timepoint=name, points=points, image=image, phase=phase)


@pytest.fixture
def run(tmp_path, patients):
    """Saved annotations of one reader for everybody."""
    (tmp_path / "annotations").mkdir()
    for patient in patients.values():
        save(tmp_path, patient, drawn_on(patient))
    return tmp_path


def save(run, patient, annotations, *, reader="mk"):
    path = run / "annotations" / f"{patient.patient_id}.{reader}.annotations.json"
    write_annotations(path, patient_id=patient.patient_id, reader=reader, annotations=tuple(annotations))


def test_the_longer_view_and_the_same_one_afterwards(run, source, patients):
    (case,) = find_before_after(run, [source], patients=[FULL])
    before, after = case.mammograms
    assert (before.measurement.view, after.measurement.view) == ("MLO", "MLO")
    assert (before.measurement.timepoint, after.measurement.timepoint) == ("baseline", "followup-1")
    assert before.measurement.value_mm > after.measurement.value_mm > 0
    mammogram = next(
        m for name, all_, _ in visits(patients[FULL]) for m in all_ if m.view == "MLO" and name == "baseline"
    )
    assert np.array_equal(before.image, load_mammogram(mammogram).display)


def test_the_slice_of_the_phase_that_was_measured(run, source, patients):
    (case,) = find_before_after(run, [source], patients=[FULL])
    lesion, gone = case.slices
    series = next(series for name, _, series in visits(patients[FULL]) if name == "baseline")
    assert np.array_equal(lesion.image, load_phases(series, indices=[1])[0, SLICE])
    assert (gone.measurement.value_mm, gone.measurement.lesion_id) == (0.0, lesion.measurement.lesion_id)


def test_without_a_name_the_first_complete_ones_are_taken(run, source):
    assert [case.name for case in find_before_after(run, [source])] == [FULL, ALSO_FULL]
    assert [case.name for case in find_before_after(run, [source], most=1)] == [FULL]


@pytest.mark.parametrize("name", [NO_MR, "nobody"])
def test_a_named_patient_without_everything_is_refused_and_not_named(run, source, name):
    with pytest.raises(AnnotationError) as refused:
        find_before_after(run, [source], patients=[name])
    assert refused.value.code is ErrorCode.NO_FOLLOWUP
    assert name not in str(refused.value)


def test_a_readers_findings_go_before_the_detectors(run, source, patients):
    save(run, patients[FULL], drawn_on(patients[FULL], reader="auto"), reader="auto")
    (case,) = find_before_after(run, [source], patients=[FULL])
    assert case.slices[0].measurement.reader == "mk"


def test_of_two_readers_none_is_preferred(run, source, patients):
    for reader in ("auto", "zz"):
        save(run, patients[FULL], drawn_on(patients[FULL], reader=reader), reader=reader)
    (case,) = find_before_after(run, [source], patients=[FULL])
    assert case.slices[0].measurement.reader == "auto"


def test_a_patient_with_nothing_before_treatment_has_nothing_to_show(run, source, patients):
    empty = [replace(a, points=()) if a.modality == "MG" else a for a in drawn_on(patients[FULL])]
    save(run, patients[FULL], empty)
    assert [case.name for case in find_before_after(run, [source])] == [ALSO_FULL]


def test_images_that_are_not_there_are_not_shown(run, tmp_path_factory):
    assert find_before_after(run, [tmp_path_factory.mktemp("elsewhere")]) == ()
