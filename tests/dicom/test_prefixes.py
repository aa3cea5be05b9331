"""The batched scan must say what the complete parser says, file by file."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.datadict import tag_for_keyword

from calcmeasure.dicom import index as index_module
from calcmeasure.dicom.compact import CompactHeader
from calcmeasure.dicom.header import Header
from calcmeasure.dicom.index import index_folder
from calcmeasure.dicom.prefixes import PrefixReader
from calcmeasure.dicom.scan import FoundFile, scan_file, scan_files, scan_whole, walk_sources
from calcmeasure.errors import ErrorCode
from calcmeasure.model.imaging import Skipped
from calcmeasure.phantom import dataset
from calcmeasure.phantom.dynamic import examination as dce
from calcmeasure.phantom.dynamic import writer as mr_writer


@pytest.fixture(scope="module")
def dynamic():
    spec = dataclasses.replace(dce.DceSpec(), shape=(4, 40, 64), spacing_zrc_mm=(15.0, 3.2, 3.0), lesions=())
    return dce.synthesize_dce(spec, rng=1)


@pytest.fixture(scope="module", params=["GE", "SIEMENS", "PHILIPS", "ENHANCED"])
def study_folder(request, dynamic, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    person = dataset.PatientInfo(
        **{f.name: "P1" for f in dataclasses.fields(dataset.PatientInfo) if f.default is dataclasses.MISSING}
    )
    study = dataset.StudyInfo(person, "1.2.3", date(2024, 3, 1))
    vendor = mr_writer.Vendor(request.param)
    mr_writer.write_dce_study(dynamic, folder, study=study, uids=dataset.UidFactory(1), vendor=vendor)
    return folder


def found_in(folder) -> list[FoundFile]:
    return [entry for entry in walk_sources([folder]) if isinstance(entry, FoundFile)]


def facts(result: Header | Skipped) -> object:
    """What both ways of reading must agree on: the fast one stops after group 0028 and reads no sequences."""
    if isinstance(result, Skipped):
        return result
    wanted = sorted(k for k in result.values if tag_for_keyword(k) <= 0x0028FFFF)
    return result.path, result.transfer_syntax, {k: result.texts(k) for k in wanted}


def scan_each_whole(files, **_options):
    return [scan_whole(Path(file.path)) for file in files]


def test_every_vendor_reads_as_by_the_complete_parser(study_folder):
    files = found_in(study_folder)
    fast = scan_files(files)
    assert [facts(r) for r in fast] == [facts(scan_whole(r.path)) for r in fast]
    if len(files) > 1:
        assert all(isinstance(r, CompactHeader) for r in fast)


def test_index_is_the_same_by_either_way(study_folder, monkeypatch):
    fast = index_folder([study_folder])
    monkeypatch.setattr(index_module, "scan_files", scan_each_whole)
    assert index_folder([study_folder]) == fast
    assert fast.counts["used"] > 0


def test_index_is_the_same_from_the_cache(study_folder, tmp_path):
    first = index_folder([study_folder], cache=tmp_path / "cache")
    again = index_folder([study_folder], cache=tmp_path / "cache")
    assert again.counts["cached"] == first.counts["seen"]
    assert again == dataclasses.replace(first, counts=again.counts)


def damaged(folder: Path, target: Path) -> Path:
    """Slices of one series, most with something wrong, among sound ones."""
    sources = sorted(folder.rglob("*.dcm"))[:12]
    for number, source in enumerate(sources):
        slice_ = pydicom.dcmread(source)
        for name, change in DAMAGE.items():
            copy = pydicom.dcmread(source)
            change(copy)
            copy.save_as(target / f"{number:02d} {name}")
        slice_.save_as(target / f"{number:02d} sound")
        raw = source.read_bytes()
        for cut in (3, 60, len(raw) // 2, len(raw) - 700, len(raw) - 140):
            (target / f"{number:02d} cut {cut:06d}").write_bytes(raw[:-cut])
    return target


def blank_uid(slice_):
    slice_.SOPInstanceUID = ""


def wrong_rows(slice_):
    slice_.Rows = int(slice_.Rows) + 1


def colour(slice_):
    slice_.PhotometricInterpretation = "RGB"


def localizer(slice_):
    slice_.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]


def diffusion(slice_):
    slice_.DiffusionBValue = 800.0


def subtraction(slice_):
    slice_.SpecificCharacterSet, slice_.SeriesDescription = "ISO_IR 192", "déjà SUB"


def large_comment(slice_):
    slice_.PatientComments = "x" * 9000


def no_modality(slice_):
    del slice_.Modality


DAMAGE = {
    f.__name__: f
    for f in (blank_uid, wrong_rows, colour, localizer, diffusion, subtraction, large_comment, no_modality)
}


@pytest.mark.parametrize("study_folder", ["GE"], indirect=True)
def test_damaged_slices_among_sound_ones_are_judged_as_alone(study_folder, tmp_path):
    files = found_in(damaged(study_folder, tmp_path))
    fast = scan_files(files)
    assert [facts(r) for r in fast] == [facts(scan_whole(Path(f.path))) for f in files]
    assert [facts(r) for r in scan_files(files[::-1])[::-1]] == [facts(r) for r in fast]
    names = {Path(f.path).name[3:] for f, r in zip(files, fast, strict=True) if isinstance(r, Header)}
    assert names == {"sound", "large_comment"}
    codes = {r.code for r in fast if isinstance(r, Skipped)}
    assert codes >= {ErrorCode.NO_SOP_UID, ErrorCode.SIZE_LIE, ErrorCode.TRUNCATED, ErrorCode.SCOUT, ErrorCode.MODALITY}


@pytest.mark.parametrize("study_folder", ["SIEMENS"], indirect=True)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.lists(st.integers(132, 1500), min_size=1, max_size=3), junk=st.binary(min_size=1, max_size=3))
def test_a_file_is_judged_alike_whatever_stood_before_it(study_folder, tmp_path, at, junk):
    sound = sorted(study_folder.rglob("*.dcm"))[0].read_bytes()
    raw = bytearray(sound)
    for offset in at:
        raw[offset : offset + len(junk)] = junk
    for name, content in (("a", sound), ("b", raw), ("c", sound)):
        (tmp_path / name).write_bytes(content)
    files = found_in(tmp_path)
    together = [facts(r) for r in scan_files(files)]
    assert together == [facts(scan_file(Path(f.path), size=f.size)) for f in files]


@pytest.mark.parametrize("study_folder", ["GE"], indirect=True)
def test_batches_of_any_size_read_the_same(study_folder):
    pairs = [(f.path, f.size) for f in found_in(study_folder)]
    one_by_one = PrefixReader(n_files=1).read(pairs)
    assert PrefixReader(n_files=5).read(pairs) == one_by_one
    assert PrefixReader(n_files=100).read(pairs) == one_by_one
    assert [PrefixReader(n_files=0).read_one(*pair) for pair in pairs] == one_by_one
    assert PrefixReader(n_files=5).read([]) == []


def test_keys_hold_the_wanted_elements_and_the_presence_of_identifiers(study_folder):
    first = found_in(study_folder)[0]
    tags = {"key_tags": [tag_for_keyword("Modality")], "needed_tags": [tag_for_keyword("SOPInstanceUID")]}
    walked = PrefixReader(**tags).read([(first.path, first.size)])[0]
    length, key, present = walked.key[:8], walked.key[8:-1], walked.key[-1]
    assert np.frombuffer(length, "<i8")[0] == walked.pixel_length
    assert key == np.array([0x00080060], "<u4").tobytes() + b"CS" + b"\2\0\0\0MR"
    assert present == 1


def test_what_cannot_be_read_is_left_to_the_complete_parser(tmp_path):
    (tmp_path / "text").write_text("not DICOM")
    pairs = [(str(tmp_path / "gone"), 10), (str(tmp_path / "text"), 9), (str(tmp_path), 4096)]
    assert PrefixReader().read(pairs) == [None, None, None]
    with pytest.raises(OSError, match="gone"):
        PrefixReader().read_one(*pairs[0])
