"""The tools that segment an enhancing lesion, and the volume they need."""

from __future__ import annotations

from napari_calcmeasure.reading.brush_tool import BRUSH_MM, BrushTool
from napari_calcmeasure.reading.lesion_field import FieldOf, LesionField, warm_up
from napari_calcmeasure.reading.seed_tool import SeedTool

__all__ = ["BRUSH_MM", "BrushTool", "FieldOf", "LesionField", "SeedTool", "warm_up"]
