from __future__ import annotations

from dataclasses import replace

import pytest

from calcmeasure.errors import DicomReadError, StoreError
from calcmeasure.store.database import MeasurementStore, Reading
from factories import marks
from napari_calcmeasure.cases import find_item, list_cases, standard_views
from napari_calcmeasure.session import STORE_NAME, Session


@pytest.fixture
def session(cohort):
    opened = Session()
    opened.open_folder(cohort)
    return opened


def test_case_list_has_patients_time_points_and_what_is_there(index):
    first, second = list_cases(index)
    assert (first.name, first.patient_id, second.name) == ("P1", "SECRET-77", "P2")
    assert [(visit.timepoint, visit.dates) for visit in first.visits] == [
        ("baseline", "2024-01-10"),
        ("followup-1", "2024-06-01"),
    ]
    assert [[item.title for item in visit.items] for visit in first.visits] == [
        ["Mammograms", "Dynamic MR"],
        ["Mammograms"],
    ]


def test_items_say_spacing_and_early_phase_in_words(index):
    mammograms, dynamic = list_cases(index)[0].visits[0].items
    assert mammograms.summary == "L-CC L-MLO R-CC R-MLO"
    assert "magnification-corrected" in mammograms.details[0]
    assert dynamic.summary == "early phase 1, 85 s"
    assert dynamic.details[0].startswith("Early phase: phase 1 has its k-space centre 85.0 s after injection")


def test_keys_are_unique_and_find_their_item(index):
    cases = list_cases(index)
    items = [one for case in cases for item in case.items for one in (item, *item.views)]
    assert len({item.key for item in items}) == len(items)
    assert all(find_item(cases, item.key) is item for item in items)
    assert find_item(cases, "P9/nowhere") is None


def test_keys_and_layer_surrogates_hold_no_patient_data(index):
    for case in list_cases(index):
        for item in case.items:
            assert "SECRET" not in item.key + item.patient + item.title + item.summary + "".join(item.details)


def test_standard_views_prefer_usable_ones(exam):
    twin = replace(exam.mammograms[0], usable=False)
    assert standard_views([twin, *exam.mammograms])[0].usable
    assert standard_views([twin]) == (twin,)
    assert standard_views([replace(twin, view=None)]) == ()


def test_opening_a_folder_shows_the_first_patient_and_tells_listeners(cohort):
    session, heard = Session(), []
    session.events.shown.connect(lambda item: heard.append(item and item.key))
    session.open_folder(cohort)
    assert heard == ["P1/baseline/MG"]
    assert session.case.name == "P1"
    assert len(session.cases) == 2


def test_progress_is_reported(cohort):
    steps = []
    Session().open_folder(cohort, on_progress=lambda done, total: steps.append((done, total)))
    assert steps[-1][0] == steps[-1][1] > 0


@pytest.mark.parametrize("content", [None, b"not an image"])
def test_a_folder_without_images_is_refused_and_the_session_stays(session, tmp_path, content):
    if content:
        (tmp_path / "note.txt").write_bytes(content)
    before = session.shown
    with pytest.raises(DicomReadError, match="no mammogram or dynamic MR"):
        session.open_folder(tmp_path)
    assert session.shown is before


def test_walking_through_patients_stops_at_the_ends(session):
    session.previous_patient()
    assert session.case.name == "P1"
    session.next_patient()
    session.next_patient()
    assert session.shown.key == "P2/baseline/MG"


def test_walking_through_a_patient_stops_at_the_ends(session):
    seen = [session.shown.key]
    for _ in range(3):
        session.next_item()
        seen.append(session.shown.key)
    assert seen == ["P1/baseline/MG", "P1/baseline/MR/0", "P1/followup-1/MG", "P1/followup-1/MG"]
    session.previous_item()
    assert session.shown.key == "P1/baseline/MR/0"


def test_a_single_view_counts_as_its_exam_when_walking(session):
    session.show(session.shown.views[2].key)
    assert session.shown.title in ("R-CC", "R-MLO", "L-CC", "L-MLO")
    session.next_item()
    assert session.shown.key == "P1/baseline/MR/0"


def test_an_unknown_key_shows_nothing_new(session):
    before = session.shown
    session.show("P9/nowhere")
    assert session.shown is before


def test_an_empty_session_can_be_walked_and_has_nothing_to_hang():
    session = Session()
    session.next_patient()
    session.next_item()
    with pytest.raises(ValueError, match="open a folder"):
        session.hang_shown()


@pytest.fixture
def results(tmp_path, exam):
    """Output folder of a run, with marks of two readers on the first patient's first view."""
    shown = exam.mammograms[0]
    image = replace(marks().image, sop_uid=shown.image.sop_uid, spacing=shown.spacing)
    with MeasurementStore(str(tmp_path / STORE_NAME)) as store:
        for reader in ("auto", "AB"):
            found = marks(image=image, points=((20.0, 8.0), (40.0, 8.0)))
            store.record(Reading("SECRET-77", reader, [found], {"a1": 1.0}))
        store.record(Reading("SECRET-88", "AB", [marks()], {"a1": 1.0}))
    return tmp_path


def test_measurements_of_a_store_are_drawn_on_their_patient(session, results):
    assert session.open_results(results) == 3
    names = [keywords["name"] for _, keywords, _ in session.hang_shown().layers]
    assert names.count("P1 R-CC baseline marks") == 2
    session.next_patient()
    assert not any(name.endswith("marks") for name in [k["name"] for _, k, _ in session.hang_shown().layers])


def test_readers_are_kept_apart(session, results):
    session.reader = "auto"
    assert session.open_results(results / STORE_NAME) == 1
    names = [keywords["name"] for _, keywords, _ in session.hang_shown().layers]
    assert names.count("P1 R-CC baseline marks") == 1


def test_opening_a_missing_store_makes_none(session, tmp_path):
    with pytest.raises(StoreError, match=STORE_NAME):
        session.open_results(tmp_path)
    assert list(tmp_path.iterdir()) == []
