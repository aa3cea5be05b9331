"""Saved annotations: round trips, unknown fields, the schema, and hostile files."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calcmeasure import terms
from calcmeasure.errors import AnnotationError, ErrorCode, OutputError
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.model.annotation import Annotation, ImageReference, MarkEvidence, PhaseReference
from calcmeasure.store.annotation_files import annotation_schema, read_annotations, write_annotations
from calcmeasure.terms import (
    Distribution,
    GeometryKind,
    Laterality,
    LesionRelation,
    LesionType,
    Method,
    Modality,
    Morphology,
    Quantity,
    View,
)

MARKS = Annotation(
    annotation_id="m1",
    lesion_id="c1",
    timepoint="baseline",
    study_date="2020-01-02",
    modality=Modality.MG,
    laterality=Laterality.LEFT,
    quantity=Quantity.CALCIFICATION_EXTENT,
    geometry=GeometryKind.MARKS,
    points=((0.1, 0.2), (30.25, 40.5)),
    image=ImageReference("1.2.3", "1.2", 0, 200, 100, Spacing(0.07, 0.07, SpacingSource.DETECTOR), study_uid="1.1"),
    view=View.CC,
    mark_diameters_mm=(0.3, 0.4),
    flags=("detector_plane",),
)


def save(path: Path, *annotations: Annotation, **extra: object) -> Path:
    write_annotations(path, patient_id="P1", reader="R1", annotations=annotations, **extra)
    return path


def document(tmp_path: Path) -> dict:
    return json.loads(save(tmp_path / "a.json", MARKS).read_text())


def refused(tmp_path: Path, content: object, match: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(AnnotationError, match=match) as caught:
        read_annotations(path)
    assert caught.value.code is ErrorCode.ANNOTATION


texts = st.text(max_size=12)
names = st.text(min_size=1, max_size=12)
numbers = st.floats(-1e6, 1e6, allow_nan=False)
lengths = st.floats(0.01, 5.0)
spacings = st.none() | st.builds(
    Spacing, lengths, lengths, st.sampled_from(SpacingSource), st.none() | lengths, st.none() | st.floats(1.0, 2.5)
)
plain_values = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | numbers | texts
json_values = plain_values | st.lists(plain_values, max_size=3) | st.dictionaries(texts, plain_values, max_size=3)
unknown = st.dictionaries(texts.map(lambda text: f"x_{text}"), json_values, max_size=2)


evidence = st.builds(MarkEvidence, st.floats(0.0, 1.0), st.none() | numbers, st.none() | numbers)


@st.composite
def annotations(draw):
    size = draw(st.sampled_from([2, 3]))
    points = draw(st.lists(st.tuples(*[numbers] * size), max_size=5))
    spare = draw(unknown)
    nested = draw(
        st.just({})
        | st.dictionaries(st.just("x_spare"), json_values, min_size=1, max_size=1).map(lambda fields: {"image": fields})
    )
    return Annotation(
        annotation_id=draw(names),
        lesion_id=draw(texts),
        timepoint=draw(st.sampled_from(["baseline", "followup-1"])),
        study_date=draw(st.sampled_from(["2020-01-02", "2020-06-03"])),
        modality=draw(st.sampled_from(Modality)),
        laterality=draw(st.none() | st.sampled_from(Laterality)),
        quantity=draw(st.sampled_from(Quantity)),
        geometry=draw(st.sampled_from([GeometryKind.OUTLINE, GeometryKind.MARKS, GeometryKind.MASK_REFERENCE])),
        points=tuple(points),
        image=ImageReference(draw(texts), draw(texts), draw(st.integers(0, 99)), 64, 32, draw(spacings), draw(texts)),
        view=draw(st.none() | st.sampled_from(View)),
        phase=draw(st.none() | st.builds(PhaseReference, st.integers(0, 9), st.none() | numbers, texts, texts)),
        method=draw(st.sampled_from(Method)),
        morphology=draw(st.none() | st.sampled_from(Morphology)),
        distribution=draw(st.none() | st.sampled_from(Distribution)),
        lesion_type=draw(st.none() | st.sampled_from(LesionType)),
        relation=draw(st.none() | st.sampled_from(LesionRelation)),
        from_lesions=tuple(draw(st.lists(texts, max_size=2))),
        confidence=draw(st.none() | st.floats(0.0, 1.0)),
        mark_diameters_mm=tuple(0.5 for _ in points) if draw(st.booleans()) else (),
        mark_evidence=tuple(draw(evidence) for _ in points) if draw(st.booleans()) else (),
        independent_points=draw(st.none() | st.lists(st.tuples(*[numbers] * size), max_size=4).map(tuple)),
        volume_mm3=draw(st.none() | st.floats(0.0, 1e6)),
        diameter_3d_mm=draw(st.none() | st.floats(0.0, 1e3)),
        flags=tuple(draw(st.lists(texts, max_size=2))),
        software=draw(texts),
        created_utc=draw(texts),
        extra=spare | nested,
    )


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(annotations(), max_size=3, unique_by=lambda a: a.annotation_id), texts, names, unknown)
def test_round_trip(tmp_path, drawn, patient_id, reader, extra):
    path = tmp_path / "a.json"
    write_annotations(path, patient_id=patient_id, reader=reader, annotations=drawn, extra=extra)
    back = read_annotations(path)
    assert back.annotations == tuple(drawn)
    assert (back.patient_id, back.reader, back.extra) == (patient_id, reader, extra)
    jsonschema.validate(json.loads(path.read_text()), annotation_schema())
    first = path.read_bytes()
    write_annotations(
        path,
        patient_id=back.patient_id,
        reader=back.reader,
        annotations=back.annotations,
        timepoints=back.timepoints,
        extra=back.extra,
    )
    assert path.read_bytes() == first


def test_field_names_are_the_published_ones(tmp_path):
    content = document(tmp_path)
    assert set(content) == {"format", "format_version", "patient_id", "reader", "timepoints", "annotations"}
    assert content["timepoints"] == [{"name": "baseline", "study_date": "2020-01-02"}]
    (entry,) = content["annotations"]
    published = "annotation_id lesion_id timepoint modality laterality view quantity geometry points image phase"
    assert {*published.split(), "morphology", "distribution", "method", "created_utc", "software"} <= set(entry)
    assert set(entry["image"]) == {"sop_uid", "series_uid", "study_uid", "frame", "rows", "columns", "spacing"}
    assert set(entry["image"]["spacing"]) == {"row_mm", "col_mm", "slice_mm", "source", "magnification"}
    assert entry["points"] == [[0.1, 0.2], [30.25, 40.5]]


def test_a_minimal_file_written_by_hand_is_enough(tmp_path):
    content = document(tmp_path)
    keep = ["annotation_id", "lesion_id", "timepoint", "modality", "quantity", "geometry", "points", "method"]
    entry = {name: content["annotations"][0][name] for name in keep}
    entry["image"] = {"sop_uid": "1.2.3", "frame": 0, "rows": 9, "columns": 9, "spacing": None}
    content["annotations"] = [entry]
    path = tmp_path / "minimal.json"
    path.write_text(json.dumps(content))
    (annotation,) = read_annotations(path).annotations
    assert annotation.study_date == "2020-01-02", "taken from its time point"
    assert annotation.image.spacing is None


def test_what_no_reader_said_leaves_no_trace(tmp_path):
    """Files and stored rows from before these fields keep their bytes when they are written again."""
    (entry,) = document(tmp_path)["annotations"]
    assert not {"lesion_type", "relation", "from_lesions", "mask"} & set(entry)
    assert not {"mark_evidence", "independent_points"} & set(entry)
    said = replace(MARKS, lesion_type=LesionType.MASS, relation=LesionRelation.SPLIT, from_lesions=("c1",))
    (entry,) = json.loads(save(tmp_path / "b.json", said).read_text())["annotations"]
    assert (entry["lesion_type"], entry["relation"], entry["from_lesions"]) == ("mass", "split", ["c1"])


def test_null_says_nothing(tmp_path):
    content = document(tmp_path)
    content["annotations"][0] |= {"lesion_type": None, "relation": None, "from_lesions": [], "mask": None}
    (tmp_path / "b.json").write_text(json.dumps(content))
    (annotation,) = read_annotations(tmp_path / "b.json").annotations
    assert replace(annotation, extra={}) == MARKS


def test_visits_without_findings_are_kept(tmp_path):
    path = save(tmp_path / "a.json", MARKS, timepoints=[("baseline", ""), ("followup-1", "2020-07-01")])
    assert read_annotations(path).timepoints == (("baseline", "2020-01-02"), ("followup-1", "2020-07-01"))


def test_the_schema_knows_every_term():
    schema = annotation_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    fields = schema["$defs"]["annotation"]["properties"]
    pairs = {
        "modality": terms.Modality,
        "laterality": terms.Laterality,
        "view": terms.View,
        "quantity": terms.Quantity,
        "geometry": terms.GeometryKind,
        "method": terms.Method,
        "morphology": terms.Morphology,
        "distribution": terms.Distribution,
        "lesion_type": terms.LesionType,
        "relation": terms.LesionRelation,
    }
    for name, kind in pairs.items():
        assert {value for value in fields[name]["enum"] if value} == {str(member) for member in kind}
    sources = schema["$defs"]["spacing"]["properties"]["source"]["enum"]
    assert set(sources) == {str(source) for source in SpacingSource}


@pytest.mark.parametrize(
    ("place", "value", "match"),
    [
        (("format",), "other", r"\$\.format: expected const"),
        (("format_version",), 2, r"\$\.format_version: expected const 1"),
        (("patient_id",), 7, r"\$\.patient_id: expected type"),
        (("reader",), "", r"\$\.reader: expected minLength 1"),
        (("timepoints", 0, "study_date"), "02.01.2020", r"\$\.timepoints\[0\]\.study_date: expected pattern"),
        (("annotations",), {}, r"\$\.annotations: expected type"),
        (("annotations", 0, "relation"), "prior", r"\$\.annotations\[0\]\.relation: expected enum"),
        (("annotations", 0, "from_lesions"), ["a", 7], r"\$\.annotations\[0\]\.from_lesions\[1\]: expected type"),
        (
            ("annotations", 0, "mask"),
            {"offset": [0, 0, 0], "shape": [1, 0, 1], "data": ""},
            r"\$\.annotations\[0\]\.mask\.shape\[1\]: expected minimum 1",
        ),
        (("annotations", 0, "view"), "AP", r"\$\.annotations\[0\]\.view: expected enum"),
        (("annotations", 0, "points", 1), [1], r"\$\.annotations\[0\]\.points\[1\]: expected minItems 2"),
        (("annotations", 0, "points", 1, 0), "1", r"\$\.annotations\[0\]\.points\[1\]\[0\]: expected type"),
        (("annotations", 0, "points", 1, 0), True, r"\$\.annotations\[0\]\.points\[1\]\[0\]: expected type"),
        (("annotations", 0, "points", 1, 0), 10**40, r"\$\.annotations\[0\]\.points\[1\]\[0\]: expected maximum"),
        (
            ("annotations", 0, "points", 1),
            [1, 2, 3],
            r"\$\.annotations\[0\]\.points: expected points with equally many",
        ),
        (("annotations", 0, "geometry"), "mask", r"\$\.annotations\[0\]\.geometry: expected enum"),
        (("annotations", 0, "mark_diameters_mm"), [1], r"mark_diameters_mm: expected one per point"),
        (("annotations", 0, "mark_evidence"), [{"probability": 0.5}], r"mark_evidence: expected one per point"),
        (("annotations", 0, "mark_evidence"), [{"probability": 2}] * 2, r"probability: expected maximum 1"),
        (("annotations", 0, "mark_evidence"), [{"snr": 3.0}] * 2, r"mark_evidence\[0\]: expected 'probability'"),
        (("annotations", 0, "independent_points"), [[1, 2], [1, 2, 3]], r"independent_points: expected points with"),
        (("annotations", 0, "confidence"), 1.5, r"confidence: expected maximum 1"),
        (("annotations", 0, "image", "frame"), -1, r"image\.frame: expected minimum 0"),
        (("annotations", 0, "image", "spacing"), 0.07, r"image\.spacing: expected type"),
        (("annotations", 0, "image", "spacing", "row_mm"), 0, "row_mm: expected exclusiveMinimum 0"),
        (("annotations", 0, "image", "spacing", "source"), "guess", "source: expected enum"),
    ],
)
def test_a_wrong_value_is_named_by_its_place(tmp_path, place, value, match):
    content = document(tmp_path)
    target = content
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    refused(tmp_path, content, match)


@pytest.mark.parametrize(("n_points", "allowed"), [(0, True), (1, False), (2, True), (3, False), (4, False)])
def test_a_caliper_has_two_ends_or_is_not_placed_yet(tmp_path, n_points, allowed):
    points = tuple((float(k), 2.0) for k in range(n_points))
    caliper = replace(MARKS, geometry=GeometryKind.CALIPER, points=points, mark_diameters_mm=())
    path = tmp_path / "a.json"
    if allowed:
        assert read_annotations(save(path, caliper)).annotations == (caliper,)
        return
    with pytest.raises(AnnotationError, match=r"\$\.annotations\[0\]\.points: expected"):
        save(path, caliper)


def test_a_missing_field_is_named(tmp_path):
    content = document(tmp_path)
    del content["annotations"][0]["image"]
    refused(tmp_path, content, r"\$\.annotations\[0\]: expected 'image' to be present")


def test_the_message_never_repeats_the_value(tmp_path):
    content = document(tmp_path) | {"patient_id": {"name": "DOE^JANE"}}
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(content))
    with pytest.raises(AnnotationError) as caught:
        read_annotations(path)
    assert "DOE" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "Infinity"),
        ('{"a": 1e999}', "beyond the range"),
        ('{"a": 1, "a": 2}', "same key twice"),
        ('{"a": ' + "9" * 5000 + "}", "too many digits"),
        ("[]", r"\$: expected type"),
        ("null", r"\$: expected type"),
    ],
)
def test_hostile_json_is_refused(tmp_path, text, match):
    refused(tmp_path, text, match)


def test_other_bytes_and_missing_files_are_refused(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"\xff\x00\xfe")
    with pytest.raises(AnnotationError, match="not UTF-8"):
        read_annotations(path)
    with pytest.raises(AnnotationError, match="cannot be read"):
        read_annotations(tmp_path / "none.json")


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(AnnotationError, match="larger than"):
        read_annotations(path)


@pytest.mark.parametrize(
    "bad",
    [
        replace(MARKS, points=((float("nan"), 1.0),), mark_diameters_mm=()),
        replace(MARKS, annotation_id=""),
        replace(MARKS, geometry=GeometryKind.CALIPER, points=((1.0, 1.0),), mark_diameters_mm=()),
        replace(MARKS, extra={"x": object()}),
    ],
)
def test_what_cannot_be_read_back_is_not_written(tmp_path, bad):
    path = save(tmp_path / "a.json", MARKS)
    before = path.read_bytes()
    with pytest.raises(AnnotationError):
        save(path, bad)
    assert path.read_bytes() == before


def test_an_id_used_twice_is_refused(tmp_path):
    with pytest.raises(AnnotationError, match="used once"):
        save(tmp_path / "a.json", MARKS, MARKS)


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, ErrorCode.DISK_FULL), (errno.EACCES, ErrorCode.OUTPUT)])
def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch, number, code):
    path = save(tmp_path / "a.json", MARKS)
    before = path.read_bytes()

    def fail(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError) as caught:
        save(path, replace(MARKS, lesion_id="other"))
    assert caught.value.code is code
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        save(tmp_path / "none" / "a.json", MARKS)
