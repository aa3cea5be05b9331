"""A reading with every kind of finding, for the panels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calcmeasure.terms import Flag, GeometryKind, Laterality, LesionType, Method, Morphology, View
from factories import marks, outline
from napari_calcmeasure.reading.finding import Finding, LesionMask, PatientReading


def calcifications(**changes):
    return Finding(marks(method=Method.EDITED, morphology=Morphology.FINE_PLEOMORPHIC, **changes))


def lesion(**changes):
    annotation = outline(lesion_type=LesionType.MASS, volume_mm3=1234.0, method=Method.MANUAL, **changes)
    mask = LesionMask((6, 30, 40), np.ones((3, 20, 10), dtype=bool), seed_zrc=(7.0, 40.0, 45.0), level=0.4)
    return Finding(annotation, mask=mask)


def reading():
    """Six findings: draft, signed, changed, lesion, nothing left, not measurable."""
    first = marks(annotation_id="a2", view=View.MLO)
    other = marks(annotation_id="a3", timepoint="followup-1", points=((10.0, 10.0), (80.0, 30.0)))
    left = {"laterality": Laterality.LEFT, "points": (), "method": Method.MANUAL}
    nothing = marks(annotation_id="a4", lesion_id="L-C1", **left)
    why = ("E_NOT_MEASURABLE", str(Flag.HIDDEN))
    hidden = marks(annotation_id="a5", lesion_id="L-C2", geometry=GeometryKind.CALIPER, flags=why, **left)
    return PatientReading(
        "P1",
        "mk",
        findings=(
            calcifications(),
            Finding(first, signed=first, version=1),
            Finding(other, signed=replace(other, points=((10.0, 10.0), (90.0, 30.0))), version=2),
            lesion(),
            Finding(nothing),
            Finding(hidden),
        ),
        selected="a1",
    )
