"""Slices that state the same share one layout; slices that do not, never."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from calcmeasure.dicom.frame_layout import read_layout
from calcmeasure.dicom.header import Header
from calcmeasure.dicom.plain_slices import Rescale, plain_slices, stated_rescale
from calcmeasure.errors import ErrorCode, PhaseError, PixelError

SHAPE = (6, 8)


def write(path, *, syntax=ExplicitVRLittleEndian, private_bytes=0, after=b"", **changes):
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian if syntax == RLELossless else syntax
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.Modality = "1.2.840.10008.5.1.4.1.1.4", "1.2.3", "MR"
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = *SHAPE, 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    if private_bytes:
        dataset.private_block(0x0029, "VENDOR", create=True).add_new(0x10, "OB", bytes(private_bytes))
    dataset.PixelData = np.arange(SHAPE[0] * SHAPE[1], dtype="<u2").tobytes()
    dataset["PixelData"].VR = "OW"
    if after:
        dataset.add_new(0xFFFCFFFC, "OB", after)
    if syntax == RLELossless:
        dataset.compress(RLELossless)
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("private_bytes", [0, 300, 40_000])
def test_layout_equals_that_of_the_complete_parser(tmp_path, syntax, private_bytes):
    path = write(tmp_path / "a", syntax=syntax, private_bytes=private_bytes)
    (found,) = plain_slices([path])
    assert found is not None
    assert found.layout == read_layout(path)[1]
    assert found.rescale is None


@pytest.mark.parametrize("private_bytes", [0, 40_000])
def test_equal_slices_share_one_layout(tmp_path, private_bytes):
    paths = [write(tmp_path / n, private_bytes=private_bytes, InstanceNumber=n) for n in ("1", "2")]
    first, second = plain_slices(paths)
    assert first is second


@pytest.mark.parametrize(
    "changes",
    [
        {"BitsStored": 10, "HighBit": 9},
        {"HighBit": 15},
        {"PixelRepresentation": 1},
        {"Rows": 8, "Columns": 6},
        {"RescaleSlope": "2", "RescaleIntercept": "0"},
        {"SOPInstanceUID": "1.2.345678"},
        {"syntax": ImplicitVRLittleEndian},
    ],
    ids=str,
)
def test_slices_that_state_something_else_have_their_own(tmp_path, changes):
    other = write(tmp_path / "b", **changes)
    _, found = plain_slices([write(tmp_path / "a"), other])
    assert found is not None
    assert found.layout == read_layout(other)[1]
    assert found.rescale == stated_rescale(Header.read(other))


def test_rescale_is_that_of_each_slice(tmp_path):
    scales = [("1.5", "0"), ("2.5", "-4"), ("1.5", "0")]
    paths = [
        write(tmp_path / str(i), RescaleSlope=slope, RescaleIntercept=intercept)
        for i, (slope, intercept) in enumerate(scales)
    ]
    assert [found.rescale for found in plain_slices(paths)] == [
        Rescale(1.5, 0.0),
        Rescale(2.5, -4.0),
        Rescale(1.5, 0.0),
    ]


@pytest.mark.parametrize("private_bytes", [0, 40_000])
def test_a_cut_file_does_not_borrow_the_layout_of_a_whole_one(tmp_path, private_bytes):
    """Next to the pixels the length lies; far from them they are not found at the end, so the parser decides."""
    whole = write(tmp_path / "a", private_bytes=private_bytes)
    cut = write(tmp_path / "b", private_bytes=private_bytes)
    cut.write_bytes(cut.read_bytes()[:-20])
    if private_bytes:
        assert plain_slices([whole, cut])[1] is None
        return
    with pytest.raises(PixelError) as caught:
        plain_slices([whole, cut])
    assert caught.value.code is ErrorCode.TRUNCATED


@pytest.mark.parametrize(
    "changes",
    [{"NumberOfFrames": "1"}, {"private_bytes": 40_000, "after": bytes(12)}],
    ids=["frames are counted", "something follows far-away pixels"],
)
def test_what_is_not_ordinary_is_left_to_the_complete_parser(tmp_path, changes):
    assert plain_slices([write(tmp_path / "a"), write(tmp_path / "b", **changes)])[1] is None


def test_a_compressed_slice_is_not_native(tmp_path):
    (found,) = plain_slices([write(tmp_path / "a", syntax=RLELossless)])
    assert found is None or not found.layout.is_native


def test_no_dicom(tmp_path):
    (tmp_path / "a").write_bytes(b"no image")
    assert plain_slices([tmp_path / "a"]) == [None]


def test_more_files_than_one_batch(tmp_path):
    paths = [write(tmp_path / str(i), RescaleSlope=str(1 + i % 3), RescaleIntercept="0") for i in range(70)]
    assert [found.rescale.slope for found in plain_slices(paths)] == [1 + i % 3 for i in range(70)]
    assert plain_slices([]) == []


def test_a_file_that_is_gone(tmp_path):
    with pytest.raises(PixelError) as caught:
        plain_slices([tmp_path / "a"])
    assert caught.value.code is ErrorCode.UNREADABLE


@pytest.mark.parametrize("slope", ["0", "-1"])
def test_an_impossible_slope(tmp_path, slope):
    path = write(tmp_path / "a", RescaleSlope=slope, RescaleIntercept="0")
    with pytest.raises(PhaseError) as caught:
        plain_slices([path])
    assert caught.value.code is ErrorCode.SCALING
