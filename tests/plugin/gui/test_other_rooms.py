"""Two windows on one store, a blinded reader, and patients with something missing."""

from __future__ import annotations

import shutil

import pydicom
import pytest

from calcmeasure.store.database import MeasurementStore

pytestmark = [pytest.mark.gui, pytest.mark.slow, pytest.mark.timeout(600)]


def mammograms_only(patients, folder):
    shutil.copytree(patients / "CM-0001" / "2024-01-10" / "MG", folder)
    return folder


def test_two_windows_do_not_overwrite_each_other(sit_down, patients, tmp_path):
    store, source = tmp_path / "m.sqlite", mammograms_only(patients, tmp_path / "mg")
    first = sit_down(source, store)
    first.press("E")
    first.drag(first.panel("R-CC"), (300, 500), (420, 600))
    first.press("Control-Enter")
    first.close()
    windows = [sit_down(source, store) for _ in range(2)]
    ends = ((440, 620), (500, 640))
    for reader, end in zip(windows, ends, strict=True):
        reader.come_to_front()
        (signed,) = reader.reading.findings
        reader.press("E")
        reader.drag(reader.panel("R-CC"), signed.annotation.points[1], end)
        reader.will_answer("Reason for the change", '"agreed', "Enter")
        reader.press("Control-Enter")
    assert windows[0].reading.is_signed
    assert "[E_STORE_CONFLICT]" in windows[1].sentence
    drawn = [window.reading.findings[0].annotation.points for window in windows]
    assert drawn[0] != drawn[1], "each still shows what was drawn in it"
    assert not windows[1].reading.is_signed, "what was drawn here is still there, unsigned"
    with MeasurementStore(str(store)) as opened:
        assert opened.verify() == 2, "the first signature and the one change"


def test_a_consensus_takes_over_what_a_reader_measured(sit_down, patients, tmp_path):
    store, source = tmp_path / "m.sqlite", mammograms_only(patients, tmp_path / "mg")
    first = sit_down(source, store, reader="aa")
    first.press("E")
    first.drag(first.panel("R-CC"), (300, 500), (420, 600))
    first.press("Control-Enter")
    (original,) = first.reading.findings
    first.close()
    consensus = sit_down(source, store, reader="consensus")
    assert consensus.reading.findings == ()
    consensus.point(consensus.panel("R-CC"), (360, 550))
    consensus.press("T")
    (draft,) = consensus.reading.findings
    assert draft.annotation.points == original.annotation.points
    (origin,) = draft.annotation.extra["consensus_of"]
    assert (origin["reader"], origin["annotation_id"]) == ("aa", original.key)
    consensus.press("Control-Enter")
    assert consensus.reading.is_signed
    with MeasurementStore(str(store)) as opened:
        assert {one.reader for one in opened.current()} == {"aa", "consensus"}


def test_a_blinded_reader(sit_down, patients, tmp_path):
    store, source = tmp_path / "m.sqlite", patients
    other = sit_down(mammograms_only(patients, tmp_path / "mg"), store, reader="aa")
    other.press("E")
    other.drag(other.panel("R-CC"), (300, 500), (420, 600))
    other.press("Control-Enter")
    other.close()
    reader = sit_down(source, store, is_blinded=True, seed=3)
    badge = reader.room.cases.badge.text()
    assert "Shuffled, seed 3" in badge
    assert "Blinded" in badge
    assert reader.session.readings.others == ()
    for case in reader.session.cases:
        followups = [item for item in case.items if item.timepoint != "baseline"]
        for item in followups[:1]:
            reader.session.show(item.key)
            reader.settle()
            assert reader.session.prior is None
            assert not [look for look in reader.session.looks if "prior" in look.words or "compare" in look.words]
    before = reader.reading.findings
    reader.press("A")
    assert reader.reading.findings == before
    assert reader.sentence == "Automatic marks are hidden in a blinded reading."


def test_damaged_images_leave_the_rest_usable(sit_down, patients, tmp_path):
    source = mammograms_only(patients, tmp_path / "mg")
    damaged = source / "RCC.dcm"
    damaged.write_bytes(damaged.read_bytes()[:-20000])
    unknown = pydicom.dcmread(source / "RMLO.dcm")
    for name in ("ImagerPixelSpacing", "PixelSpacing", "EstimatedRadiographicMagnificationFactor"):
        if name in unknown:
            delattr(unknown, name)
    unknown.save_as(source / "RMLO.dcm")
    reader = sit_down(source, tmp_path / "m.sqlite")
    problems = (
        "R-MLO baseline has no millimetres and is left out beside others: show it alone with MG single. "
        "[E_SPACING_UNKNOWN]",
        "R-CC baseline cannot be shown: the file ends inside a compressed frame. [E_TRUNCATED]",
    )
    assert reader.session.hanging.problems == problems
    assert reader.sentence == "⚠ " + " ".join(problems)
    assert [panel.caption for panel in reader.room.stage.canvas.visible_panels] == ["L-CC baseline", "L-MLO baseline"]
    reader.press("E")
    reader.drag(reader.panel("L-CC"), (300, 200), (400, 260))
    (finding,) = reader.reading.findings
    assert [len(finding.annotation.points), finding.annotation.view] == [2, "CC"]
    reader.press("Control-Enter")
    assert reader.reading.is_signed


def test_a_missing_slice_costs_its_phase_and_nothing_else(sit_down, patients, tmp_path):
    source = tmp_path / "mr"
    shutil.copytree(patients / "CM-0001" / "2024-01-10" / "MR", source)
    of_last_phase = (path for path in sorted(source.rglob("*.dcm")) if phase_number(path) == 4)
    next(of_last_phase).unlink()
    reader = sit_down(source, tmp_path / "m.sqlite")
    details = reader.session.shown.details
    assert "3 phases, sorted by TemporalPositionIdentifier." in details
    assert "Note: phase dropped" in details
    assert "Note: phase dropped" in reader.room.display.facts.text()
    captions = [panel.caption.partition(" · ")[2] for panel in reader.room.stage.canvas.visible_panels]
    assert captions == ["phases", "early − pre", "MIP of early − pre"]
    panel = reader.panel("early − pre")
    at_slice = round(panel.placement.to_pixel(tuple(reader.viewer.dims.point))[0])
    reader.press("D")
    reader.drag(panel, (at_slice, 40, 40), (at_slice, 60, 70))
    (finding,) = reader.reading.findings
    assert "phase_dropped" in finding.annotation.flags
    assert finding.annotation.phase.index == 1


def phase_number(path):
    return pydicom.dcmread(path, stop_before_pixels=True).get("TemporalPositionIdentifier")
