"""Marks of the visit before, laid over the current picture where both hang aligned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from calcmeasure.model.annotation import Annotation
from calcmeasure.terms import Modality
from napari_calcmeasure.display.drawings import PRIOR, Drawing, belongs_to, draw_annotations
from napari_calcmeasure.display.panel import Hanging, Panel
from napari_calcmeasure.reading.finding import Point


def laid_over(panel: Panel, hanging: Hanging, annotations: Iterable[Annotation]) -> Drawing:
    """Carry what was measured on the prior over to the current picture.

    Two mammograms of one view are aligned by chest wall and breast height where a hanging puts them in one place; the
    breast is compressed anew each time, so this shows where to look, not where a mark must be. Millimetres are those of
    the prior, measured there.

    Parameters
    ----------
    panel
        The current picture.
    hanging
        Its hanging; without an aligned prior in it nothing is laid over.
    annotations
        Of all visits.

    Returns
    -------
    Drawing
        In pixel indices of the current picture.
    """
    prior = next((one for one in hanging.panels if one.is_prior and _is_aligned(one, panel)), None)
    if prior is None:
        return Drawing()
    drawn = draw_annotations([one for one in annotations if belongs_to(one, prior)], style=PRIOR)

    def carry(point: Point) -> Point:
        return panel.placement.to_pixel(prior.placement.to_world(point))

    strokes = tuple(replace(stroke, points=tuple(map(carry, stroke.points))) for stroke in drawn.strokes)
    return Drawing(strokes, tuple(replace(ring, centre=carry(ring.centre)) for ring in drawn.rings))


def _is_aligned(prior: Panel, panel: Panel) -> bool:
    one, other = prior.target, panel.target
    if one is None or other is None or other.modality is not Modality.MG:
        return False
    same_view = (one.laterality, one.view) == (other.laterality, other.view)
    rows = [panel.placement.to_world(edge)[0] for edge in ((0.0, 0.0), (float(panel.shape[0]), 0.0))]
    middle = prior.placement.to_world((prior.shape[0] / 2, 0.0))[0]
    return same_view and min(rows) <= middle <= max(rows)
