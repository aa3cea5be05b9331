"""What was drawn: measurable or not, equal by value, whole after a copy."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from calcmeasure.errors import ErrorCode
from calcmeasure.model.annotation import Annotation, ImageReference, PhaseReference
from calcmeasure.terms import Flag, GeometryKind, Method, Modality, Quantity
from factories import marks, outline


@pytest.mark.parametrize(
    ("flags", "measurable"),
    [
        ((), True),
        ((Flag.DETECTOR_PLANE.value,), True),
        (tuple(flag.value for flag in Flag), True),
        ((ErrorCode.NOT_MEASURABLE.value,), False),
        ((Flag.DETECTOR_PLANE.value, ErrorCode.SPACING_UNKNOWN.value), False),
        (("e_lower", "some E_ inside"), True),
    ],
)
def test_a_reason_code_makes_it_not_measurable(flags, measurable):
    assert marks(flags=flags).measurable is measurable


@pytest.mark.parametrize("make", [marks, outline])
def test_without_spacing_nothing_is_measurable(make):
    annotation = make()
    assert annotation.measurable
    assert not replace(annotation, image=replace(annotation.image, spacing=None)).measurable


def test_nothing_there_is_still_measurable():
    """No point means looked for and not found: 0 mm, which is a measurement."""
    assert marks(points=()).measurable


def test_defaults_say_that_nobody_touched_it():
    bare = Annotation(
        "a",
        "R-C1",
        "baseline",
        "",
        Modality.MG,
        None,
        Quantity.CALCIFICATION_EXTENT,
        GeometryKind.MARKS,
        (),
        ImageReference("1", "2", 0, 4, 5, None),
    )
    assert bare.method is Method.AUTO
    assert (bare.view, bare.phase, bare.confidence, bare.volume_mm3, bare.diameter_3d_mm) == (None,) * 5
    assert (bare.flags, bare.mark_diameters_mm, dict(bare.extra), bare.image.study_uid) == ((), (), {}, "")


def test_two_annotations_never_share_their_unknown_fields():
    assert marks().extra is not marks().extra


@pytest.mark.parametrize(
    ("value", "field"), [(marks(), "flags"), (outline(), "points"), (PhaseReference(1, None, "reader"), "time_s")]
)
def test_is_a_value(value, field):
    assert pickle.loads(pickle.dumps(value)) == value
    with pytest.raises(FrozenInstanceError):
        setattr(value, field, None)
