"""Errors: stable codes, one sentence, and whole after a trip between processes."""

from __future__ import annotations

import copy
import pickle
import re

import pytest

from calcmeasure import errors
from calcmeasure.errors import LEFT_OUT_BY_DESIGN, CalcMeasureError, ErrorCode, PhaseError, SpacingError

KINDS = [
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CalcMeasureError)
]  # fmt: skip

# What a caller may catch without knowing calcmeasure, and the code an error has when none is given.
BUILTIN_AND_CODE = [
    ("DicomReadError", OSError, "E_MALFORMED"),
    ("PixelError", ValueError, "E_PIXELS"),
    ("SpacingError", ValueError, "E_SPACING_UNKNOWN"),
    ("GeometryError", ValueError, "E_GEOMETRY"),
    ("PhaseError", ValueError, "E_PHASE_AMBIGUOUS"),
    ("CriteriaError", KeyError, "E_CRITERIA_UNKNOWN"),
    ("AnnotationError", ValueError, "E_ANNOTATION"),
    ("TableError", ValueError, "E_TABLE"),
    ("DetectorError", KeyError, "E_DETECTOR_UNKNOWN"),
    ("StoreError", OSError, "E_STORE"),
    ("ReadingError", ValueError, "E_DRAFT"),
    ("OutputError", OSError, "E_OUTPUT"),
    ("ClusterError", ConnectionError, "E_CLUSTER"),
]


@pytest.mark.parametrize(("name", "builtin", "code"), BUILTIN_AND_CODE)
def test_each_kind_has_its_builtin_parent_and_its_code(name, builtin, code):
    error = getattr(errors, name)("what was found")
    assert isinstance(error, CalcMeasureError)
    assert isinstance(error, builtin)
    assert error.code == code


def test_the_table_above_is_complete():
    assert {name for name, _, _ in BUILTIN_AND_CODE} == {kind.__name__ for kind in KINDS} - {"CalcMeasureError"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_message_is_shown_as_it_is(kind):
    """KeyError would put quotes around it, OSError would look for an errno."""
    message = "found 'x', expected y; do z"
    error = kind(message)
    assert str(error) == error.message == message


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("carry", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy])
def test_crosses_a_process_boundary_whole(kind, carry):
    error = carry(kind("one sentence", code=ErrorCode.MISSING_SLICE))
    assert type(error) is kind
    assert (error.message, error.code) == ("one sentence", ErrorCode.MISSING_SLICE)


def test_a_given_code_wins_over_the_one_of_the_class():
    assert SpacingError("x", code=ErrorCode.SPACING_HOSTILE).code is ErrorCode.SPACING_HOSTILE
    assert PhaseError("x").code is PhaseError.default_code is ErrorCode.PHASE_AMBIGUOUS


@pytest.mark.parametrize("code", list(ErrorCode))
def test_codes_are_plain_words_behind_e(code):
    assert re.fullmatch(r"E_[A-Z]+(_[A-Z]+)*", code)
    assert str(code) == code.value


def test_codes_are_distinct():
    assert len({code.value for code in ErrorCode}) == len(ErrorCode.__members__)


@pytest.mark.parametrize(
    "code",
    [
        "E_UNREADABLE",
        "E_MALFORMED",
        "E_TRUNCATED",
        "E_BOMB",
        "E_PIXELS",
        "E_UID_CONFLICT",
        "E_PATIENT_CONFLICT",
        "E_MISSING_SLICE",
        "E_SPACING_HOSTILE",
        "E_WORKER_DIED",
        "E_INTERNAL",
    ],
)
def test_damage_is_never_left_out_by_design(code):
    """A run that lost something it should have measured must not end as a full success."""
    assert ErrorCode(code) not in LEFT_OUT_BY_DESIGN


def test_what_nobody_asked_for_is_left_out_by_design():
    assert {
        "E_NOT_DICOM",
        "E_DICOMDIR",
        "E_NOT_IMAGE",
        "E_MODALITY",
        "E_BODY_PART",
        "E_SEGMENTATION",
        "E_DERIVED",
        "E_SCOUT",
        "E_STEREO",
        "E_NOT_DYNAMIC",
        "E_DUPLICATE",
        "E_NOT_PREFERRED",
    } == LEFT_OUT_BY_DESIGN
