"""Look-up tables of a header: as numbers, words or bytes, in either byte order, and what is not a table."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from calcmeasure.dicom.header import Header
from calcmeasure.dicom.lookup_tables import read_lookup_table

OUTPUTS = np.array([0, 1, 300, 4000, 4095, 2])
VOI, MODALITY = "VOILUTSequence", "ModalityLUTSequence"


def header(tmp_path, *items, keyword=VOI, syntax=ExplicitVRLittleEndian):
    """Header of a written file: tables of VR OW are read from the file itself."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.2", "1.2.3"
    dataset.PixelRepresentation = 0
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    setattr(dataset, keyword, list(items))
    path = tmp_path / "image.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return Header.read(path)


def table(descriptor=(6, 100, 12), data=OUTPUTS, *, form="US", order="<", descriptor_vr="US"):
    item = Dataset()
    if descriptor is not None:
        item.add_new("LUTDescriptor", descriptor_vr, list(descriptor))
    if form == "US":
        item.add_new("LUTData", "US", [int(v) for v in data])
    elif form is not None:
        item.add_new("LUTData", "OW", np.asarray(data).astype(f"{order}u2" if form == "OW" else "u1").tobytes())
    return item


@pytest.mark.parametrize("keyword", [VOI, MODALITY])
@pytest.mark.parametrize("form", ["US", "OW"])
@pytest.mark.parametrize(
    ("syntax", "order"),
    [(ExplicitVRLittleEndian, "<"), (ImplicitVRLittleEndian, "<"), (ExplicitVRBigEndian, ">")],
)
def test_words_and_numbers_in_either_byte_order(tmp_path, keyword, form, syntax, order):
    found = header(tmp_path, table(form=form, order=order), keyword=keyword, syntax=syntax)
    read = read_lookup_table(found, keyword, signed_input=False)
    np.testing.assert_array_equal(read.outputs, OUTPUTS)
    assert (read.first, read.bits, read.outputs.dtype) == (100, 12, np.uint16)


def test_one_byte_per_entry(tmp_path):
    found = header(tmp_path, table((6, 0, 8), [0, 1, 128, 200, 254, 255], form="bytes"))
    read = read_lookup_table(found, VOI, signed_input=False)
    assert read.outputs.tolist() == [0, 1, 128, 200, 254, 255]
    assert read.bits == 8


@pytest.mark.parametrize("form", ["US", "OW"])
def test_more_data_than_entries_is_cut(tmp_path, form):
    read = read_lookup_table(header(tmp_path, table((4, 0, 12), form=form)), VOI, signed_input=False)
    np.testing.assert_array_equal(read.outputs, OUTPUTS[:4])


def test_zero_entries_mean_65536(tmp_path):
    """PS3.3 C.11.2.1.1: the number of entries does not fit its 16 bits."""
    data = np.arange(65536)[::-1]
    read = read_lookup_table(header(tmp_path, table((0, 0, 16), data, form="OW")), VOI, signed_input=False)
    np.testing.assert_array_equal(read.outputs, data)
    assert read_lookup_table(header(tmp_path, table((0, 0, 16), form="OW")), VOI, signed_input=False) is None


@pytest.mark.parametrize(
    ("first", "signed", "expected"),
    [(100, False, 100), (65436, False, 65436), (32767, True, 32767), (32768, True, -32768), (65436, True, -100)],
)
def test_the_first_mapped_value_is_signed_where_pixels_are(tmp_path, first, signed, expected):
    assert read_lookup_table(header(tmp_path, table((6, first, 12))), VOI, signed_input=signed).first == expected


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(table(None), id="no descriptor"),
        pytest.param(table((6, 0)), id="two numbers"),
        pytest.param(table((6, 0, 0)), id="no bits"),
        pytest.param(table((6, 0, 17)), id="17 bits"),
        pytest.param(table(form=None), id="no data"),
        pytest.param(table((7, 0, 12)), id="too few numbers"),
        pytest.param(table((13, 0, 12), form="OW"), id="too few words and bytes"),
    ],
)
def test_what_is_not_a_table(tmp_path, item):
    assert read_lookup_table(header(tmp_path, item), VOI, signed_input=False) is None


def test_only_the_first_of_several_and_only_the_named_sequence(tmp_path):
    found = header(tmp_path, table((6, 5, 12)), table((6, 9, 12)))
    assert read_lookup_table(found, VOI, signed_input=False).first == 5
    assert read_lookup_table(found, MODALITY, signed_input=False) is None
    assert read_lookup_table(header(tmp_path), VOI, signed_input=False) is None
