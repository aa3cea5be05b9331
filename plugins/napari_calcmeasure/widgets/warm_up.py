"""Loads compiled code before the first click needs it: without, the first measurement and line take seconds."""

from __future__ import annotations

import numpy as np

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.model.annotation import Annotation, ImageReference
from calcmeasure.terms import GeometryKind, Modality, Quantity
from napari_calcmeasure.display.drawings import draw_findings
from napari_calcmeasure.jobs import Progress
from napari_calcmeasure.reading.finding import Finding

_TRIANGLE = ((1.0, 1.0), (1.0, 9.0), (7.0, 4.0), (6.0, 2.0))


def warm_up(_progress: Progress) -> None:
    """Measure and draw one finding of every kind, nowhere; meant for a thread."""
    from napari.layers import Shapes

    from napari_calcmeasure.reading import lesion_tools

    lesion_tools.warm_up()
    spacing = Spacing(0.1, 0.1, SpacingSource.DETECTOR)
    image = ImageReference("", "", 0, 10, 10, spacing)
    shapes = Shapes(None, ndim=2)
    for geometry, points in (
        (GeometryKind.MARKS, _TRIANGLE),
        (GeometryKind.OUTLINE, _TRIANGLE),
        (GeometryKind.CALIPER, _TRIANGLE[:2]),
    ):
        annotation = Annotation(
            "", "", "", "", Modality.MG, None, Quantity.CALCIFICATION_EXTENT, geometry, points, image
        )
        drawing = draw_findings([Finding(annotation)])
        shapes.data = [(np.asarray(stroke.points), stroke.kind) for stroke in drawing.strokes]
