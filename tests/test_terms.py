"""The vocabulary: DICOM codes with their source, and words that tables and files rely on."""

from __future__ import annotations

import re

import pytest
from pydicom.sr import codedict

from calcmeasure.errors import ErrorCode
from calcmeasure.terms import (
    Distribution,
    ExtentChange,
    Flag,
    GeometryKind,
    Laterality,
    Method,
    Modality,
    Morphology,
    Quantity,
    Response,
    View,
    ViewModifier,
)

CODED = [*View, *ViewModifier, *Morphology, *Distribution]


@pytest.mark.parametrize("term", CODED)
def test_every_coded_term_has_a_code(term):
    code = term.code
    assert code.scheme in ("SCT", "DCM")
    assert re.fullmatch(r"\d{6,9}", code.value)
    assert code.meaning.replace("-", " ").split()


def test_no_two_terms_share_a_code():
    assert len({term.code.value for term in CODED}) == len(CODED)


@pytest.mark.parametrize(
    ("view", "value"),
    [
        (View.CC, "399162004"),
        (View.MLO, "399368009"),
        (View.ML, "399260004"),
        (View.LM, "399352003"),
        (View.LMO, "399099002"),
        (View.XCCL, "399192008"),
        (View.XCCM, "399101009"),
    ],
)
def test_view_codes(view, value):
    """PS3.16 CID 4014, SNOMED CT column."""
    assert view.code.value == value


@pytest.mark.parametrize(
    ("modifier", "value"),
    [
        (ViewModifier.MAGNIFICATION, "399163009"),
        (ViewModifier.SPOT_COMPRESSION, "399055006"),
        (ViewModifier.IMPLANT_DISPLACED, "399209000"),
    ],
)
def test_modifier_codes(modifier, value):
    """PS3.16 CID 4015, SNOMED CT column."""
    assert modifier.code.value == value


@pytest.mark.parametrize(
    ("group", "context"),
    [(View, "CID4014"), (ViewModifier, "CID4015"), (Morphology, "CID6010"), (Distribution, "CID6012")],
)
def test_codes_are_members_of_their_context_group(group, context):
    """Against the dictionary that comes with pydicom."""
    members = getattr(codedict.codes, context.lower())
    known = {(getattr(members, name).value, getattr(members, name).scheme_designator) for name in members.dir()}
    assert {(term.code.value, term.code.scheme) for term in group} <= known


def test_only_cc_and_mlo_are_measured():
    assert {view for view in View if view.is_standard} == {View.CC, View.MLO}


def test_each_quantity_is_defined_on_one_modality():
    assert Quantity.CALCIFICATION_EXTENT.modality is Modality.MG
    assert Quantity.LESION_DIAMETER.modality is Modality.MR


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Modality, {"MG", "MR"}),
        (Laterality, {"R", "L", "B"}),
        (Quantity, {"calcification_extent", "lesion_diameter"}),
        (Method, {"auto", "manual", "edited"}),
        (GeometryKind, {"caliper", "outline", "marks", "mask-reference"}),
        (ExtentChange, {"increase", "decrease", "unchanged", "not_comparable"}),
        (Response, {"CR", "PR", "SD", "PD", "NE"}),
    ],
)
def test_words_in_tables_are_stable(kind, words):
    """They are part of the file formats: changing one breaks every saved table."""
    assert {str(member) for member in kind} == words


def test_flags_can_never_be_taken_for_reason_codes():
    """`E_...` makes a finding not measurable; an advisory flag must not look like it."""
    assert not any(flag.startswith("E_") for flag in Flag)
    assert not {flag.value for flag in Flag} & {code.value for code in ErrorCode}
    assert len({flag.value for flag in Flag}) == len(Flag.__members__)


@pytest.mark.parametrize("flag", list(Flag))
def test_flags_fit_a_semicolon_list(flag):
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", flag)
