"""What the key for automatic findings brings is what the automatic run writes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from calcmeasure.dicom.index import index_folder
from calcmeasure.errors import CalcMeasureError
from calcmeasure.pipeline.patient import analyse_patient
from calcmeasure.pipeline.settings import RunSettings
from napari_calcmeasure.cases import list_cases
from napari_calcmeasure.detection import Searches
from napari_calcmeasure.display.hanging import Look, Pictures
from napari_calcmeasure.jobs import Progress, SideProcess

SAMPLE = Path(__file__).parents[2] / "sample_dicom"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def index():
    return index_folder([SAMPLE / "CM-0002"])


@pytest.fixture(scope="module")
def by_run(index):
    return analyse_patient(index.patients[0], RunSettings()).annotations


def panels(index, *, is_dynamic):
    case = list_cases(index)[0]
    item = next(one for one in case.items if (one.series is not None) is is_dynamic)
    pictures = Pictures()
    look = pictures.settle(Look(), item, prior=None)
    return pictures.hang(item, prior=None, look=look, reading=None, progress=Progress("")).panels


def test_calcifications_are_those_of_the_run(index, by_run):
    for panel in panels(index, is_dynamic=False):
        if panel.target is None:
            continue
        found = Searches().search(panel.target, index, patient_id="x")
        expected = [a for a in by_run if a.image.sop_uid == panel.target.image.sop_uid]
        assert [one.points for one in found] == [one.points for one in expected]
        assert all(panel.target.shows(one) for one in found)


@pytest.mark.parametrize("is_dynamic", [False, True])
def test_images_are_searched_beside_the_window_also_after_another_folder(index, is_dynamic):
    panel, asked, side = panels(index, is_dynamic=is_dynamic)[0], [], SideProcess()

    def aside(work):
        asked.append(work)
        return side.do(work)

    found = Searches(aside).anew().search(panel.target, index, patient_id="x", is_alone=True)
    side.close()
    assert len(asked) == 1
    here = Searches().search(panel.target, index, patient_id="x", is_alone=True)
    assert [one.points for one in found] == [one.points for one in here]


def test_another_folder_forgets_what_was_seen(index):
    target, searches = panels(index, is_dynamic=False)[0].target, Searches()
    searches.search(target, index, patient_id="x", is_alone=True)
    assert searches.sensitivity_of(target) is not None
    assert searches.anew().sensitivity_of(target) is None


def test_lesions_are_those_of_the_run(index, by_run):
    panel = panels(index, is_dynamic=True)[0]
    found = [one for one in Searches().search(panel.target, index, patient_id="x") if one.points]
    expected = [a for a in by_run if a.points and a.timepoint == "baseline" and panel.target.shows(a)]
    assert found
    assert [one.points for one in found] == [one.points for one in expected]


def test_after_an_override_the_phase_the_reader_chose_is_searched_and_recorded(index):
    panel = panels(index, is_dynamic=True)[0]
    by_rule = panel.target.phase
    chosen = replace(panel.target, phase=replace(by_rule, index=by_rule.index + 1, rule="reader"))
    before, after = (
        [one for one in Searches().search(target, index, patient_id="x") if one.points]
        for target in (panel.target, chosen)
    )
    assert {(one.phase.index, one.phase.rule) for one in after} == {(by_rule.index + 1, "reader")}
    assert [one.points for one in after] != [one.points for one in before]


def test_an_image_of_another_folder_is_refused(index):
    target = panels(index, is_dynamic=False)[0].target
    elsewhere = replace(target, image=replace(target.image, sop_uid="1.2.3"))
    with pytest.raises(CalcMeasureError, match="not in the open folder"):
        Searches().search(elsewhere, index, patient_id="x")
