"""Loads compiled code before the first click needs it: without, the first measurement and line take seconds."""

from __future__ import annotations

import numpy as np

from napari_calcmeasure.jobs import Progress

_TRIANGLE = ((1.0, 1.0), (1.0, 9.0), (7.0, 4.0), (6.0, 2.0))


def warm_up_measuring(_progress: Progress) -> None:
    """Measure one finding of every kind, nowhere; meant for a thread."""
    from calcmeasure.geometry import Spacing, SpacingSource
    from calcmeasure.model.annotation import Annotation, ImageReference
    from calcmeasure.terms import GeometryKind, Modality, Quantity
    from napari_calcmeasure.display.drawings import draw_findings
    from napari_calcmeasure.reading import lesion_tools
    from napari_calcmeasure.reading.finding import Finding

    image = ImageReference("", "", 0, 10, 10, Spacing(0.1, 0.1, SpacingSource.DETECTOR))
    for geometry, count in ((GeometryKind.MARKS, 4), (GeometryKind.OUTLINE, 4), (GeometryKind.CALIPER, 2)):
        points = _TRIANGLE[:count]
        annotation = Annotation(
            "", "", "", "", Modality.MG, None, Quantity.CALCIFICATION_EXTENT, geometry, points, image
        )
        draw_findings([Finding(annotation)])
    lesion_tools.warm_up()


def warm_up_drawing() -> None:
    """Draw a line, a polygon and a mask, nowhere; in the window's thread: layers set up what all layers share."""
    from napari.layers import Labels, Shapes
    from napari.utils.colormaps import DirectLabelColormap

    shapes = Shapes(None, ndim=2)
    shapes.data = [(np.asarray(_TRIANGLE[:2]), "line"), (np.asarray(_TRIANGLE), "polygon")]
    colours = DirectLabelColormap(color_dict={None: "transparent", 0: "transparent", 1: "white"})
    Labels(np.ones((2, 4, 4), np.uint8), colormap=colours)
