"""What a dynamic series says about a lesion, there and back."""

from __future__ import annotations

import json

import pytest

from calcmeasure.errors import AnnotationError
from calcmeasure.model.enhancement import (
    BackgroundEnhancement,
    FunctionalVolume,
    LesionEnhancement,
    LesionUptake,
    PhaseDiameter,
    PhaseMotion,
)
from calcmeasure.store.annotation_files import read_annotations, write_annotations
from calcmeasure.store.annotation_json import annotation_to_json
from calcmeasure.store.enhancement_json import enhancement_from_json, enhancement_to_json
from calcmeasure.terms.enhancement import BackgroundLevel, DelayedCourse, InitialRise
from factories import outline

FULL = LesionEnhancement(
    detector="largest-lesion",
    uptake=LesionUptake(120.0, 180.0, 1.2, 12.5, 90.0, InitialRise.FAST, DelayedCourse.WASHOUT),
    functional=FunctionalVolume(812.5, 2, 4, {"percent": 70.0, "neighbours": 4}),
    background=BackgroundEnhancement(17.0, 6.0, 210.0),
    background_level=BackgroundLevel.MILD,
    background_rule="own-10-25-50",
    at_phases=(PhaseDiameter(1, 19.5), PhaseDiameter(3, None)),
    motion=(PhaseMotion(0, 0.4, 0.2, 1.8), PhaseMotion(3, 0.1, 0.1, 0.0, "below noise")),
    volume_change=-0.004,
    parameters={"region_percentile": 95.0},
)


@pytest.mark.parametrize("value", [FULL, LesionEnhancement("d"), LesionEnhancement("d", LesionUptake(1.0, 2.0))])
def test_there_and_back(value):
    assert enhancement_from_json(json.loads(json.dumps(enhancement_to_json(value)))) == value


def test_nothing_known_is_nothing_written():
    assert enhancement_to_json(LesionEnhancement("d")) == {"detector": "d"}
    assert "enhancement" not in annotation_to_json(outline())
    assert enhancement_from_json(None) is None


def test_fields_of_others_are_kept_through_a_file(tmp_path):
    path = tmp_path / "a.json"
    write_annotations(path, patient_id="P", reader="auto", annotations=[outline(enhancement=FULL)])
    content = json.loads(path.read_text())
    content["annotations"][0]["enhancement"]["x_ktrans"] = 0.3
    path.write_text(json.dumps(content))
    (back,) = read_annotations(path).annotations
    assert back.enhancement == FULL
    assert annotation_to_json(back)["enhancement"]["x_ktrans"] == 0.3


@pytest.mark.parametrize(
    ("name", "value"),
    [("uptake", {"early_percent": "much", "peak_percent": 1.0}), ("background_level", "huge"), ("mask_sha256", "7")],
)
def test_what_does_not_follow_the_schema_is_named(tmp_path, name, value):
    path = tmp_path / "a.json"
    write_annotations(path, patient_id="P", reader="auto", annotations=[outline(enhancement=FULL)])
    content = json.loads(path.read_text())
    content["annotations"][0]["enhancement"][name] = value
    path.write_text(json.dumps(content))
    with pytest.raises(AnnotationError, match=rf"enhancement\.{name}"):
        read_annotations(path)
