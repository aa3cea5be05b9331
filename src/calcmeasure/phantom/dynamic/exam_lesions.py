"""Lesions of an examination: drawn by kind of disease, and placed where they fit into the breast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from calcmeasure.geometry import ImageGrid
from calcmeasure.phantom.dynamic.anatomy import FieldOfView
from calcmeasure.phantom.dynamic.exam_settings import Disease, ExamSettings
from calcmeasure.phantom.dynamic.lesions import Kinetics, LesionKind, LesionSpec
from calcmeasure.phantom.dynamic.ranges import log_uniform, pick, uniform
from calcmeasure.terms import Laterality

FloatArray = NDArray[np.float64]

_TRIES = 40
_SHRINK = 0.88
_SMALLEST_MM = 3.0
_GAP_MM = 4.0
_CONTACT_MM = (0.5, 2.0)
"""How deep a mass in contact with the chest wall reaches into it."""
_KINETICS = ((Kinetics.WASHOUT, 0.5), (Kinetics.PLATEAU, 0.35), (Kinetics.PERSISTENT, 0.15))
_NON_MASS_KINETICS = ((Kinetics.WASHOUT, 0.2), (Kinetics.PLATEAU, 0.5), (Kinetics.PERSISTENT, 0.3))
_LEAST_RESIDUAL = 0.7
"""Residual disease enhances more than spots of background do: else nothing could tell them apart."""
_PERSISTENT = 1.6
"""The transfer constant of persistent enhancement is low; by this much it is raised above the background's."""
_MASS_RATIOS, _NON_MASS_RATIOS = (0.55, 0.95), (0.35, 0.6)


class LesionDrawer:
    """Draws the lesions of one breast."""

    def __init__(self, settings: ExamSettings, grid: ImageGrid, side: Laterality, *, behind: float = 0.0) -> None:
        self._settings = settings
        self._grid = grid
        self._field = FieldOfView.of(grid)
        self._side = side
        self._behind = behind

    def draw(self, disease: Disease, rng: np.random.Generator) -> tuple[LesionSpec, ...]:
        """Draw and place; none for `Disease.NONE`."""
        if disease is Disease.NONE:
            return ()
        if disease is Disease.NON_MASS:
            return (self._placed(self._non_mass(rng), rng),)
        first = self._mass(rng, has_rim=disease is Disease.RIM)
        if disease is Disease.RESIDUAL:
            first = self._residual(first, rng)
        in_contact = disease is not Disease.RESIDUAL and rng.random() < self._settings.contact_share
        first = self._placed(first, rng, in_contact=in_contact and not self._behind)
        return (first, *self._satellites(first, rng)) if disease is Disease.MULTIFOCAL else (first,)

    def _mass(self, rng: np.random.Generator, *, has_rim: bool) -> LesionSpec:
        settings = self._settings
        low = max(settings.diameter_mm[0], 14.0) if has_rim else settings.diameter_mm[0]
        kinetics = pick(_KINETICS, rng)
        return LesionSpec(
            laterality=self._side,
            diameter_mm=log_uniform((low, settings.diameter_mm[1]), rng),
            axis_ratios=(uniform(_MASS_RATIOS, rng), uniform(_MASS_RATIOS, rng)),
            angle_deg=uniform((0.0, 180.0), rng),
            irregularity=uniform(settings.irregularity, rng),
            kinetics=kinetics,
            rim=has_rim or rng.random() < 0.4,
            strength=log_uniform(settings.strength, rng) * (_PERSISTENT if kinetics is Kinetics.PERSISTENT else 1.0),
            core=uniform(settings.core, rng) if has_rim else None,
        )

    def _residual(self, spec: LesionSpec, rng: np.random.Generator) -> LesionSpec:
        return replace(
            spec,
            diameter_mm=log_uniform(self._settings.residual_mm, rng),
            kinetics=Kinetics.PLATEAU,
            strength=max(spec.strength, _LEAST_RESIDUAL) * uniform((0.6, 1.0), rng),
        )

    def _non_mass(self, rng: np.random.Generator) -> LesionSpec:
        return LesionSpec(
            laterality=self._side,
            kind=LesionKind.NON_MASS,
            diameter_mm=log_uniform(self._settings.non_mass_mm, rng),
            axis_ratios=(uniform(_NON_MASS_RATIOS, rng), uniform(_NON_MASS_RATIOS, rng)),
            irregularity=uniform(self._settings.irregularity, rng),
            kinetics=pick(_NON_MASS_KINETICS, rng),
            strength=log_uniform(self._settings.strength, rng) * 1.3,
            taper=uniform((0.0, 0.6), rng),
            infiltration=uniform((0.2, 0.8), rng),
        )

    def _placed(self, spec: LesionSpec, rng: np.random.Generator, *, in_contact: bool = False) -> LesionSpec:
        """Find a place where a lesion fits; a breast too small for it gets a smaller one."""
        while True:
            for _ in range(_TRIES):
                placed = self._in_contact(spec, rng) if in_contact else self._anywhere(spec, rng)
                if self._fits(placed, in_contact=in_contact):
                    return placed
            if spec.diameter_mm <= _SMALLEST_MM:
                raise ValueError("the breast is too small for any lesion")
            spec = replace(spec, diameter_mm=max(_SHRINK * spec.diameter_mm, _SMALLEST_MM))

    def _anywhere(self, spec: LesionSpec, rng: np.random.Generator) -> LesionSpec:
        depth = uniform((max(0.12, self._behind), 0.70), rng)
        position = (uniform((-0.6, 0.6), rng), depth, uniform((-0.6, 0.6), rng))
        placed = replace(spec, position=position)
        return replace(placed, angle_deg=self._to_nipple_deg(placed)) if spec.taper else placed

    def _in_contact(self, spec: LesionSpec, rng: np.random.Generator) -> LesionSpec:
        placed = replace(spec, position=(uniform((-0.4, 0.4), rng), 0.0, uniform((-0.5, 0.5), rng)))
        outline = self._outline_lps(placed)
        point = self._field.breast_point_lps(self._side, placed.position)
        point[1] += uniform(_CONTACT_MM, rng) - self._field.behind_chest_mm(outline)
        return replace(placed, position=self._field.position_of(self._side, point))

    def _fits(self, spec: LesionSpec, *, in_contact: bool) -> bool:
        outline = self._outline_lps(spec)
        deepest = self._field.behind_chest_mm(outline)
        is_clear = deepest < _CONTACT_MM[1] + 0.5 if in_contact else deepest < -2.0
        inner = np.abs(self._grid.to_zrc(outline) - (np.asarray(self._grid.shape) - 1) / 2)
        in_grid = bool(np.all(inner < np.asarray(self._grid.shape) / 2 - 2))
        return is_clear and in_grid and self._field.is_inside(self._side, outline)

    def _outline_lps(self, spec: LesionSpec) -> FloatArray:
        """(15, 3) centre, ends of the axes and corners between them, patient space."""
        angle = np.deg2rad(spec.angle_deg)
        axes = np.array([[0.0, np.sin(angle), np.cos(angle)], [0.0, np.cos(angle), -np.sin(angle)], [1.0, 0.0, 0.0]])
        half = spec.diameter_mm / 2 * (1 + spec.irregularity) * np.array([1.0, *spec.axis_ratios])
        signs = np.stack(np.meshgrid(*[(-1.0, 0.0, 1.0)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        norms = np.maximum(np.linalg.norm(signs, axis=1, keepdims=True), 1.0)
        offsets = (signs / norms * half) @ axes @ np.asarray(self._grid.axes_lps)
        outline: FloatArray = self._field.breast_point_lps(self._side, spec.position) + offsets
        return outline

    def _to_nipple_deg(self, spec: LesionSpec) -> float:
        """Angle in the image plane from a lesion to the nipple."""
        ends = [spec.position, (0.0, 0.95, 0.0)]
        zrc = [self._grid.to_zrc(self._field.breast_point_lps(self._side, place)) for place in ends]
        _, row_mm, column_mm = (zrc[1] - zrc[0]) * np.asarray(self._grid.spacing.zrc_mm)
        return float(np.rad2deg(np.arctan2(row_mm, column_mm)))

    def _satellites(self, first: LesionSpec, rng: np.random.Generator) -> tuple[LesionSpec, ...]:
        """One to three smaller masses around the first, apart from it and from each other."""
        found: list[LesionSpec] = []
        for number in range(2, 2 + int(rng.integers(1, 4))):
            for _ in range(_TRIES):
                spec = replace(
                    first,
                    lesion_id=f"L{number}",
                    diameter_mm=max(_SMALLEST_MM + 1, first.diameter_mm * uniform((0.25, 0.65), rng)),
                    position=self._beside(first, rng),
                    rim=False,
                    core=None,
                    angle_deg=uniform((0.0, 180.0), rng),
                )
                if self._fits(spec, in_contact=False) and all(self._is_apart(spec, other) for other in (first, *found)):
                    found.append(spec)
                    break
        return tuple(found)

    def _beside(self, first: LesionSpec, rng: np.random.Generator) -> tuple[float, float, float]:
        direction = rng.normal(size=3)
        away_mm = first.diameter_mm / 2 + uniform((6.0, 28.0), rng)
        centre = self._field.breast_point_lps(self._side, first.position)
        return self._field.position_of(self._side, centre + away_mm * direction / np.linalg.norm(direction))

    def _is_apart(self, one: LesionSpec, other: LesionSpec) -> bool:
        places = [self._field.breast_point_lps(self._side, spec.position) for spec in (one, other)]
        reach_mm = 0.6 * (one.diameter_mm + other.diameter_mm)
        return float(np.linalg.norm(places[0] - places[1])) > reach_mm + _GAP_MM
