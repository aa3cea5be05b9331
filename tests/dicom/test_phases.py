from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from calcmeasure.dicom.header import Header
from calcmeasure.dicom.phases import sort_dynamic_series
from calcmeasure.errors import ErrorCode
from calcmeasure.geometry import SpacingSource
from calcmeasure.terms import Flag

SLICES, PHASES, STEP_S = 4, 4, 75
START_S = 10 * 3600


def clock(seconds):
    seconds %= 86400
    return f"{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}"


def image(phase, z, **changes):
    number = phase * SLICES + z + 1
    values = {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4",
        "SOPInstanceUID": f"1.2.{number}",
        "StudyInstanceUID": "1.3",
        "SeriesInstanceUID": "1.4.1",
        "SeriesDescription": "AX DYN",
        "SeriesNumber": "5",
        "FrameOfReferenceUID": "1.5",
        "Manufacturer": "GE MEDICAL SYSTEMS",
        "ImageType": ("ORIGINAL", "PRIMARY", "OTHER"),
        "InstanceNumber": str(number),
        "Rows": "8",
        "Columns": "6",
        "PixelSpacing": ("0.9", "0.7"),
        "SliceThickness": "2",
        "ImageOrientationPatient": ("1", "0", "0", "0", "1", "0"),
        "ImagePositionPatient": ("-3", "-4", str(2 * z)),
        "EchoTime": "2.1",
        "FlipAngle": "10",
    }
    for keyword, value in changes.items():
        if value is None:
            values.pop(keyword, None)
        else:
            values[keyword] = value
    raw = {k: v if isinstance(v, tuple) else (str(v),) for k, v in values.items()}
    name = changes.get("SOPInstanceUID", values["SOPInstanceUID"])
    return Header(Path(f"/none/{name}.dcm"), "1.2.840.10008.1.2.1", raw)


def start_s(phase):
    """Phase 0, a pause of a minute, then phase after phase."""
    return phase * STEP_S + (60 if phase else 0)


def study(attributes):
    return [image(p, z, **attributes(p, z)) for p in range(PHASES) for z in range(SLICES)]


def at(phase, extra=0):
    return clock(START_S + start_s(phase) + extra)


LAYOUTS = {
    "ge one series": lambda p, z: {
        "TemporalPositionIdentifier": p + 1, "AcquisitionTime": at(p), "TriggerTime": 1000 * start_s(p)
    },
    "ge trigger only": lambda p, z: {"TriggerTime": 1000 * start_s(p), "AcquisitionTime": clock(START_S)},
    "ge content time only": lambda p, z: {"ContentTime": at(p), "AcquisitionTime": clock(START_S)},
    "siemens series per phase": lambda p, z: {
        "Manufacturer": "SIEMENS", "SeriesInstanceUID": f"1.4.{p}", "SeriesNumber": 5 + p, "AcquisitionNumber": 1,
        "SeriesDescription": f"ax dyn {'pre' if p == 0 else f'post {p}'}", "AcquisitionTime": at(p),
    },
    "siemens acquisition number": lambda p, z: {
        "Manufacturer": "SIEMENS", "AcquisitionNumber": p + 1, "AcquisitionTime": at(p, z)
    },
    "siemens ph names": lambda p, z: {
        "Manufacturer": "SIEMENS", "SeriesInstanceUID": f"1.4.{p}", "SeriesTime": at(p),
        "SeriesDescription": f"Ph{p}/ax 3d dyn",
    },
    "pre and rest": lambda p, z: {
        "SeriesInstanceUID": f"1.4.{min(p, 1)}", "SeriesDescription": "VIBRANT PRE" if p == 0 else "VIBRANT DYN",
        "AcquisitionTime": at(p),
    },
    "pre and rest, other words": lambda p, z: {
        "SeriesInstanceUID": f"1.4.{min(p, 1)}", "SeriesDescription": "T1 pre" if p == 0 else "eTHRIVE",
        "AcquisitionTime": at(p),
    },
    "philips": lambda p, z: {
        "Manufacturer": "Philips", "TemporalPositionIdentifier": p + 1, "TriggerTime": 1000 * start_s(p),
        "AcquisitionTime": clock(START_S),
    },
    "acquisition datetime": lambda p, z: {"AcquisitionDateTime": f"20240301{at(p)}.50+0100"},
    "jitter of a second": lambda p, z: {"AcquisitionTime": at(p, z % 2)},
    "no first trigger": lambda p, z: {
        "TriggerTime": 1000 * start_s(p) if p or z else None, "AcquisitionTime": clock(START_S)
    },
    "time offset": lambda p, z: {"TemporalPositionTimeOffset": start_s(p)},
}  # fmt: skip


def only(found):
    assert not found.skipped
    (series,) = found.series
    return series


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_in_any_order(layout):
    headers = study(LAYOUTS[layout])
    reference = only(sort_dynamic_series(headers))
    assert reference.usable
    assert reference.first_post_contrast == 1
    assert [p.start_s for p in reference.phases] == [-135.0, 0.0, 75.0, 150.0]
    assert [p.time_s for p in reference.phases] == [-97.5, 37.5, 112.5, 187.5]
    stored_in = {h.text("SOPInstanceUID"): h.text("SeriesInstanceUID") for h in headers}
    assert [p.series_uid for p in reference.phases] == [stored_in[p.frames[0].sop_uid] for p in reference.phases]
    uids = [[f.sop_uid for f in p.frames] for p in reference.phases]
    assert uids == [[f"1.2.{p * SLICES + z + 1}" for z in range(SLICES)] for p in range(PHASES)]
    for seed in range(5):
        shuffled = list(headers)
        random.Random(seed).shuffle(shuffled)
        assert only(sort_dynamic_series(shuffled)) == reference


def simple(p, z):
    return {"AcquisitionTime": at(p)}


def test_grid_axes_are_slice_row_column_directions():
    normal_first = ("0", "1", "0", "0", "0", "-1")  # sagittal: columns to the back, rows to the feet

    def attributes(p, z):
        return {**simple(p, z), "ImageOrientationPatient": normal_first,
                "ImagePositionPatient": (str(-3 * z), "-80", "80")}  # fmt: skip

    grid = only(sort_dynamic_series(study(attributes))).grid
    assert grid.shape == (SLICES, 8, 6)
    assert grid.axes_lps == ((-1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))
    assert (grid.spacing.zrc_mm, grid.spacing.source) == ((3.0, 0.9, 0.7), SpacingSource.PATIENT)
    np.testing.assert_allclose(grid.to_lps([2, 1, 3]), [-6, -80 + 3 * 0.7, 80 - 0.9])


def test_spacing_comes_from_positions_and_a_gap_is_flagged():
    series = only(sort_dynamic_series(study(lambda p, z: {**simple(p, z), "SliceThickness": 1.5})))
    assert series.grid.spacing.slice_mm == 2.0
    assert Flag.SLICE_GAP in series.flags


@pytest.mark.parametrize(
    ("thickness_mm", "gap"),
    [(1.5, True), (1.97, True), (1.99, False), ("2", False), (3, False), (0, False), ("thin", False), (None, False)],
)
def test_slices_two_mm_apart_have_a_gap_when_they_are_thinner(thickness_mm, gap):
    """Beyond the 1 % that headers round away; no thickness, no statement."""
    series = only(sort_dynamic_series(study(lambda p, z: {**simple(p, z), "SliceThickness": thickness_mm})))
    assert (Flag.SLICE_GAP in series.flags) is gap
    assert series.grid.spacing.slice_mm == 2.0


@pytest.mark.parametrize("thickness_mm", ["5", None])
def test_a_single_slice_has_no_gap(thickness_mm):
    headers = [image(p, 0, **simple(p, 0), SliceThickness=thickness_mm) for p in range(PHASES)]
    series = only(sort_dynamic_series(headers))
    assert series.grid.shape == (1, 8, 6)
    assert Flag.SLICE_GAP not in series.flags


@pytest.mark.parametrize("lost_phase", range(PHASES))
@pytest.mark.parametrize("lost_slice", range(SLICES))
def test_phase_with_a_missing_slice_is_dropped(lost_phase, lost_slice):
    headers = study(simple)
    del headers[lost_phase * SLICES + lost_slice]
    found = sort_dynamic_series(headers)
    (series,) = found.series
    assert len(series.phases) == PHASES - 1
    assert Flag.PHASE_DROPPED in series.flags
    assert len(found.skipped) == SLICES - 1
    assert {s.code for s in found.skipped} == {ErrorCode.MISSING_SLICE}
    assert series.usable is (lost_phase != 0)
    assert (ErrorCode.NO_BASELINE_PHASE in series.flags) is (lost_phase == 0)
    assert [p.index for p in series.phases] == list(range(PHASES - 1))


def codes(headers):
    found = sort_dynamic_series(headers)
    assert not found.series
    assert len(found.skipped) == len({h.path for h in headers})
    return {skipped.code for skipped in found.skipped}


def test_slice_missing_from_every_phase():
    headers = [h for h in study(simple) if h.text("ImagePositionPatient") and h.texts("ImagePositionPatient")[2] != "4"]
    assert codes(headers) == {ErrorCode.MISSING_SLICE}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (lambda p, z: {"ImagePositionPatient": (str(0.3 * z), "-4", str(2 * z))}, ErrorCode.SHEAR),
        (lambda p, z: {"ImagePositionPatient": ("0", "-4", str([0, 2, 4, 6.7][z]))}, ErrorCode.GEOMETRY),
        (lambda p, z: {"ImagePositionPatient": None}, ErrorCode.GEOMETRY),
        (lambda p, z: {"ImageOrientationPatient": ("1", "0", "0", "1", "0", "0")}, ErrorCode.GEOMETRY),
        (lambda p, z: {"ImageOrientationPatient": ("0",) * 6}, ErrorCode.GEOMETRY),
        (lambda p, z: {"PixelSpacing": ("0", "1")}, ErrorCode.GEOMETRY),
        (lambda p, z: {"AcquisitionTime": clock(START_S)}, ErrorCode.TIME_UNKNOWN),
        (lambda p, z: {"AcquisitionTime": "garbage"}, ErrorCode.TIME_UNKNOWN),
        (lambda p, z: {"AcquisitionTime": clock(START_S), "RepetitionTime": 5 + p}, ErrorCode.TIME_UNKNOWN),
        (lambda p, z: {"DiffusionBValue": 100 * p}, ErrorCode.NOT_DYNAMIC),
        (lambda p, z: {"EchoTime": 2 + p}, ErrorCode.NOT_DYNAMIC),
        (lambda p, z: {"AcquisitionTime": at(p // 2)}, ErrorCode.DUPLICATE_POSITION),
    ],
)
def test_refusals(changes, code):
    assert codes(study(lambda p, z: {**simple(p, z), **changes(p, z)})) == {code}


def test_small_position_noise_is_accepted():
    noise = np.random.default_rng(1).uniform(-0.005, 0.005, (PHASES, SLICES))
    changes = lambda p, z: {**simple(p, z), "ImagePositionPatient": ("-3", "-4", str(2 * z + noise[p, z]))}  # noqa: E731
    assert only(sort_dynamic_series(study(changes))).grid.spacing.slice_mm == pytest.approx(2.0, abs=0.01)


def test_one_volume_is_not_dynamic():
    assert codes(study(simple)[:SLICES]) == {ErrorCode.NOT_DYNAMIC}


def test_order_without_times_is_kept_but_not_usable():
    found = sort_dynamic_series(study(lambda p, z: {"TemporalPositionIdentifier": p + 1}))
    series = only(found)
    assert not series.usable
    assert ErrorCode.TIME_UNKNOWN in series.flags
    assert [p.time_s for p in series.phases] == [None] * PHASES
    assert series.first_post_contrast is None


def test_times_that_contradict_the_temporal_position_are_not_used():
    series = only(sort_dynamic_series(study(lambda p, z: {"TemporalPositionIdentifier": 9 - p, **simple(p, z)})))
    assert series.sort_key == "AcquisitionTime"
    assert [p.frames[0].sop_uid for p in series.phases] == ["1.2.1", "1.2.5", "1.2.9", "1.2.13"]


def test_midnight_with_and_without_dates():
    late = 86400 - 30
    for dates in (lambda p: {"AcquisitionDate": "20240301" if p == 0 else "20240302"}, lambda p: {}):
        attributes = lambda p, z, d=dates: {"AcquisitionTime": clock(late + start_s(p)), **d(p)}  # noqa: E731
        series = only(sort_dynamic_series(study(attributes)))
        assert [p.start_s for p in series.phases] == [-135.0, 0.0, 75.0, 150.0]
        assert Flag.MIDNIGHT_CROSSED in series.flags


def test_injection_time_is_second_zero():
    series = only(sort_dynamic_series(study(lambda p, z: {**simple(p, z), "ContrastBolusStartTime": at(1, -25)})))
    assert (series.time_zero, series.first_post_contrast) == ("injection", 1)
    assert [p.time_s for p in series.phases] == [-72.5, 62.5, 137.5, 212.5]
    assert Flag.TIME_ZERO_ASSUMED not in series.flags


@pytest.mark.parametrize("injection", [clock(START_S + 2 * 3600), "garbage", clock(START_S - 3600)])
def test_injection_time_that_does_not_fit_is_not_used(injection):
    series = only(sort_dynamic_series(study(lambda p, z: {**simple(p, z), "ContrastBolusStartTime": injection})))
    assert series.time_zero == "first_post_contrast_start"
    assert Flag.TIME_ZERO_ASSUMED in series.flags


def test_injection_before_the_first_phase_leaves_no_baseline():
    series = only(sort_dynamic_series(study(lambda p, z: {**simple(p, z), "ContrastBolusStartTime": at(0, -20)})))
    assert not series.usable
    assert ErrorCode.NO_BASELINE_PHASE in series.flags


def test_contrast_agent_tells_two_phases_before_contrast():
    agent = lambda p, z: {**simple(p, z), "ContrastBolusAgent": "gadobutrol" if p > 1 else None}  # noqa: E731
    assert only(sort_dynamic_series(study(agent))).first_post_contrast == 2


def test_even_phases_assume_one_before_contrast_and_say_so():
    even = lambda p, z: {"AcquisitionTime": clock(START_S + 60 * p)}  # noqa: E731
    series = only(sort_dynamic_series(study(even)))
    assert series.first_post_contrast == 1
    assert Flag.FIRST_POST_ASSUMED in series.flags
    assert "assumed" in series.sort_reason


def test_fast_phases_assume_nothing():
    series = only(sort_dynamic_series(study(lambda p, z: {"AcquisitionTime": clock(START_S + 5 * p)})))
    assert (series.first_post_contrast, series.time_zero) == (None, "series_start")


def test_duration_of_the_whole_scan_is_not_that_of_a_phase():
    whole = lambda p, z: {**simple(p, z), "AcquisitionDuration": 360}  # noqa: E731
    stated = lambda p, z: {**simple(p, z), "AcquisitionDuration": 70}  # noqa: E731
    assert {p.duration_s for p in only(sort_dynamic_series(study(whole))).phases} == {75.0}
    assert {p.duration_s for p in only(sort_dynamic_series(study(stated))).phases} == {70.0}


def test_two_phases_have_no_derived_duration():
    series = only(sort_dynamic_series(study(simple)[: 2 * SLICES]))
    assert Flag.PHASE_DURATION_UNKNOWN in series.flags
    assert [(p.time_s, p.duration_s) for p in series.phases] == [(-135.0, None), (0.0, None)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"ImageType": ("ORIGINAL", "PRIMARY", "M")}, {"ImageType": ("ORIGINAL", "PRIMARY", "P")}),
        ({"EchoTime": "1.2"}, {"EchoTime": "2.4"}),
        ({"ASLContext": "CONTROL"}, {"ASLContext": "LABEL"}),
        ({"ImageType": ("ORIGINAL", "PRIMARY", "W")}, {"ImageType": ("ORIGINAL", "PRIMARY", "F")}),
    ],
)
def test_one_consistent_kind_of_two_images_per_slice_and_time(first, second):
    kept = study(lambda p, z: {**simple(p, z), **first})
    other = study(lambda p, z: {**simple(p, z), **second, "SOPInstanceUID": f"1.9.{p}.{z}"})
    found = sort_dynamic_series([*other, *kept])
    (series,) = found.series
    assert {f.path for p in series.phases for f in p.frames} == {h.path for h in kept}
    assert {s.path for s in found.skipped} == {h.path for h in other}
    assert {s.code for s in found.skipped} == {ErrorCode.NOT_PREFERRED}


def test_enhanced_and_classic_give_the_same_phases():
    def frame(p, z):
        timing = {"FrameAcquisitionDuration": ("75000",), "FrameAcquisitionDateTime": (f"20240301{at(p)}",)}
        content = Header(Path("/e"), "", {"TemporalPositionIndex": (str(p + 1),), **timing})
        place = Header(Path("/e"), "", {"ImagePositionPatient": ("-3", "-4", str(2 * z))})
        return Header(Path("/e"), "", {}, {"FrameContentSequence": (content,), "PlanePositionSequence": (place,)})

    base = image(0, 0, InstanceNumber="1")
    frames = tuple(frame(p, z) for z in reversed(range(SLICES)) for p in range(PHASES))
    enhanced = Header(Path("/e"), "", base.values, {"PerFrameFunctionalGroupsSequence": frames})
    one, many = only(sort_dynamic_series([enhanced])), only(sort_dynamic_series(study(simple)))
    assert one.grid == many.grid
    assert [(p.time_s, p.start_s, p.duration_s) for p in one.phases] == [
        (p.time_s, p.start_s, p.duration_s) for p in many.phases
    ]
    assert [f.frame for f in one.phases[1].frames] == [13, 9, 5, 1]


def test_other_geometry_in_the_folder_does_not_disturb():
    scout = [image(9, z, SeriesInstanceUID="1.4.9", Rows="4", SeriesDescription="scout") for z in range(3)]
    found = sort_dynamic_series([*scout, *study(simple)])
    assert len(found.series) == 1
    assert {s.path for s in found.skipped} == {h.path for h in scout}


# -- real data -----------------------------------------------------------------------------------------------------


def read_all(folder):
    return [Header.read(path) for path in sorted(folder.rglob("*.dcm"))]


@pytest.mark.realdata
@pytest.mark.filterwarnings("ignore")
def test_philips_classic_and_enhanced_agree(realdata):
    folder = realdata / "philips_3phase" / "In"
    (classic,) = sort_dynamic_series(read_all(folder / "cl")).series
    (enhanced,) = sort_dynamic_series(read_all(folder / "enh")).series
    times = [(p.time_s, p.duration_s, len(p.frames)) for p in classic.phases]
    assert times == [(p.time_s, p.duration_s, len(p.frames)) for p in enhanced.phases]
    assert [round(b.start_s - a.start_s, 3) for a, b in zip(classic.phases, classic.phases[1:], strict=False)] == [
        127.5, 127.5,
    ]  # fmt: skip
    assert classic.grid.shape == enhanced.grid.shape == (40, 96, 96)
    np.testing.assert_allclose(classic.grid.steps_lps, enhanced.grid.steps_lps, atol=1e-9)


@pytest.mark.realdata
@pytest.mark.filterwarnings("ignore")
def test_unusable_times_are_refused(realdata):
    found = sort_dynamic_series(read_all(realdata / "unusable_phase_times"))
    assert not found.series
    assert {s.code for s in found.skipped} == {ErrorCode.TIME_UNKNOWN}
    assert len(found.skipped) == 150


@pytest.mark.realdata
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "key", "n", "step_s"), [("q4", "AcquisitionTime", 20, 0.5), ("q6", "TriggerTime", 16, 43.5)]
)
def test_qiba_objects(realdata, name, key, n, step_s):
    (series,) = sort_dynamic_series(read_all(realdata / "qiba_dro" / name)).series
    assert (series.sort_key, len(series.phases)) == (key, n)
    assert series.phases[1].start_s - series.phases[0].start_s == pytest.approx(step_s)


@pytest.mark.realdata
@pytest.mark.filterwarnings("ignore")
def test_enhanced_objects(realdata):
    (knee,) = sort_dynamic_series([Header.read(realdata / "enhanced_mr" / "MOVEKNEE.dcm")]).series
    assert (knee.sort_key, len(knee.phases)) == ("TemporalPositionIdentifier", 19)
    brucker = sort_dynamic_series([Header.read(realdata / "enhanced_mr" / "mr_brucker.dcm")])
    assert [s.code for s in brucker.skipped] == [ErrorCode.NOT_DYNAMIC]
