"""Findings as strokes and rings."""

from __future__ import annotations

from dataclasses import replace

from calcmeasure.terms import GeometryKind
from napari_calcmeasure.display.drawings import draw_findings
from napari_calcmeasure.reading.finding import Finding
from plugin.reading.examples import automatic, mammogram

TRIANGLE = ((10.0, 10.0), (10.0, 30.0), (25.0, 20.0))


def test_what_does_not_measure_does_not_keep_the_rest_from_being_drawn():
    marks = Finding(automatic(mammogram(), TRIANGLE))
    broken = Finding(replace(marks.annotation, annotation_id="broken", geometry=GeometryKind.CALIPER))
    drawing = draw_findings([broken, marks], selected="broken")
    assert [stroke.kind for stroke in drawing.strokes] == ["polygon", "line"]
    assert len(drawing.rings) == 6
