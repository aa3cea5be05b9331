from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.sr.coding import Code

from calcmeasure.dicom.header import Header
from calcmeasure.dicom.mammograms import SRT_VALUES, find_laterality, find_view, make_mammogram
from calcmeasure.terms import Laterality, View, ViewModifier


def header(*, view=None, scheme="SCT", modifier=None, **values):
    sequences = {}
    if view:
        inner = {"ViewModifierCodeSequence": (code(modifier, scheme),)} if modifier else {}
        sequences["ViewCodeSequence"] = (Header(Path("f"), "", code(view, scheme).values, inner),)
    texts = {"ImageLaterality": "R", "ViewPosition": "", "SOPInstanceUID": "1.2", "Rows": "4", "Columns": "4"} | values
    return Header(Path("f"), "", {k: tuple(v.split("\\")) for k, v in texts.items() if v}, sequences)


def code(value, scheme):
    return Header(Path("f"), "", {"CodeValue": (value,), "CodingSchemeDesignator": (scheme,)})


@pytest.mark.parametrize(("old", "new"), SRT_VALUES.items())
def test_old_codes_map_as_in_the_dicom_dictionary(old, new):
    assert Code(old, "SRT", "") == Code(new, "SCT", "")


@pytest.mark.parametrize("view", View)
def test_every_view_code_is_read(view):
    assert find_view(header(view=view.code.value)).value is view
    assert make_mammogram(header(view=view.code.value)).usable is view.is_standard


@pytest.mark.parametrize(
    ("options", "view", "flag"),
    [
        ({"view": "R-10224", "scheme": "SRT"}, View.ML, None),
        ({"ViewPosition": "ML"}, View.ML, "view_from_text"),
        ({"ViewPosition": "MLO"}, View.MLO, "view_from_text"),
        ({"view": "399162004", "ViewPosition": "MLO"}, View.CC, "view_conflict"),
        ({"SeriesDescription": "RMLO"}, View.MLO, "view_from_text"),
        ({"ViewPosition": "AT"}, None, "not_standard_view"),
        ({}, None, None),
    ],
)
def test_views(options, view, flag):
    found = find_view(header(**options))
    assert found.value is view
    assert flag is None or flag in found.flags


@pytest.mark.parametrize(
    ("options", "side", "flags"),
    [
        ({"ImageLaterality": "L"}, Laterality.LEFT, ()),
        ({"ImageLaterality": "", "Laterality": "L"}, Laterality.LEFT, ()),
        ({"Laterality": "L"}, Laterality.RIGHT, ("laterality_conflict", "E_LATERALITY")),
        ({"SeriesDescription": "L CC"}, Laterality.RIGHT, ("laterality_conflict",)),
        ({"ImageLaterality": "", "SeriesDescription": "LCC"}, Laterality.LEFT, ("laterality_from_text",)),
        ({"ImageLaterality": ""}, None, ("E_LATERALITY",)),
        ({"ImageLaterality": "B"}, Laterality.BOTH, ("E_LATERALITY",)),
    ],
)
def test_sides(options, side, flags):
    found = find_laterality(header(**options))
    assert (found.value, tuple(found.flags)) == (side, flags)


@pytest.mark.parametrize(
    ("orientation", "usable"), [("P\\FL", True), ("A\\FL", True), ("A\\FR", False), ("P\\HR", True), ("A\\F", True)]
)
def test_oblique_orientation_must_agree_with_the_side(orientation, usable):
    assert make_mammogram(header(view="399368009", PatientOrientation=orientation)).usable is usable


@pytest.mark.parametrize(
    ("modifier", "kind", "usable"),
    [
        ("399163009", ViewModifier.MAGNIFICATION, False),
        ("399055006", ViewModifier.SPOT_COMPRESSION, False),
        ("399209000", ViewModifier.IMPLANT_DISPLACED, True),
    ],
)
def test_modifiers(modifier, kind, usable):
    image = make_mammogram(header(view="399162004", modifier=modifier))
    assert (image.modifiers, image.usable) == ((kind,), usable)


def test_partial_view_is_flagged_and_measured():
    image = make_mammogram(header(view="399162004", PartialView="YES"))
    assert image.usable
    assert "partial_view" in image.flags
