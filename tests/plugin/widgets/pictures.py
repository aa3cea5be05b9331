"""Small hangings made of plain arrays, for tests of the canvas and the hand."""

from __future__ import annotations

import numpy as np

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.model.annotation import ImageReference, PhaseReference
from calcmeasure.terms import Laterality, Modality, Quantity, View
from napari_calcmeasure.display.panel import Hanging, Panel, Placement
from napari_calcmeasure.display.windows import ramp_preset
from napari_calcmeasure.reading.finding import Target

MM = 0.1
SHAPE = (60, 40)
VOLUME = (5, 32, 40)
VOXEL_MM = (3.0, 1.0, 1.0)


def mammogram_panel(number=0, *, origin=(0.0, 0.0), mirrored=False, cell=(0, 0), is_prior=False):
    spacing = Spacing(MM, MM, SpacingSource.DETECTOR)
    image = ImageReference(f"1.2.{number}", "1.1", 0, *SHAPE, spacing, "1")
    timepoint = "baseline" if is_prior else "followup-1"
    target = Target(
        timepoint, "2024-01-10", Modality.MG, Quantity.CALCIFICATION_EXTENT, Laterality.RIGHT, View.CC, image
    )
    placement = Placement(origin, (MM, -MM if mirrored else MM))
    keywords = {
        "name": f"view {number}",
        "scale": placement.scale,
        "translate": placement.origin,
        "units": ("mm", "mm"),
        "axis_labels": ("row", "column"),
        "contrast_limits": (0, 4000),
    }
    pixels = (np.arange(SHAPE[0] * SHAPE[1]).reshape(SHAPE) % 4000).astype(np.uint16)
    presets = (ramp_preset("full", (0.0, 4000.0)), ramp_preset("bright", (0.0, 400.0)))
    return Panel(
        f"p{number}", f"view {number}", (pixels, keywords, "image"), SHAPE, placement, target, presets, cell, is_prior
    )


def volume_panel(number=0, *, cell=(0, 0), target=True):
    spacing = Spacing(VOXEL_MM[1], VOXEL_MM[2], SpacingSource.PATIENT, slice_mm=VOXEL_MM[0])
    image = ImageReference("", "2.1", 0, *VOLUME[1:], spacing, "2")
    phase = PhaseReference(1, 85.0, "k-space-centre-90s", "injection")
    wanted = Target(
        "baseline", "2024-01-10", Modality.MR, Quantity.LESION_DIAMETER, Laterality.LEFT, None, image, phase
    )
    placement = Placement((0.0, 0.0, 0.0), VOXEL_MM)
    keywords = {
        "name": f"volume {number}",
        "scale": VOXEL_MM,
        "translate": (0.0, 0.0, 0.0),
        "units": ("mm", "mm", "mm"),
        "axis_labels": ("slice", "row", "column"),
        "contrast_limits": (0, 100),
    }
    voxels = np.zeros(VOLUME, np.float32)
    return Panel(
        f"v{number}",
        f"volume {number}",
        (voxels, keywords, "image"),
        VOLUME,
        placement,
        wanted if target else None,
        cell=cell,
    )


def pair_hanging():
    """Two mammograms back to back on one canvas: the left one mirrored."""
    left = mammogram_panel(0, origin=(0.0, -MM), mirrored=True)
    right = mammogram_panel(1, origin=(0.0, 0.0))
    return Hanging("MG CC", (left, right), "P1 · followup-1")


def grid_hanging():
    """Current and prior in two cells."""
    return Hanging(
        "MG compare", (mammogram_panel(0), mammogram_panel(1, cell=(0, 1), is_prior=True)), "P1", grid=(1, 2)
    )


def flicker_hanging():
    return Hanging("MG flicker", (mammogram_panel(0), mammogram_panel(1, is_prior=True)), "P1")


def volume_hanging():
    return Hanging(
        "DCE as acquired", (volume_panel(0), volume_panel(1, cell=(0, 1))), "P1", grid=(1, 2), first_step=((0, 2),)
    )


def children(widget, *kinds):
    """Controls of several kinds below a widget: one kind per call is all that every Qt binding takes."""
    return [child for kind in kinds for child in widget.findChildren(kind)]
