"""Does once, nowhere, what a reader will ask for: without, her first measurement and her first search wait.

After an installation the inner loops are compiled when they are first called, for up to a minute; from then on they lie
on the disk. A second Python does that beside the window (`napari_calcmeasure.jobs.SideProcess`), which then only loads
what it needs.
"""

from __future__ import annotations

import numpy as np

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.model.annotation import Annotation, ImageReference
from calcmeasure.terms import GeometryKind, Modality, PresentationIntent, Quantity
from napari_calcmeasure.display.drawings import draw_findings
from napari_calcmeasure.jobs import Do, Progress
from napari_calcmeasure.reading import lesion_tools
from napari_calcmeasure.reading.finding import Finding

_TRIANGLE = ((1.0, 1.0), (1.0, 9.0), (7.0, 4.0), (6.0, 2.0))
_BREAST_RC, _PIXEL_MM = (700, 400), 0.1
_SPECKS = 12
_VOXELS, _VOXEL_MM = (16, 72, 110), (4.0, 1.9, 1.8)
_STARTS_S = (-85.0, 50.0, 120.0)


def rehearse(_progress: Progress, *, beside: Do) -> None:
    """Measure and search; meant for a thread.

    Parameters
    ----------
    beside
        Does work in the second Python, and waits for it.
    """
    beside(rehearse_measuring)
    rehearse_measuring()
    beside(rehearse_searching)


def rehearse_measuring() -> None:
    """Measure one finding of every kind, and load what signing needs."""
    from calcmeasure.store.database import MeasurementStore

    image = ImageReference("", "", 0, 10, 10, Spacing(0.1, 0.1, SpacingSource.DETECTOR))
    for geometry, count in ((GeometryKind.MARKS, 4), (GeometryKind.OUTLINE, 4), (GeometryKind.CALIPER, 2)):
        annotation = Annotation(
            "", "", "", "", Modality.MG, None, Quantity.CALCIFICATION_EXTENT, geometry, _TRIANGLE[:count], image
        )
        draw_findings([Finding(annotation)])
    lesion_tools.warm_up()
    MeasurementStore("sqlite://").close()


def rehearse_searching() -> None:
    """Search a simulated breast for calcifications, and a small simulated series for a lesion."""
    import calcmeasure.pipeline.dynamic
    import calcmeasure.pipeline.mammography  # noqa: F401 - what a search needs beside its detector

    _search_breast()
    _search_series()


def _search_breast() -> None:
    from calcmeasure.detect.calcifications.detector import detect_calcifications
    from calcmeasure.detect.contract import ProjectionImage

    rng = np.random.default_rng(0)
    row, column = np.mgrid[: _BREAST_RC[0], : _BREAST_RC[1]] / np.array(_BREAST_RC)[:, None, None]
    tissue = 0.5 + 0.1 * np.sin(12.0 * row) * np.cos(8.0 * column)
    breast = np.where((2.2 * (row - 0.5)) ** 2 + (column / 0.85) ** 2 < 1.0, tissue, 0.0)
    breast += rng.normal(0.0, 0.01, _BREAST_RC)
    for top, left in rng.integers((300, 100), (400, 200), (_SPECKS, 2)):
        breast[top : top + 3, left : left + 3] += 0.06
    spacing = Spacing(_PIXEL_MM, _PIXEL_MM, SpacingSource.DETECTOR)
    everywhere = np.ones(_BREAST_RC, np.bool_)
    intent = PresentationIntent.FOR_PROCESSING
    detect_calcifications(ProjectionImage(breast.astype(np.float32), everywhere, spacing, intent=intent))


def _search_series() -> None:
    from calcmeasure.detect.contract import DynamicImage
    from calcmeasure.detect.lesions.detector import detect_lesions
    from calcmeasure.phantom.dynamic.examination import DceSpec, synthesize_dce

    spec = DceSpec(shape=_VOXELS, spacing_zrc_mm=_VOXEL_MM, phase_starts_s=_STARTS_S, motion_mm=2.0)
    drawn = synthesize_dce(spec, rng=0)
    times_s = tuple(start + spec.phase_duration_s / 2 for start in _STARTS_S)
    detect_lesions(DynamicImage(drawn.phases.astype(np.float32), drawn.grid, times_s=times_s))
