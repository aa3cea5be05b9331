"""When phases were acquired: clocks, durations, second 0 and the first phase after contrast, case by case."""

from __future__ import annotations

from pathlib import Path

import pytest

from calcmeasure.dicom.header import Header
from calcmeasure.dicom.phase_durations import read_durations
from calcmeasure.dicom.phase_keys import MrImage
from calcmeasure.dicom.phase_times import (
    find_time_zero,
    first_post_contrast,
    is_pre_contrast_description,
    read_clock,
)
from calcmeasure.model.imaging import FrameReference
from calcmeasure.terms import Flag

STEADY = (0.0, 60.0, 120.0, 180.0)
PAUSED = (0.0, 130.0, 190.0, 250.0)


def image(**values) -> MrImage:
    path = Path("a.dcm")
    raw = {keyword: value if isinstance(value, tuple) else (str(value),) for keyword, value in values.items()}
    return MrImage(FrameReference(path, "1"), Header(path, "1.2.840.10008.1.2.1", raw))


def phases(*values, **common) -> list[list[MrImage]]:
    """One phase of two images per dictionary."""
    return [[image(**common, **each) for _ in range(2)] for each in values]


def timed(keyword, *times, **common) -> list[list[MrImage]]:
    return phases(*({keyword: time} for time in times), **common)


class TestClock:
    @pytest.mark.parametrize(
        ("keyword", "times", "starts_s", "first_clock_s"),
        [
            ("AcquisitionTime", ("100000", "100100", "100200.5"), (0, 60, 120.5), 36000),
            ("AcquisitionDateTime", ("20240301100000", "20240301100100", "20240301100200"), (0, 60, 120), 36000),
            ("TriggerTime", ("1500", "61500", "121500"), (0, 60, 120), None),
            ("TemporalPositionTimeOffset", ("10", "70", "130"), (0, 60, 120), None),
            ("ContentTime", ("100000", "100005", "100010"), (0, 5, 10), 36000),
            ("SeriesTime", ("100000", "100010", "100020"), (0, 10, 20), 36000),
        ],
    )
    def test_each_source(self, keyword, times, starts_s, first_clock_s):
        clock = read_clock(timed(keyword, *times), ordered=False)
        assert (clock.source, clock.first_clock_s, clock.crossed_midnight) == (keyword, first_clock_s, False)
        assert clock.starts_s == pytest.approx(starts_s)

    @pytest.mark.parametrize("keyword", ["ContentTime", "SeriesTime"])
    def test_times_of_storage_are_no_times_of_acquisition(self, keyword):
        assert read_clock(timed(keyword, "100000", "100004", "100008"), ordered=False) is None

    def test_fast_acquisition_times_are_taken(self):
        assert read_clock(timed("AcquisitionTime", "100000", "100002", "100004"), ordered=False) is not None

    def test_the_acquisition_is_asked_before_the_storage(self):
        first = {"ContentTime": "120000", "AcquisitionTime": "100000"}
        second = {"ContentTime": "120100", "AcquisitionTime": "100130"}
        both = phases(first, second)
        clock = read_clock(both, ordered=False)
        assert (clock.source, clock.starts_s) == ("AcquisitionTime", (0.0, 90.0))

    def test_a_source_that_contradicts_the_stated_order_is_not_used(self):
        backwards = timed("AcquisitionTime", "100200", "100100", "100000")
        assert read_clock(backwards, ordered=True) is None
        assert read_clock(backwards, ordered=False).starts_s == (120.0, 60.0, 0.0)

    @pytest.mark.parametrize(
        "second", [("100000", "100100"), ("100005", "100100"), ("100010", "100100"), ("100000", "100010")]
    )
    def test_phases_that_touch_or_overlap_have_no_clock(self, second):
        images = [[image(AcquisitionTime=t) for t in part] for part in (("100000", "100010"), second)]
        assert read_clock(images, ordered=False) is None

    def test_a_phase_starts_with_its_earliest_image(self):
        images = [[image(AcquisitionTime=t) for t in part] for part in (("100007", "100003"), ("100130", "100120"))]
        clock = read_clock(images, ordered=False)
        assert (clock.starts_s, clock.first_clock_s) == ((0.0, 77.0), 36003.0)

    def test_one_image_without_a_time_spoils_the_source(self):
        images = timed("AcquisitionTime", "100000", "100100")
        images[1][1] = image()
        assert read_clock(images, ordered=False) is None

    def test_relative_times_are_placed_by_a_common_clock_time(self):
        """The common time is the start of the scan; the first phase began its own trigger time later."""
        common = timed("TriggerTime", "5000", "65000", AcquisitionTime="100000")
        assert read_clock(common, ordered=False).first_clock_s == 36005.0


class TestDurations:
    @pytest.mark.parametrize(
        ("stated", "starts_s", "durations_s"),
        [
            ((58, 58, 58), (0, 60, 120), [58, 58, 58]),
            ((63, 63, 63), (0, 60, 120), [63, 63, 63]),  # 5 % longer than the step is rounding
            ((64, 64, 64), (0, 60, 120), [60, 60, 60]),
            ((360, 360, 360), (0, 60, 120), [60, 60, 60]),
            ((58, None, 58), (0, 60, 120), [60, 60, 60]),
            ((0, 0, 0), (0, 60, 120), [60, 60, 60]),
            ((None,) * 4, PAUSED, [60, 60, 60, 60]),  # the pause for the injection is no duration
            ((None,) * 4, (0, 60, 100, 160), [40, 40, 40, 40]),  # never longer than the shortest step
            ((None,) * 3, (0, 135, 210), [75, 75, 75]),  # a pause and two phases: their mean is no duration
            ((None,) * 3, (0, 135, 285), [None, None, None]),  # a pause, or a phase that is lost?
            ((None,) * 2, (0, 60), [None, None]),
            ((50, 50), (0, 60), [50, 50]),
        ],
    )
    def test_stated_or_usual(self, stated, starts_s, durations_s):
        given = phases(*({} if d is None else {"AcquisitionDuration": d} for d in stated))
        assert read_durations(given, starts_s=starts_s)[0] == durations_s

    def test_images_of_a_phase_that_disagree_state_nothing(self):
        given = [[image(AcquisitionDuration=d) for d in (50, 55)] for _ in range(3)]
        found, words = read_durations(given, starts_s=(0, 60, 120))
        assert (found, "difference of starts" in words) == ([60, 60, 60], True)


class TestFirstPostContrast:
    @pytest.mark.parametrize(
        ("values", "index"),
        [
            ([{}, {"ContrastBolusAgent": "x"}, {"ContrastBolusAgent": "x"}, {"ContrastBolusAgent": "x"}], 1),
            ([{}, {}, {}, {"ContrastBolusAgent": "x"}], 3),
            ([{"SeriesDescription": d} for d in ("T1 pre", "T1 pre", "T1 dyn", "T1 dyn")], 2),
            ([{"SeriesInstanceUID": u} for u in ("1", "2", "2", "2")], 1),
        ],
    )
    def test_headers_tell(self, values, index):
        found, _, assumed = first_post_contrast(phases(*values), starts_s=STEADY)
        assert (found, assumed) == (index, False)

    @pytest.mark.parametrize(
        "values",
        [
            [{"ContrastBolusAgent": "x"}] * 4,
            [{}, {"ContrastBolusAgent": "x"}, {}, {"ContrastBolusAgent": "x"}],
            [{"SeriesDescription": d} for d in ("dyn", "pre", "dyn", "dyn")],
            [{"SeriesDescription": "T1 pre"}] * 4,
            [{"SeriesInstanceUID": u} for u in "1122"],
            [{"SeriesInstanceUID": u} for u in "1234"],
            [{"SeriesInstanceUID": u} for u in "1112"],
        ],
    )
    def test_other_patterns_tell_nothing(self, values):
        found, words, assumed = first_post_contrast(phases(*values), starts_s=STEADY)
        assert (found, assumed) == (1, True)
        assert "assumed" in words

    @pytest.mark.parametrize(
        ("starts_s", "index", "assumed"),
        [
            (PAUSED, 1, False),
            ((0, 65, 125, 185), 1, True),  # 5 s longer is not yet a pause
            ((0, 67, 127, 187), 1, False),
            ((0, 130, 190, 390), 1, True),  # a later pause is longer: not the injection's
            (STEADY, 1, True),
            ((0, 20, 40, 60), 1, True),
            ((0, 19, 38, 57), None, True),
            ((0, 60), 1, True),
            ((0, 10), None, True),
        ],
    )
    def test_timing_tells(self, starts_s, index, assumed):
        found, _, guessed = first_post_contrast(phases(*[{}] * len(starts_s)), starts_s=starts_s)
        assert (found, guessed) == (index, assumed)

    def test_the_agent_is_believed_before_the_description(self):
        values = [{"SeriesDescription": "pre"}, {}, {"ContrastBolusAgent": "x"}, {"ContrastBolusAgent": "x"}]
        assert first_post_contrast(phases(*values), starts_s=STEADY)[0] == 2

    @pytest.mark.parametrize(
        ("text", "pre"),
        [
            ("AX T1 PRE", True),
            ("t1_pre_contrast", True),
            ("VIBRANT without", True),
            ("NON CONTRAST", True),
            ("noncontrast", True),
            ("T1 nativ", True),
            ("ax t1 w/o", True),
            ("ax t1 wo", True),
            ("presat dyn", False),
            ("press", False),
            ("post 1", False),
            ("", False),
        ],
    )
    def test_words_for_before_contrast(self, text, pre):
        assert is_pre_contrast_description(text) is pre


def zero(*, injection=None, starts_s=PAUSED, first_clock_s=36000.0, durations_s=(60.0,) * 4):
    values = {} if injection is None else {"ContrastBolusStartTime": injection}
    return find_time_zero(
        phases(*[{}] * len(starts_s), **values),
        starts_s=starts_s,
        durations_s=durations_s,
        first_clock_s=first_clock_s,
    )


class TestTimeZero:
    @pytest.mark.parametrize(
        ("injection", "offset_s", "first_post"),
        [
            ("100145", 105.0, 1),
            ("100015", 15.0, 0),  # before the centre of the first phase
            ("100030", 30.0, 1),  # a phase whose centre is the injection itself lies before contrast
            ("100245", 165.0, 2),  # after the centre of phase 1 at 160 s
            ("095000", -600.0, 0),
        ],
    )
    def test_a_credible_injection_is_second_zero(self, injection, offset_s, first_post):
        found = zero(injection=injection)
        assert (found.name, found.offset_s, found.first_post_contrast) == ("injection", offset_s, first_post)
        assert found.flags == ()

    @pytest.mark.parametrize("injection", ["094959", "100440", "110000", "garbage"])
    def test_other_injections_are_ignored(self, injection):
        """More than ten minutes before, or not before the centre of the last phase at 280 s."""
        found = zero(injection=injection)
        assert (found.name, found.offset_s) == ("first_post_contrast_start", 130.0)
        assert found.flags == (Flag.TIME_ZERO_ASSUMED,)

    def test_an_injection_cannot_be_placed_without_a_clock(self):
        assert zero(injection="100145", first_clock_s=None).name == "first_post_contrast_start"

    @pytest.mark.parametrize(("other", "name"), [("100146", "injection"), ("100147", "first_post_contrast_start")])
    def test_injection_times_that_differ_by_two_seconds_contradict_each_other(self, other, name):
        given = phases({"ContrastBolusStartTime": "100145"}, *[{"ContrastBolusStartTime": other}] * 3)
        found = find_time_zero(given, starts_s=PAUSED, durations_s=(60.0,) * 4, first_clock_s=36000.0)
        assert found.name == name

    def test_assumptions_are_flagged(self):
        assert zero(starts_s=STEADY).flags == (Flag.TIME_ZERO_ASSUMED, Flag.FIRST_POST_ASSUMED)
        fast = zero(starts_s=(0.0, 5.0, 10.0, 15.0))
        assert (fast.name, fast.offset_s, fast.first_post_contrast) == ("series_start", 0.0, None)
