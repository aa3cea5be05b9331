from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from calcmeasure.dicom.compact import read_compact
from calcmeasure.dicom.guard import read_guarded
from calcmeasure.dicom.header import Header
from calcmeasure.dicom.scan import FoundFile, scan_file, walk_sources
from calcmeasure.errors import ErrorCode
from calcmeasure.model.imaging import Skipped

TEXT = st.text("ABCabc ^-_.019", min_size=0, max_size=40)
DECIMAL = st.floats(-1e4, 1e4, allow_nan=False).map(lambda x: f"{x:.6g}"[:16])
ELEMENTS = {
    "ImageType": st.lists(st.sampled_from(["ORIGINAL", "PRIMARY", "M", ""]), max_size=5),
    "SeriesDescription": TEXT,
    "PatientName": st.sampled_from(["Doe^Ann", "Müller^Jörg", "Wang^XiaoDong=王^小東", ""]),
    "PatientComments": TEXT,
    "AcquisitionTime": st.sampled_from(["101500", "101500.25", ""]),
    "TriggerTime": DECIMAL,
    "ImagePositionPatient": st.lists(DECIMAL, min_size=3, max_size=3),
    "FrameIncrementPointer": st.just(0x00181063),
    "Rows": st.integers(0, 65535),
    "SmallestImagePixelValue": st.integers(0, 30000),
    "DiffusionBValue": st.floats(0, 1e4, allow_nan=False),
    "FlipAngle": DECIMAL,
    "WindowCenterWidthExplanation": TEXT,
}


def nested(depth: int, *, undefined: bool) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodeMeaning = "1", "x" * depth
    if depth:
        inner = nested(depth - 1, undefined=undefined)
        inner.is_undefined_length_sequence_item = undefined
        item.ConceptCodeSequence = [inner]
        item["ConceptCodeSequence"].is_undefined_length = undefined
    return item


def write(path, elements, *, syntax=ExplicitVRLittleEndian, depth=0, undefined=False, private=0):
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    dataset.PixelRepresentation = 0
    if depth:
        dataset.AnatomicRegionSequence = [nested(depth, undefined=undefined)]
        dataset["AnatomicRegionSequence"].is_undefined_length = undefined
    if private:
        block = dataset.private_block(0x0019, "VENDOR", create=True)
        block.add_new(1, "OB", b"\x01" * private)
    dataset.PixelData = b"\0" * 64
    dataset["PixelData"].VR = "OW"
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2", generate_uid(entropy_srcs=["x"])
    little = syntax != ExplicitVRBigEndian
    implicit = syntax == ImplicitVRLittleEndian
    file = FileDataset(
        path, dataset, file_meta=meta, preamble=b"\0" * 128, is_implicit_VR=implicit, is_little_endian=little
    )
    file.save_as(path, enforce_file_format=True)
    return path


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    elements=st.fixed_dictionaries({}, optional=ELEMENTS),
    syntax=st.sampled_from([ExplicitVRLittleEndian, ImplicitVRLittleEndian]),
    depth=st.integers(0, 4),
    undefined=st.booleans(),
    private=st.sampled_from([0, 10, 9000, 40000]),
)
def test_fast_walk_equals_the_complete_parser(tmp_path, elements, syntax, depth, undefined, private):
    path = write(tmp_path / "f", elements, syntax=syntax, depth=depth, undefined=undefined, private=private)
    complete, pixels = read_guarded(path)
    found = read_compact(path, path.stat().st_size)
    if found is None:
        assert private or syntax == ImplicitVRLittleEndian
        return
    fast, fast_pixels = found
    wanted = {k for k in complete.values if tag_for_keyword(k) <= 0x0028FFFF}
    assert set(fast.values) == wanted
    assert {k: fast.texts(k) for k in wanted} == {k: complete.texts(k) for k in wanted}
    assert fast.transfer_syntax == complete.transfer_syntax
    assert not fast_pixels.found or fast_pixels == pixels


def test_ordinary_files_take_the_fast_path(tmp_path):
    elements = {"Rows": 4, "SeriesDescription": "dyn"}
    for undefined in (False, True):
        path = write(tmp_path / "f", elements, depth=3, undefined=undefined, private=20000)
        header, pixels = read_compact(path, path.stat().st_size)
        assert header.text("SeriesDescription") == "dyn"
        assert pixels.length in (64, None)


@pytest.mark.parametrize("cut", range(0, 700, 13))
def test_a_cut_file_never_gives_a_wrong_value(tmp_path, cut):
    path = write(tmp_path / "f", {"SeriesDescription": "dyn", "Rows": 4, "FlipAngle": "12"}, depth=2, undefined=True)
    whole = path.read_bytes()
    path.write_bytes(whole[: max(0, len(whole) - cut)])
    found = read_compact(path, path.stat().st_size)
    if found is not None:
        assert found[0].text("Rows") == "4"
        assert found[0].text("FlipAngle") == "12"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(132, 500), junk=st.binary(min_size=1, max_size=8))
def test_flipped_bytes_never_crash_the_scan(tmp_path, at, junk):
    path = write(tmp_path / "f", {"SeriesDescription": "dyn", "Rows": 4, "Modality": "MR"}, depth=2, undefined=True)
    raw = bytearray(path.read_bytes())
    raw[at : at + len(junk)] = junk
    path.write_bytes(raw)
    assert isinstance(scan_file(path, size=len(raw)), (Header, Skipped))


def test_unusual_files_are_left_to_the_complete_parser(tmp_path):
    path = write(tmp_path / "big", {"Rows": 4}, syntax=ExplicitVRBigEndian)
    assert read_compact(path, path.stat().st_size) is None
    bare = tmp_path / "bare"
    bare.write_bytes(path.read_bytes()[132:])
    assert read_compact(bare, bare.stat().st_size) is None


def test_compact_values_travel_and_behave_as_a_mapping(tmp_path):
    path = write(tmp_path / "f", {"Rows": 4, "SeriesDescription": ""}, depth=1)
    header, _ = read_compact(path, path.stat().st_size)
    copy = pickle.loads(pickle.dumps(header))
    assert copy == header
    assert "SeriesDescription" in header
    assert header.values["SeriesDescription"] == ()
    assert "AnatomicRegionSequence" not in header.values
    assert "NoSuchKeyword" not in header
    assert len(header.values) == len(list(header.values))


def test_walk_lists_each_file_once_in_order_and_leaves_links_and_pipes_closed(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    (inside / "b").mkdir(parents=True)
    outside.mkdir()
    for path in (inside / "z", inside / "a", inside / "b" / "c", outside / "secret"):
        path.write_bytes(b"x")
    (inside / "loop").symlink_to(inside)
    (inside / "leak").symlink_to(outside / "secret")
    (inside / "broken").symlink_to(inside / "none")
    (inside / "again").symlink_to(inside / "z")
    os.mkfifo(inside / "pipe")
    entries = list(walk_sources([inside]))
    found = [Path(e.path).name for e in entries if isinstance(e, FoundFile)]
    left = {e.path.name: e.code for e in entries if isinstance(e, Skipped)}
    assert sorted(found) == ["a", "again", "c"] or sorted(found) == ["a", "c", "z"]
    assert left.keys() >= {"loop", "leak", "broken", "pipe"}
    assert set(left.values()) <= {ErrorCode.UNREADABLE, ErrorCode.DUPLICATE}
