"""Marks of the visit before, laid over the current picture where both hang aligned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from calcmeasure.model.annotation import Annotation
from calcmeasure.terms import Modality
from napari_calcmeasure.display.drawings import belongs_to
from napari_calcmeasure.display.panel import Hanging, Panel


def laid_over(panel: Panel, hanging: Hanging, annotations: Iterable[Annotation]) -> list[Annotation]:
    """Carry what was measured on the prior over to the current picture.

    Two mammograms of one view are aligned by chest wall and breast height where a hanging puts them in one place; the
    breast is compressed anew each time, so this shows where to look, not where a mark must be.

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
    list of Annotation
        With points in pixel indices of the current picture.
    """
    prior = next((one for one in hanging.panels if one.is_prior and _is_aligned(one, panel)), None)
    if prior is None:
        return []
    return [_carried(annotation, prior, panel) for annotation in annotations if belongs_to(annotation, prior)]


def _is_aligned(prior: Panel, panel: Panel) -> bool:
    one, other = prior.target, panel.target
    if one is None or other is None or other.modality is not Modality.MG:
        return False
    same_view = (one.laterality, one.view) == (other.laterality, other.view)
    (low, _), (high, _) = panel.placement.to_world((0.0, 0.0)), panel.placement.to_world(tuple(float(n) for n in panel.shape))
    lies_within = min(low, high) <= prior.placement.to_world(tuple(n / 2 for n in prior.shape))[0] <= max(low, high)
    return same_view and lies_within


def _carried(annotation: Annotation, prior: Panel, panel: Panel) -> Annotation:
    points = tuple(panel.placement.to_pixel(prior.placement.to_world(point)) for point in annotation.points)
    return replace(annotation, points=points)
