"""Real masks, a real table of lesion diameters and an independent calcification cluster."""

from __future__ import annotations

import csv
import gzip
import struct
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.measure.diameter import Convention, mask_diameters
from calcmeasure.measure.extent import measure_extent
from calcmeasure.model.measurement import Measurement
from calcmeasure.response.criteria import load_profile
from calcmeasure.response.score import score_measurements
from calcmeasure.terms import Quantity

pytestmark = pytest.mark.realdata


def read_nifti(path: Path) -> tuple[np.ndarray, tuple[float, ...]]:
    """Voxels of a little-endian NIfTI-1 file and the spacing its header claims."""
    raw = gzip.decompress(path.read_bytes())
    shape = struct.unpack_from("<8h", raw, 40)[1:4]
    kind = {2: np.uint8, 4: np.int16, 8: np.int32, 16: np.float32, 64: np.float64, 512: np.uint16}
    claimed = struct.unpack_from("<8f", raw, 76)[1:4]
    (code,) = struct.unpack_from("<h", raw, 70)
    offset = int(struct.unpack_from("<f", raw, 108)[0])
    voxels = np.frombuffer(raw, np.dtype(kind[code]).newbyteorder("<"), np.prod(shape), offset)
    return voxels.reshape(shape, order="F"), claimed


def true_spacing(folder: Path, patient: str) -> tuple[Spacing, dict[str, str]]:
    with (folder / "metadata_spy2_vis1_for_modeling.csv").open() as file:
        (row,) = [row for row in csv.DictReader(file) if row["pid"] == patient]
    in_plane = float(row["xy_spacing"])
    return Spacing(in_plane, in_plane, SpacingSource.GIVEN, slice_mm=float(row["slice_thick"])), row


@pytest.mark.parametrize("patient", ["ACRIN-6698-102212", "ACRIN-6698-104268", "ISPY2-550421"])
def test_tumour_masks_at_their_true_spacing(realdata, patient):
    folder = realdata / "breast_masks"
    mask, claimed = read_nifti(folder / f"{patient}_spy2_vis1_mask.nii.gz")
    spacing, row = true_spacing(folder, patient)
    assert claimed == (1.0, 1.0, 1.0), "the header does not tell the spacing"
    assert np.count_nonzero(mask) == int(float(row["mask_count"]))
    solid = mask_diameters(mask, spacing, convention=Convention.CENTRE)
    slices = np.unique(np.nonzero(mask)[0])
    in_plane = {k: measure_extent(np.argwhere(mask[k]), spacing).value_mm for k in slices}
    assert solid.value_mm == pytest.approx(max(in_plane.values()), abs=1e-9)
    assert in_plane[int(solid.ends_zrc[0, 0])] == pytest.approx(solid.value_mm, abs=1e-9)
    assert solid.diameter_3d_mm >= solid.value_mm >= solid.short_axis_mm > 0
    ends_mm = solid.ends_3d_zrc * spacing.zrc_mm
    assert np.linalg.norm(ends_mm[1] - ends_mm[0]) == pytest.approx(solid.diameter_3d_mm)
    assert farthest_by_sweeps(mask, spacing) <= solid.diameter_3d_mm + 1e-9
    assert solid.volume_mm3 == pytest.approx(np.count_nonzero(mask) * np.prod(spacing.zrc_mm))


def farthest_by_sweeps(mask: np.ndarray, spacing: Spacing) -> float:
    """Longest of many point-to-everything distances: never longer than the true diameter."""
    points_mm = np.argwhere(mask) * spacing.zrc_mm
    at, best = points_mm[0], 0.0
    for _ in range(20):
        distances = np.linalg.norm(points_mm - at, axis=1)
        at, best = points_mm[int(np.argmax(distances))], max(best, float(distances.max()))
    return best


VISITS = {
    "baseline": "MRI_LD_Baseline",
    "followup-1": "MRI_LD_1_3dAC",
    "followup-2": "MRI_LD_Int_Reg",
    "followup-3": "MRI_LD_PreSurg",
}


@pytest.fixture(scope="module")
def diameters(realdata) -> list[Measurement]:
    with (realdata / "ispy1_table" / "I-SPY_1_clean_data.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [
        Measurement(
            row["SUBJECTID"], visit, Quantity.LESION_DIAMETER, float(row[column]), lesion_id="index", method=None
        )
        for row in rows
        for visit, column in VISITS.items()
        if row[column].strip()
    ]


@pytest.mark.parametrize("profile", ["paper-2023", "recist-1.1"])
def test_every_follow_up_of_the_table_is_scored(diameters, profile):
    rows = score_measurements(diameters, profile=load_profile(profile))
    assert len(rows) == sum(m.timepoint != "baseline" for m in diameters)
    counts = Counter(row.category for row in rows)
    assert set(counts) <= {"CR", "PR", "SD", "PD", "NE"}
    assert counts["PR"] > counts["PD"]
    zeros = sum(m.value_mm == 0 for m in diameters if m.timepoint != "baseline")
    assert counts["CR"] == zeros


def test_patients_checked_by_hand(diameters):
    """1001: 88, 78, 30, 14 mm. 1002: 29, 26, 66, 16. 1003: 50, 64, 54, 46. 1008: 45, 49, 47, 32."""
    expected = {
        ("paper-2023", "1001"): "SD PR PR",
        ("recist-1.1", "1001"): "SD PR PR",
        ("paper-2023", "1002"): "SD PD PR",
        ("recist-1.1", "1002"): "SD PD PR",
        ("paper-2023", "1003"): "PD SD SD",
        ("recist-1.1", "1003"): "PD SD SD",
        ("paper-2023", "1008"): "SD SD SD",
        ("recist-1.1", "1008"): "SD SD SD",
    }
    for (profile, patient), categories in expected.items():
        own = [m for m in diameters if m.patient_id == patient]
        rows = score_measurements(own, profile=load_profile(profile))
        assert " ".join(row.category for row in rows) == categories, (profile, patient)


def test_voxel_cluster_extent_against_all_pairs(realdata):
    voxels = np.fromfile(realdata / "victre_calc" / "heteroCalc2_121_100.raw", np.uint8).reshape(100, 100, 100)
    projected = np.argwhere((voxels > 0).any(axis=0))
    spacing = Spacing(0.05, 0.05, SpacingSource.GIVEN, slice_mm=0.05)
    assert len(projected) > 10
    border = projected[:: max(1, len(projected) // 3000)]
    assert measure_extent(border, spacing).value_mm == pytest.approx(pdist(border * 0.05).max(), abs=1e-9)
    solid = mask_diameters(voxels, spacing, convention=Convention.CENTRE)
    assert solid.diameter_3d_mm >= measure_extent(projected, spacing).value_mm - 1e-9
    assert solid.diameter_3d_mm <= np.sqrt(3) * 99 * 0.05
