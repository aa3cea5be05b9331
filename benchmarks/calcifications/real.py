"""Two things the phantoms' author did not draw: a digitised film, and a voxel model of a cluster put into phantoms.

Both lie beside the checkout (``CALCMEASURE_REALDATA``) and are skipped with a word when they are not there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import center_of_mass, label
from scipy.spatial.distance import pdist

from accuracy.pictures import save_small
from calcifications.matching import REACH_MM, near_any
from calcifications.running import as_image, detect
from calcifications.suites import FIRST_SEED, REFERENCE
from calcmeasure.detect.contract import CalcificationFindings, ProjectionImage
from calcmeasure.dicom.index import index_folder
from calcmeasure.dicom.pixels import load_mammogram
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.phantom.mammogram.exposure import CALCIUM_PER_MM
from calcmeasure.phantom.mammogram.scenes import draw_scene
from calcmeasure.report.palette import AMBER, SKY
from calcmeasure.report.study.figures.style import in_print_style, print_figure
from timing import print_table

REAL = Path(os.environ.get("CALCMEASURE_REALDATA", Path(__file__).parents[3] / "shared" / "data"))
FILM_HEIGHT_MM = 240.0
"""Of a mammography film of the larger size: the file says nothing about millimetres."""
VOXEL_MM = 0.05
"""Of the voxel model: its specks then have the published 0.17 to 0.20 mm."""
PRIMARY_SHARE = 1.0 / 1.45
BLUR_MM = 0.0385

FloatImage = NDArray[np.float32]


def look_at_film(folder: Path) -> None:
    """Detect on the digitised film and draw what was found."""
    if not (REAL / "wg04_mg1").is_dir():
        print("\nskipped: no digitised film (wg04_mg1) beside the checkout")
        return
    patients = index_folder([REAL / "wg04_mg1"]).patients
    mammograms = [m for patient in patients for study in patient.studies for m in study.mammograms]
    pixels = load_mammogram(mammograms[0])
    pitch_mm = FILM_HEIGHT_MM / max(pixels.attenuation.shape)
    image = ProjectionImage(pixels.attenuation, pixels.valid, Spacing(pitch_mm, pitch_mm, SpacingSource.GIVEN))
    findings = detect(image)
    print_table(
        ("digitised film", "pixel mm (assumed)", "marks ≥ 0.5", "groups", "members", "flags"),
        [("wg04_mg1", f"{pitch_mm:.3f}", *_counts(findings), ", ".join(findings.flags) or "none")],
    )
    _draw_film(pixels.display, findings, folder / "film.png")


def look_at_inserted(breasts: int = 6) -> None:
    """Put the voxel model into normal breasts, in its own size and twice as large, and look for it."""
    path = REAL / "victre_calc" / "heteroCalc2_121_100.raw"
    if not path.is_file():
        print("\nskipped: no voxel model of a cluster (victre_calc) beside the checkout")
        return
    voxels = np.fromfile(path, np.uint8).reshape(100, 100, 100)
    print_table(
        ("voxel model", "specks mm", "true extent mm", "breasts", "specks marked ≥ 0.5", "groups found", "extents mm"),
        (_inserted_row(voxels, scale=scale, breasts=breasts) for scale in (1.0, 1.5, 2.0)),
    )


def _counts(findings: CalcificationFindings) -> tuple[str, str, str]:
    likely = int((findings.marks.probabilities >= 0.5).sum())
    return str(likely), str(len(findings.clusters)), ", ".join(str(len(c.marks)) for c in findings.clusters) or "0"


@in_print_style
def _draw_film(display: NDArray[np.uint8], findings: CalcificationFindings, path: Path) -> None:
    figure = print_figure(120.0, 120.0 * display.shape[0] / display.shape[1])
    axis = figure.subplots()
    axis.imshow(display, cmap="gray", interpolation="antialiased")
    axis.set_axis_off()
    likely = findings.marks.points_rc[findings.marks.probabilities >= 0.5]
    axis.scatter(likely[:, 1], likely[:, 0], s=14, marker="s", facecolors="none", edgecolors=SKY, linewidths=0.5)
    for cluster in findings.clusters:
        points = cluster.points_rc
        axis.scatter(points[:, 1], points[:, 0], s=8, marker="s", facecolors="none", edgecolors=AMBER, linewidths=0.5)
    save_small(figure, path)


def _inserted_row(voxels: NDArray[np.uint8], *, scale: float, breasts: int) -> tuple[str, ...]:
    parts, count = label(voxels)
    places_mm = np.array(center_of_mass(voxels, parts, range(1, count + 1)))[:, 1:] * VOXEL_MM * scale
    volumes = np.bincount(parts.ravel())[1:]
    sizes_mm = (6.0 * volumes / np.pi) ** (1 / 3) * VOXEL_MM * scale
    marked, spans = 0, []
    for specks_mm, findings, mm in _looked_for(voxels, places_mm, scale=scale, breasts=breasts):
        likely = findings.marks.points_rc[findings.marks.probabilities >= 0.5] * mm
        marked += int(near_any(specks_mm, likely, reach_mm=REACH_MM).sum())
        spans += [
            float(pdist(cluster.points_rc * mm).max())
            for cluster in findings.clusters
            if near_any(cluster.points_rc * mm, specks_mm, reach_mm=REACH_MM).mean() > 0.5
        ]
    return (
        f"× {scale:g}",
        f"{sizes_mm.min():.2f}–{sizes_mm.max():.2f}",
        f"{pdist(places_mm).max():.2f}",
        str(breasts),
        f"{marked} / {count * breasts}",
        str(len(spans)),
        ", ".join(f"{span:.2f}" for span in spans),
    )


def _looked_for(
    voxels: NDArray[np.uint8], places_mm: NDArray[np.float64], *, scale: float, breasts: int
) -> Iterator[tuple[NDArray[np.float64], CalcificationFindings, NDArray[np.float64]]]:
    """Places of the specks, findings, and mm per pixel of each breast."""
    settings = replace(REFERENCE, cluster_share=0.0)
    for seed in range(FIRST_SEED, FIRST_SEED + breasts):
        scene = draw_scene(seed, settings=settings)
        mm = np.asarray(scene.spacing.rc_mm)
        shadow = _shadow(voxels, pixel_mm=float(mm[0]), scale=scale)
        corner = np.rint(np.array(center_of_mass(scene.breast)) - np.array(shadow.shape) / 2).astype(int)
        attenuation = scene.attenuation.copy()
        attenuation[corner[0] : corner[0] + shadow.shape[0], corner[1] : corner[1] + shadow.shape[1]] += shadow
        image = replace(as_image(scene), attenuation=attenuation)
        specks_mm = (corner + (places_mm + VOXEL_MM * scale / 2) / mm - 0.5) * mm
        yield specks_mm, detect(image), mm


def _shadow(voxels: NDArray[np.uint8], *, pixel_mm: float, scale: float) -> FloatImage:
    """Attenuation that the model adds, blurred by the detector and diluted by scatter."""
    path_mm = voxels.sum(axis=0).astype(np.float32) * np.float32(VOXEL_MM * scale)
    side = round(path_mm.shape[0] * VOXEL_MM * scale / pixel_mm)
    resized = cv2.resize(np.kron(path_mm, np.ones((4, 4), np.float32)), (side, side), interpolation=cv2.INTER_AREA)
    missing = -np.expm1(-CALCIUM_PER_MM * resized)
    blurred = cv2.GaussianBlur(missing, (0, 0), BLUR_MM / pixel_mm, borderType=cv2.BORDER_CONSTANT)
    shadow: FloatImage = -np.log1p(-PRIMARY_SHARE * blurred).astype(np.float32)
    return shadow
