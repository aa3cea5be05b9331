"""Mammograms as DICOM: valid by dciodvfy, pixels intact, headers as two makers write them."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from datetime import date

import numpy as np
import pydicom
import pytest

from calcmeasure.phantom.dataset import PatientInfo, SeriesInfo, StudyInfo, Syntax, UidFactory
from calcmeasure.phantom.mammogram.anatomy import BreastSpec
from calcmeasure.phantom.mammogram.exposure import MammogramSpec, synthesize_mammogram
from calcmeasure.phantom.mammogram.writer import GE_LIKE, HOLOGIC_LIKE, Calibration, MammogramFile, write_mammogram
from calcmeasure.terms import Laterality, Modality, PresentationIntent, View

UIDS = UidFactory(1)
STUDY = StudyInfo(PatientInfo("CM-0009", "Phantom^Test"), UIDS("study"), date(2024, 1, 1))
VENDORS = {"hologic": HOLOGIC_LIKE, "ge": GE_LIKE}


@pytest.fixture(scope="module")
def phantoms():
    breast = BreastSpec(depth_mm=20.0, width_mm=28.0, n_strands=4)
    return {
        (side, view): synthesize_mammogram(
            MammogramSpec(side, view, breast, rows=300, columns=240, magnification=1.06), rng=0
        )
        for side, view in itertools.product((Laterality.LEFT, Laterality.RIGHT), (View.CC, View.MLO))
    }


def write(phantom, path, **changes):
    file = MammogramFile(UIDS(path.name), **changes)
    series = SeriesInfo(STUDY, UIDS("series", file.intent), 1, Modality.MG, file.vendor.equipment, description="MG")
    return write_mammogram(phantom, path, series=series, file=file)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("calibration", list(Calibration))
def test_dciodvfy_finds_no_error(phantoms, tmp_path, vendor, calibration):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")
    choices = itertools.product(phantoms.items(), PresentationIntent, (False, True))
    for number, ((_, phantom), intent, inverted) in enumerate(choices):
        path = write(
            phantom,
            tmp_path / f"{number}.dcm",
            intent=intent,
            inverted=inverted,
            calibration=calibration,
            vendor=VENDORS[vendor],
        )
        said = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False)
        assert "Error" not in said.stdout + said.stderr


@pytest.mark.parametrize("syntax", list(Syntax), ids=lambda s: s.name)
@pytest.mark.parametrize("intent", list(PresentationIntent))
def test_pixels_survive(phantoms, tmp_path, syntax, intent):
    phantom = phantoms[Laterality.LEFT, View.MLO]
    read = pydicom.dcmread(write(phantom, tmp_path / "a.dcm", syntax=syntax, intent=intent))
    expected = phantom.raw if intent is PresentationIntent.FOR_PROCESSING else phantom.presentation
    np.testing.assert_array_equal(read.pixel_array, expected)
    assert read.PresentationIntentType == intent
    assert (read.BitsStored, read.PixelIntensityRelationship) == (
        (14, "LIN") if intent is PresentationIntent.FOR_PROCESSING else (12, "LOG")
    )


def test_inverted_shows_the_same_picture(phantoms, tmp_path):
    phantom = phantoms[Laterality.RIGHT, View.CC]
    plain = pydicom.dcmread(write(phantom, tmp_path / "a.dcm"))
    inverted = pydicom.dcmread(write(phantom, tmp_path / "b.dcm", inverted=True))
    assert (plain.PhotometricInterpretation, plain.PresentationLUTShape) == ("MONOCHROME2", "IDENTITY")
    assert (inverted.PhotometricInterpretation, inverted.PresentationLUTShape) == ("MONOCHROME1", "INVERSE")
    np.testing.assert_array_equal(4095 - inverted.pixel_array, plain.pixel_array)
    assert 4095 - inverted.WindowCenter == plain.WindowCenter
    assert inverted.PixelIntensityRelationshipSign == -plain.PixelIntensityRelationshipSign


@pytest.mark.parametrize("calibration", list(Calibration))
def test_true_size_follows_from_the_header(phantoms, tmp_path, calibration):
    phantom = phantoms[Laterality.LEFT, View.CC]
    read = pydicom.dcmread(write(phantom, tmp_path / "a.dcm", calibration=calibration))
    imager = np.array(read.ImagerPixelSpacing, float)
    np.testing.assert_allclose(imager, (0.10, 0.09))
    keywords = {"EstimatedRadiographicMagnificationFactor", "DistanceSourceToPatient", "PixelSpacing"}
    found = {keyword for keyword in keywords if keyword in read}
    if calibration is Calibration.ABSENT:
        assert not found
        return
    assert len(found) == 1
    true = {
        Calibration.FACTOR: lambda: imager / float(read.EstimatedRadiographicMagnificationFactor),
        Calibration.DISTANCES: lambda: (
            imager * float(read.DistanceSourceToPatient) / float(read.DistanceSourceToDetector)
        ),
        Calibration.CORRECTED: lambda: np.array(read.PixelSpacing, float),
    }[calibration]()
    np.testing.assert_allclose(true, phantom.spacing.rc_mm, rtol=1e-6)


@pytest.mark.parametrize(
    ("side", "view", "orientation"),
    [
        (Laterality.LEFT, View.CC, ["A", "R"]),
        (Laterality.LEFT, View.MLO, ["A", "FR"]),
        (Laterality.RIGHT, View.CC, ["P", "L"]),
        (Laterality.RIGHT, View.MLO, ["P", "FL"]),
    ],
)
@pytest.mark.parametrize(("vendor", "scheme"), [("hologic", "SCT"), ("ge", "SRT")])
def test_side_view_and_orientation(phantoms, tmp_path, side, view, orientation, vendor, scheme):
    read = pydicom.dcmread(write(phantoms[side, view], tmp_path / "a.dcm", vendor=VENDORS[vendor]))
    assert read.ImageLaterality == side
    assert list(read.PatientOrientation) == orientation
    item = read.ViewCodeSequence[0]
    expected = view.code.value if scheme == "SCT" else {"CC": "R-10242", "MLO": "R-10226"}[view]
    assert (item.CodeValue, item.CodingSchemeDesignator) == (expected, scheme)
    assert len(item.ViewModifierCodeSequence) == 0
    assert read.BodyPartThickness == 45
