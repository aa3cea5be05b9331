"""Families: which images may form one dynamic series, and which kind of picture is preferred."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from calcmeasure.dicom.families import image_families
from calcmeasure.dicom.header import Header
from calcmeasure.dicom.phase_keys import MrImage
from calcmeasure.model.imaging import FrameReference

ROWS_ALONG_X = ("1", "0", "0", "0", "1", "0")


def image(number, z=0, *, enhanced=False, **changes):
    values = {
        "FrameOfReferenceUID": "1.5",
        "Rows": "8",
        "Columns": "6",
        "PixelSpacing": ("0.9", "0.7"),
        "ImageOrientationPatient": ROWS_ALONG_X,
        "ImagePositionPatient": ("0", "0", str(2 * z)),
        "ImageType": ("ORIGINAL", "PRIMARY", "M"),
        "EchoTime": "2.1",
        "FlipAngle": "10",
        "SeriesDescription": "AX DYN",
        "SeriesNumber": "5",
    } | changes
    raw = {k: v if isinstance(v, tuple) else (v,) for k, v in values.items() if v is not None}
    return MrImage(FrameReference(Path(f"{number}"), f"1.2.{number}"), Header(Path(f"{number}"), "", raw), enhanced)


def members(*images):
    """Numbers of the images of each family."""
    return sorted(sorted(int(i.frame.path.name) for i in family.images) for family in image_families(images))


@pytest.mark.parametrize(
    ("change", "one_family"),
    [
        ({}, True),
        ({"SeriesNumber": "6", "SeriesInstanceUID": "1.9", "RepetitionTime": "4"}, True),
        ({"FrameOfReferenceUID": "1.6"}, False),
        ({"Rows": "6"}, False),
        ({"Columns": "8"}, False),
        ({"PixelSpacing": ("0.9009", "0.6991")}, True),
        ({"PixelSpacing": ("0.902", "0.7")}, False),
        ({"PixelSpacing": ("0.9", "0.702")}, False),
        ({"ImageOrientationPatient": ("1", "0.0009", "0", "-0.0009", "1", "0")}, True),
        ({"ImageOrientationPatient": ("1", "0.002", "0", "-0.002", "1", "0")}, False),
        ({"ImageOrientationPatient": ("0", "1", "0", "1", "0", "0")}, False),
        ({"EchoTime": "2.104"}, True),
        ({"EchoTime": "2.2"}, False),
        ({"EchoTime": None}, False),
        ({"FlipAngle": "12"}, False),
        ({"DiffusionBValue": "800"}, False),
        ({"ImageType": ("DERIVED", "PRIMARY", "M")}, True),
        ({"ImageType": ("ORIGINAL", "PRIMARY", "P")}, False),
        ({"ImageType": ("ORIGINAL", "PRIMARY", "M", "WATER")}, False),
        ({"ComplexImageComponent": "PHASE"}, True),  # the image type comes first
        ({"SeriesDescription": "ax dyn post 3"}, True),
        ({"SeriesDescription": "SAG DYN"}, False),
    ],
)
def test_what_parts_two_images(change, one_family):
    assert members(image(1), image(2, **change)) == ([[1, 2]] if one_family else [[1], [2]])


def test_an_enhanced_frame_is_another_family():
    assert members(image(1), image(2, enhanced=True)) == [[1], [2]]


def test_equal_spacings_at_a_rounding_edge_stay_together():
    spacings = [("0.70049", "0.7"), ("0.70051", "0.7"), ("0.7", "0.7005")]
    assert members(*(image(n, PixelSpacing=spacing) for n, spacing in enumerate(spacings))) == [[0, 1, 2]]


def volume(start, description, **changes):
    return [image(start + z, z, SeriesDescription=description, **changes) for z in range(3)]


def dynamic(start, description):
    """Two phases of three slices."""
    return [*volume(start, description), *volume(start + 3, description)]


PRE, POST, BOTH = [1, 2, 3], [11, 12, 13, 14, 15, 16], [1, 2, 3, 11, 12, 13, 14, 15, 16]


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        pytest.param([*volume(1, "T1 pre"), *dynamic(11, "eTHRIVE")], [BOTH], id="joins the only other"),
        pytest.param([*volume(1, "T1"), *dynamic(11, "eTHRIVE")], [PRE, POST], id="not called pre-contrast"),
        pytest.param(
            [image(1, 0, SeriesDescription="T1 pre"), *volume(1, "T1")[1:], *dynamic(11, "eTHRIVE")],
            [PRE, POST],
            id="only a part of it called pre-contrast",
        ),
        pytest.param(
            [*volume(1, "T1 pre"), *volume(1, "T1 pre"), *dynamic(11, "eTHRIVE")],
            [sorted(PRE * 2), POST],
            id="no lone volume",
        ),
        pytest.param(
            [*volume(1, "T1 pre"), *dynamic(11, "eTHRIVE"), *volume(21, "T2")],
            [PRE, POST, [21, 22, 23]],
            id="two others",
        ),
        pytest.param(
            [*volume(1, "T1 pre"), *volume(4, "T2 pre"), *dynamic(11, "eTHRIVE")],
            [PRE, [4, 5, 6], POST],
            id="two lone volumes",
        ),
        pytest.param(
            [*volume(1, "T1 pre", FlipAngle="30"), *dynamic(11, "eTHRIVE")], [PRE, POST], id="another flip angle"
        ),
        pytest.param(volume(1, "T1 pre"), [PRE], id="alone"),
    ],
)
def test_a_lone_volume_before_contrast(images, expected):
    assert members(*images) == expected
    random.Random(3).shuffle(images)
    assert members(*images) == expected


def kinds():
    """From the most to the least preferred."""
    return [
        image(0),
        image(1, SeriesNumber="6", FlipAngle="11"),
        image(2, enhanced=True),
        image(3, EchoTime="4"),
        image(4, ImageType=("ORIGINAL", "PRIMARY", "M", "WATER")),
        image(5, ImageType=("ORIGINAL", "PRIMARY", "M", "IP")),
        image(6, ImageType=("ORIGINAL", "PRIMARY", "M", "OP")),
        image(7, ImageType=("ORIGINAL", "PRIMARY", "M", "FAT")),
        image(8, ImageType=("ORIGINAL", "PRIMARY", "P")),
    ]


def test_preference_among_kinds_of_picture():
    images = kinds()
    random.Random(1).shuffle(images)
    families = sorted(image_families(images), key=lambda family: family.rank)
    assert [int(family.images[0].frame.path.name) for family in families] == list(range(9))


def test_every_image_is_in_one_family():
    images = [*kinds(), *volume(11, "T1 pre"), *dynamic(21, "eTHRIVE")]
    assert sorted(n for family in members(*images) for n in family) == sorted(int(i.frame.path.name) for i in images)
    assert image_families([]) == ()
