"""Splitting images into phases: which attribute wins, what was tried, what is refused and with which code."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from calcmeasure.dicom.header import Header
from calcmeasure.dicom.phase_keys import PHASE_KEYS, MrImage
from calcmeasure.dicom.phase_split import ORDERED_KEYS, split_one_kind, split_phases
from calcmeasure.errors import ErrorCode, GeometryError, PhaseError
from calcmeasure.model.imaging import FrameReference

PHASES, SLICES, STEP_S = 3, 4, 70


def clock(seconds):
    seconds = int(seconds) + 36000
    return f"{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}"


def image(phase, z, **changes):
    values = {
        "ImageOrientationPatient": ("1", "0", "0", "0", "1", "0"),
        "ImagePositionPatient": ("0", "0", str(2 * z)),
        "SeriesInstanceUID": "1.4",
        "InstanceNumber": str(phase * SLICES + z + 1),
    } | changes
    raw = {k: v if isinstance(v, tuple) else (str(v),) for k, v in values.items() if v is not None}
    return MrImage(FrameReference(Path(f"{phase}{z}"), f"1.2.{phase}.{z}"), Header(Path(f"{phase}{z}"), "", raw))


def images(attributes, *, shuffled=True):
    found = [image(p, z, **attributes(p, z)) for p in range(PHASES) for z in range(SLICES)]
    if shuffled:
        random.Random(4).shuffle(found)
    return found


def names(split):
    return [[i.frame.path.name for i in phase] for phase in split.phases]


IN_ORDER = [[f"{p}{z}" for z in range(SLICES)] for p in range(PHASES)]


def timed(p, z):
    return {"AcquisitionTime": clock(p * STEP_S)}


SPLITS = {
    "TemporalPositionIdentifier": lambda p, z: {"TemporalPositionIdentifier": p + 1, **timed(p, z)},
    "TriggerTime": lambda p, z: {"TriggerTime": 1000 * STEP_S * p},
    "AcquisitionNumber": lambda p, z: {"AcquisitionNumber": p + 9, "AcquisitionTime": clock(p * STEP_S + z)},
    "AcquisitionDateTime": lambda p, z: {"AcquisitionDateTime": f"20240301{clock(p * STEP_S)}"},
    "AcquisitionTime": timed,
    "AcquisitionTime (merged within 2 s)": lambda p, z: {"AcquisitionTime": clock(p * STEP_S + z)},
    "AcquisitionDateTime (merged within 2 s)": lambda p, z: {"AcquisitionDateTime": f"20240301{clock(p * STEP_S + z)}"},
    "TemporalPositionTimeOffset": lambda p, z: {"TemporalPositionTimeOffset": STEP_S * p},
    "ContentTime": lambda p, z: {"ContentTime": clock(p * STEP_S)},
    "ContentTime (merged within 2 s)": lambda p, z: {"ContentTime": clock(p * STEP_S + z)},
    "SeriesInstanceUID": lambda p, z: {"SeriesInstanceUID": f"1.4.{9 - p}", "SeriesTime": clock(p * STEP_S)},
}


@pytest.mark.parametrize("key", SPLITS)
def test_every_key_can_split_and_gives_phases_in_time_order(key):
    split = split_phases(images(SPLITS[key]))
    assert split.key == key
    assert names(split) == IN_ORDER
    assert split.complete == (True,) * PHASES
    assert [start - split.clock.starts_s[0] for start in split.clock.starts_s] == [0, STEP_S, 2 * STEP_S]
    before = [k.name for k in PHASE_KEYS[: [k.name for k in PHASE_KEYS].index(key)]]
    assert len(split.tried) == len(before)
    assert all(tried.startswith(name) for tried, name in zip(split.tried, before, strict=True))


def test_the_table_covers_every_key():
    assert set(SPLITS) == {key.name for key in PHASE_KEYS}
    assert set(SPLITS) > ORDERED_KEYS


def test_phases_called_by_words_are_put_in_time_order_whatever_their_labels():
    split = split_phases(images(lambda p, z: {**timed(p, z), "AcquisitionNumber": 1, "InstanceNumber": 99 - p}))
    assert names(split) == IN_ORDER


def test_a_stated_order_that_times_contradict_is_passed_over():
    split = split_phases(images(lambda p, z: {**timed(p, z), "TemporalPositionIdentifier": 5 - p}))
    assert split.key == "AcquisitionTime"
    assert split.tried[0] == "TemporalPositionIdentifier leaves no usable phase times"


def test_complete_phases_with_times_come_before_incomplete_ones():
    """The temporal position leaves the last image out, which was acquired a second after its phase; times do not."""

    def attributes(p, z):
        late = (p, z) == (PHASES - 1, SLICES - 1)
        return {"TemporalPositionIdentifier": p + 1 + late, "AcquisitionTime": clock(p * STEP_S + late)}

    split = split_phases(images(attributes))
    assert split.key == "AcquisitionTime (merged within 2 s)"
    assert split.tried[0] == "TemporalPositionIdentifier leaves phases without all slices"
    assert names(split) == IN_ORDER


@pytest.mark.parametrize("lost", range(PHASES))
def test_a_phase_that_lacks_a_slice_is_told(lost):
    split = split_phases([i for i in images(timed) if i.frame.path.name != f"{lost}1"])
    assert split.complete == tuple(p != lost for p in range(PHASES))
    assert len(split.clock.starts_s) == PHASES


def test_phases_without_times_keep_the_order_of_their_labels():
    split = split_phases(images(lambda p, z: {"TemporalPositionIdentifier": 10 - p}))
    assert (split.key, split.clock) == ("TemporalPositionIdentifier", None)
    assert names(split) == IN_ORDER[::-1]
    numbers = split_phases(images(lambda p, z: {"AcquisitionNumber": (2, 10, 100)[p]}))
    assert names(numbers) == IN_ORDER, "as numbers, not as text"


def lacking(*lost):
    return [i for i in images(timed) if i.frame.path.name not in lost]


@pytest.mark.parametrize(
    ("found", "code"),
    [
        pytest.param(images(timed)[:1], ErrorCode.NOT_DYNAMIC, id="one image"),
        pytest.param([image(0, z) for z in range(SLICES)], ErrorCode.NOT_DYNAMIC, id="one volume"),
        pytest.param(images(lambda p, z: {}), ErrorCode.TIME_UNKNOWN, id="nothing differs"),
        pytest.param(
            images(lambda p, z: {"SeriesInstanceUID": f"1.{p // 2}"}), ErrorCode.TIME_UNKNOWN, id="series do not part"
        ),
        pytest.param(
            images(lambda p, z: {"AcquisitionTime": clock(p // 2 * STEP_S)}),
            ErrorCode.DUPLICATE_POSITION,
            id="two at one time",
        ),
        pytest.param(lacking("00", "11"), ErrorCode.MISSING_SLICE, id="one complete phase"),
        pytest.param(
            images(lambda p, z: {"AcquisitionNumber": p * SLICES + z}), ErrorCode.PHASE_AMBIGUOUS, id="no phase whole"
        ),
    ],
)
def test_refusals(found, code):
    with pytest.raises(PhaseError) as caught:
        split_phases(found)
    assert caught.value.code is code


def test_images_beside_each_other_are_no_stack():
    with pytest.raises(GeometryError):
        split_phases(images(lambda p, z: {**timed(p, z), "ImagePositionPatient": (str(p), "0", str(2 * z))}))


@pytest.mark.parametrize(
    ("keyword", "values", "named", "kept"),
    [
        ("ImageType", (("A", "P", "M"), ("A", "P", "X")), "ImageType", "A\\P\\M"),
        ("ASLContext", ("LABEL", "CONTROL"), "ASLContext", "CONTROL"),
        ("RescaleSlope", ("2", "1"), "RescaleSlope", "1"),
    ],
)
def test_one_kind_of_two_is_kept(keyword, values, named, kept):
    both = [i for value in values for i in images(lambda p, z, v=value: {**timed(p, z), keyword: v})]
    split, words = split_one_kind(both)
    assert names(split) == IN_ORDER
    assert {"\\".join(i.header.texts(keyword)) for phase in split.phases for i in phase} == {kept}
    assert words == f"2 images per position and time differ in {named}; {kept} is used"


def test_one_kind_alone_needs_no_sentence():
    assert split_one_kind(images(timed)) == (split_phases(images(timed)), "")


@pytest.mark.parametrize(
    ("second", "code"),
    [
        pytest.param(images(timed), ErrorCode.DUPLICATE_POSITION, id="the same twice"),
        pytest.param(
            images(lambda p, z: {**timed(p, z), "ASLContext": "A"})[:-1], ErrorCode.DUPLICATE_POSITION, id="uneven"
        ),
    ],
)
def test_kinds_that_cannot_be_told_apart_are_refused(second, code):
    with pytest.raises(PhaseError) as caught:
        split_one_kind([*images(timed), *second])
    assert caught.value.code is code


def test_other_refusals_pass_through():
    with pytest.raises(PhaseError) as caught:
        split_one_kind([image(0, z) for z in range(SLICES)])
    assert caught.value.code is ErrorCode.NOT_DYNAMIC
