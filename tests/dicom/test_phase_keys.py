"""What one MR image says: the stem of its description, which picture it is, and times that run together."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.dicom.header import Header
from calcmeasure.dicom.phase_keys import (
    PHASE_KEYS,
    PHASE_KEYWORDS,
    MrImage,
    clock_moments,
    description_stem,
    image_component,
    merge_close,
    mr_images,
    trigger_times_s,
)
from calcmeasure.model.imaging import FrameReference


def header(**values) -> Header:
    raw = {keyword: value if isinstance(value, tuple) else (str(value),) for keyword, value in values.items()}
    return Header(Path("a.dcm"), "1.2.840.10008.1.2.1", raw)


def image(**values) -> MrImage:
    return MrImage(FrameReference(Path("a.dcm"), "1"), header(**values))


@pytest.mark.parametrize(
    "description",
    ["AX 3D DYN", "Ph1/ax 3d dyn", "ax_3d_post3", "AX 3D +C", "ax 3d pre contrast", "ax 3d W/O", "ax 3d 2nd delayed",
     "AX 3D without contrast", "ax 3d 90sec", "ax 3d phase 12"],
)  # fmt: skip
def test_phases_of_one_protocol_share_a_stem(description):
    assert description_stem(description) == "ax 3d"


@pytest.mark.parametrize("description", ["sag 3d dyn", "ax t1 dyn", "ax 3d fatsat", "ax"])
def test_other_protocols_do_not(description):
    assert description_stem(description) != "ax 3d"


@pytest.mark.parametrize(
    ("image_type", "component"),
    [
        (("ORIGINAL", "PRIMARY"), "magnitude"),
        (("ORIGINAL", "PRIMARY", "M"), "magnitude"),
        (("ORIGINAL", "PRIMARY", "P", "ND"), "phase"),
        (("ORIGINAL", "PRIMARY", "M_FFE", "M", "FFE"), "magnitude"),
        (("ORIGINAL", "PRIMARY", "R_FFE"), "real"),
        (("ORIGINAL", "PRIMARY", "IMAGINARY"), "imaginary"),
        (("DERIVED", "PRIMARY", "DIXON", "WATER"), "magnitude water"),
        (("DERIVED", "PRIMARY", "M", "W"), "magnitude water"),
        (("DERIVED", "PRIMARY", "F"), "magnitude fat"),
        (("DERIVED", "PRIMARY", "IN_PHASE"), "magnitude in-phase"),
        (("DERIVED", "PRIMARY", "OPP_PHASE"), "magnitude opposed-phase"),
        (("M", "W"), "magnitude"),  # the first two values say how the image came about, not what it pictures
    ],
)
def test_which_picture_of_an_acquisition(image_type, component):
    assert image_component(header(ImageType=image_type)) == component


def test_the_attribute_for_the_component_counts_too():
    assert image_component(header(ImageType=("ORIGINAL", "PRIMARY"), ComplexImageComponent="PHASE")) == "phase"


@pytest.mark.parametrize(
    ("seconds", "merged"),
    [
        ([0, 1, 2, 3], [0, 0, 0, 0]),  # neighbour by neighbour, not from the first
        ([0, 2, 4], [0, 2, 4]),
        ([0, 1.9, 3.9], [0, 0, 3.9]),
        ([5, 0, 1, 5], [5, 0, 0, 5]),
        ([], []),
    ],
)
def test_times_less_than_two_seconds_apart_run_together(seconds, merged):
    assert merge_close(seconds, within_s=2.0) == merged


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=30))
def test_merged_times_are_far_apart_and_never_later(seconds):
    merged = merge_close(seconds, within_s=2.0)
    kept = sorted(set(merged))
    assert all(b - a >= 2.0 for a, b in pairwise(kept))
    assert all(after <= before for before, after in zip(seconds, merged, strict=True))
    assert merge_close(merged, within_s=2.0) == merged


class TestTriggerTimes:
    def test_milliseconds_become_seconds(self):
        assert trigger_times_s([image(TriggerTime="1500"), image(TriggerTime="0")]) == [1.5, 0.0]

    def test_images_without_one_count_as_zero_only_if_they_come_first(self):
        first = [image(InstanceNumber=1), image(InstanceNumber=2, TriggerTime=900)]
        assert trigger_times_s(first) == [0.0, 0.9]
        last = [image(InstanceNumber=3), image(InstanceNumber=2, TriggerTime=900)]
        assert trigger_times_s(last) is None
        unnumbered = [image(), image(InstanceNumber=2, TriggerTime=900)]
        assert trigger_times_s(unnumbered) is None

    def test_absent_everywhere(self):
        assert trigger_times_s([image(InstanceNumber=1), image(InstanceNumber=2)]) is None


class TestClocks:
    def test_all_images_or_none(self):
        both = [image(AcquisitionTime="100000"), image(AcquisitionTime="100001")]
        assert [m.clock_s for m in clock_moments(both, keyword="AcquisitionTime")] == [36000, 36001]
        assert clock_moments([*both, image()], keyword="AcquisitionTime") is None
        assert clock_moments([], keyword="AcquisitionTime") is None

    def test_the_date_that_goes_with_the_time_is_used(self):
        """Not the study's or the content's date: they may lie on the other side of midnight."""
        late = image(AcquisitionTime="235900", AcquisitionDate="20240301", ContentDate="20240305")
        early = image(AcquisitionTime="000100", AcquisitionDate="20240302", ContentDate="20240301")
        key = next(k for k in PHASE_KEYS if k.name == "AcquisitionTime")
        assert key.labels([late, early]) == [0.0, 120.0]


def test_keys_are_tried_from_what_was_acquired_to_what_was_stored():
    names = [key.name for key in PHASE_KEYS]
    assert names[0] == "TemporalPositionIdentifier"
    assert names[-1] == "SeriesInstanceUID"
    assert names.index("AcquisitionTime") < names.index("ContentTime")
    assert names.index("AcquisitionTime") < names.index("AcquisitionTime (merged within 2 s)")


def test_keywords_are_listed_once():
    assert len(set(PHASE_KEYWORDS)) == len(PHASE_KEYWORDS)


def test_frames_of_an_enhanced_object_take_their_own_values_before_shared_ones():
    def group(**macros):
        return Header(Path("a.dcm"), "", {}, {name: (header(**values),) for name, values in macros.items()})

    frames = (
        group(FrameContentSequence={"TemporalPositionIndex": 1, "FrameAcquisitionDuration": 60000}),
        group(FrameContentSequence={"TemporalPositionIndex": 2}, MREchoSequence={"EffectiveEchoTime": 9}),
    )
    shared = group(MREchoSequence={"EffectiveEchoTime": 2})
    whole = Header(
        Path("a.dcm"),
        "1.2.840.10008.1.2.1",
        {"SOPInstanceUID": ("1.2",), "EchoTime": ("5",), "Rows": ("8",)},
        {"PerFrameFunctionalGroupsSequence": frames, "SharedFunctionalGroupsSequence": (shared,)},
    )
    one, two = mr_images(whole)
    assert one.enhanced
    assert two.enhanced
    assert [(i.frame.frame, i.frame.sop_uid) for i in (one, two)] == [(0, "1.2"), (1, "1.2")]
    assert [i.header.number("EchoTime") for i in (one, two)] == [2.0, 9.0]
    assert [i.header.number("TemporalPositionIdentifier") for i in (one, two)] == [1.0, 2.0]
    assert [i.header.number("AcquisitionDuration") for i in (one, two)] == [60.0, None]
    assert one.header.integer("Rows") == 8


def test_a_classic_file_is_one_image():
    (only,) = mr_images(header(SOPInstanceUID="1.2", EchoTime=3))
    assert (only.enhanced, only.frame.frame, only.frame.sop_uid, only.header.number("EchoTime")) == (False, 0, "1.2", 3)
