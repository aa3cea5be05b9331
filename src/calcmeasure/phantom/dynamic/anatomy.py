"""Prone breasts for the dynamic MR phantom: which tissue fills which voxel, in patient coordinates.

Everything scales with the field of view, so a small test volume holds a whole, small chest. Patient frame: +x left,
+y posterior, +z head; the midline is x = 0 and the breasts hang towards -y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline

from calcmeasure.geometry import ImageGrid
from calcmeasure.phantom.dynamic.distractors import Surroundings
from calcmeasure.phantom.dynamic.orientation import patient_axes
from calcmeasure.terms import Laterality

FloatImage = NDArray[np.float32]
FloatArray = NDArray[np.float64]

_CHEST_FRACTION = 0.38
"""Where the chest wall starts, as a fraction of the half field of view behind its centre."""
_SUPERELLIPSE = 2.3
_UNDER_SKIN = 0.88
"""Superelliptic radius, to its power, up to which a place lies well under the skin."""
_PICTURED = 0.94
_ONE_BREAST = 0.8
"""Distance of the centre from the midline, in half widths of the picture, from which it shows one breast alone."""


@dataclass(frozen=True, slots=True)
class FieldOfView:
    """The imaged box in patient space: centre and half widths, mm."""

    centre_lps: tuple[float, float, float]
    half_mm: tuple[float, float, float]

    @classmethod
    def of(cls, grid: ImageGrid) -> FieldOfView:
        """Take the box of a grid; one that lies wholly on one side of the midline shows half of a body.

        The body is then twice as wide, so that its breast fills the picture.
        """
        centre = grid.to_lps((np.asarray(grid.shape) - 1) / 2)
        half = np.asarray(grid.shape) * grid.spacing.zrc_mm / 2
        across, depth, height = (half[axis] for axis in patient_axes(np.asarray(grid.axes_lps)))
        is_one_breast = abs(float(centre[0])) > _ONE_BREAST * across
        return cls(
            (float(centre[0]), float(centre[1]), float(centre[2])),
            (2 * across if is_one_breast else across, depth, height),
        )

    def breast_point_lps(self, side: Laterality, position: tuple[float, float, float]) -> FloatArray:
        """Patient position of (across, depth, height) in a breast, see `LesionSpec.position`."""
        across, depth, height = position
        sign = 1.0 if side is Laterality.LEFT else -1.0
        centre, axes = self._breast(sign)
        point = centre + np.array([sign * across * axes[0], -depth * axes[1], height * self.half_mm[2]])
        return np.asarray(point, dtype=float)

    def position_of(self, side: Laterality, point_lps: FloatArray) -> tuple[float, float, float]:
        """(across, depth, height) of a patient position in a breast; the inverse of `breast_point_lps`."""
        sign = 1.0 if side is Laterality.LEFT else -1.0
        centre, axes = self._breast(sign)
        across, depth, height = (point_lps - centre) / np.array([sign * axes[0], -axes[1], self.half_mm[2]])
        return float(across), float(depth), float(height)

    def is_inside(self, side: Laterality, points_lps: FloatArray) -> bool:
        """Whether all of (n, 3) patient positions lie under the skin of a breast and in the picture."""
        centre, axes = self._breast(1.0 if side is Laterality.LEFT else -1.0)
        radius = np.sum((np.abs(points_lps - centre) / axes) ** _SUPERELLIPSE, axis=-1)
        in_picture = np.abs(points_lps[:, 2] - self.centre_lps[2]) < _PICTURED * self.half_mm[2]
        return bool(np.all(radius < _UNDER_SKIN) and np.all(in_picture))

    def behind_chest_mm(self, points_lps: FloatArray) -> float:
        """How far the hindmost of (n, 3) patient positions reaches behind the front of the chest wall."""
        return float(np.max(points_lps[:, 1] - np.asarray(self.chest_mm(points_lps[:, 0].astype(np.float32)))))

    def _breast(self, sign: float) -> tuple[FloatArray, FloatArray]:
        """Centre of a breast's base and its semi-axes."""
        half_x, half_y, half_z = self.half_mm
        centre = np.array([sign * 0.5 * half_x, self.chest_mm(sign * 0.5 * half_x), self.centre_lps[2]])
        return centre, np.array([0.455 * half_x, 1.18 * half_y, 1.45 * half_z])

    def chest_mm(self, x_mm: float | FloatImage) -> float | FloatImage:
        """Return y of the front of the chest wall: it falls back towards the sides."""
        half_x, half_y, _ = self.half_mm
        return self.centre_lps[1] + half_y * (_CHEST_FRACTION + 0.30 * (x_mm / half_x) ** 2)


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Tissue fractions, each (slices, rows, columns) float32 in 0-1; what is left to 1 is air or lung.

    Parameters
    ----------
    body
        Everything but air.
    breast
        Breast without skin and chest wall.
    fat, gland, skin, muscle, blood
        Parts of the body. `blood` holds vessels and the heart.
    uptake
        (slices, rows, columns) smooth local factor of background enhancement around 1.
    """

    body: FloatImage
    breast: FloatImage
    fat: FloatImage
    gland: FloatImage
    skin: FloatImage
    muscle: FloatImage
    blood: FloatImage
    uptake: FloatImage


def build_anatomy(grid: ImageGrid, *, density: float, seed: int, surroundings: Surroundings | None = None) -> Anatomy:
    """Fill a grid with two breasts, the chest wall, the heart and vessels.

    Parameters
    ----------
    grid
        Along the patient's axes but for a few degrees.
    density
        Rough share of fibroglandular tissue, 0-1.
    seed
        The same seed and grid give the same patient.
    surroundings
        How many vessels, how uneven the uptake; None for the usual.
    """
    surroundings = surroundings or Surroundings()
    rng = np.random.default_rng([seed, 11])
    field = FieldOfView.of(grid)
    x, y, z = patient_coordinates(grid)
    edge_mm = float(max(grid.spacing.rc_mm))
    chest = np.asarray(field.chest_mm(x), dtype=np.float32)
    depth_breast = _breast_depth(field, x, y, z)
    behind = y - chest
    body = _soft(_smooth_maximum(depth_breast, behind, 6.0), edge_mm)
    breast = np.minimum(_soft(depth_breast - 2.0, edge_mm), _soft(-behind - 1.0, edge_mm))
    skin = np.clip(body - np.maximum(breast, _soft(behind - 0.5, edge_mm)), 0, 1)
    wall_mm = 0.16 * field.half_mm[1]
    ribs = 0.5 + 0.5 * np.sin(2 * np.pi * (z + 0.6 * np.abs(x)) / 26.0)
    muscle = (
        _soft(behind - 1.5, edge_mm) * _soft(wall_mm - behind, edge_mm) * np.asarray(0.75 + 0.25 * ribs, np.float32)
    )
    heart = _heart(field, x, y, z, wall_mm)
    gland = breast * _gland(grid, depth_breast, density=density, rng=rng) * _soft(depth_breast - 6.0, 6.0)
    gland *= _soft(-behind - 5.0, 5.0)
    vessels = _vessels(grid, field, rng, surroundings) * np.maximum(breast, 0.0)
    blood = np.maximum(vessels, heart).astype(np.float32)
    gland, muscle = gland * (1 - blood), muscle * (1 - blood)
    lung = _soft(behind - wall_mm, edge_mm)
    fat = np.clip(body - skin - gland - muscle - blood - lung, 0, 1).astype(np.float32)
    uptake = np.exp(surroundings.uneven_uptake * _smooth_noise(grid, 14.0, rng)).astype(np.float32)
    return Anatomy(body, breast, fat, gland, skin, muscle, blood, uptake)


def coil_shading(grid: ImageGrid) -> FloatImage:
    """Receive sensitivity of a breast coil: strong in front, falling towards the chest, slightly uneven sideways."""
    field = FieldOfView.of(grid)
    x, y, z = patient_coordinates(grid)
    forward = (field.centre_lps[1] - y) / field.half_mm[1]
    sideways = np.abs(x) / field.half_mm[0]
    along = (z - field.centre_lps[2]) / field.half_mm[2]
    shading = np.exp(0.22 * forward) * (0.92 + 0.12 * sideways) * (1 - 0.07 * along**2)
    return np.asarray(shading * (1 + 0.05 * x / field.half_mm[0]), dtype=np.float32)


def patient_coordinates(grid: ImageGrid) -> tuple[FloatImage, FloatImage, FloatImage]:
    """x, y and z of every voxel, mm."""
    steps = grid.steps_lps
    index = [np.arange(n, dtype=float) for n in grid.shape]
    parts = [np.multiply.outer(index[axis], steps[axis]) for axis in range(3)]
    x, y, z = (
        (
            grid.origin_lps[k] + parts[0][:, None, None, k] + parts[1][None, :, None, k] + parts[2][None, None, :, k]
        ).astype(np.float32)
        for k in range(3)
    )
    return x, y, z


def _soft(depth_mm: FloatImage, width_mm: float) -> FloatImage:
    """Share of a voxel on the inner side of a surface at a given depth."""
    return np.asarray(np.clip(0.5 + depth_mm / np.float32(width_mm), 0, 1), dtype=np.float32)


def _smooth_maximum(first: FloatImage, second: FloatImage, width_mm: float) -> FloatImage:
    near = np.clip(1 - np.abs(first - second) / width_mm, 0, 1)
    return np.asarray(np.maximum(first, second) + near**2 * np.float32(width_mm / 4), dtype=np.float32)


def _breast_depth(field: FieldOfView, x: FloatImage, y: FloatImage, z: FloatImage) -> FloatImage:
    """Depth below the skin in mm along the ray from the nearer breast's base; negative outside."""
    depth = np.full(x.shape, -np.inf, dtype=np.float32)
    for sign in (-1.0, 1.0):
        centre, axes = field._breast(sign)
        offset = [x - np.float32(centre[0]), y - np.float32(centre[1]), z - np.float32(centre[2])]
        distance = np.sqrt(offset[0] ** 2 + offset[1] ** 2)
        radius = sum((np.abs(o) / np.float32(a)) ** _SUPERELLIPSE for o, a in zip(offset, axes, strict=True))
        radius = np.maximum(np.asarray(radius, dtype=np.float32) ** np.float32(1 / _SUPERELLIPSE), 1e-3)
        scale = np.maximum(distance, 5.0) / np.maximum(radius, 0.15)
        depth = np.maximum(depth, (1 - radius) * np.minimum(scale, np.float32(axes[1])))
    return depth


def _heart(field: FieldOfView, x: FloatImage, y: FloatImage, z: FloatImage, wall_mm: float) -> FloatImage:
    half_x, half_y, half_z = field.half_mm
    front = float(np.asarray(field.chest_mm(0.12 * half_x))) + wall_mm + 2.0
    size = np.array([0.34 * half_x, 0.55 * half_y, 1.1 * half_z])
    centre = np.array([0.16 * half_x, front + size[1], field.centre_lps[2] - 0.35 * half_z])
    radius = np.sqrt(sum(((a - c) / s) ** 2 for a, c, s in zip((x, y, z), centre, size, strict=True)))
    return _soft(((1 - radius) * size[1]).astype(np.float32), 3.0)


def _gland(grid: ImageGrid, depth_mm: FloatImage, *, density: float, rng: np.random.Generator) -> FloatImage:
    """Fibroglandular share: strands and lobules, denser deep inside the breast."""
    noise = 0.75 * _smooth_noise(grid, 11.0, rng) + 0.65 * _smooth_noise(grid, 4.0, rng)
    central = np.clip(depth_mm / max(float(np.max(depth_mm)), 1.0), 0, 1)
    score = noise + 3.2 * central - 1.9 + 3.0 * (density - 0.35)
    return np.asarray(1 / (1 + np.exp(np.clip(-4.5 * score, -30, 30))), dtype=np.float32)


def _smooth_noise(grid: ImageGrid, scale_mm: float, rng: np.random.Generator) -> FloatImage:
    """Unit-variance noise with features of about `scale_mm`, drawn on a coarse lattice."""
    extent_mm = np.asarray(grid.shape) * np.asarray(grid.spacing.zrc_mm)
    lattice = np.ceil(extent_mm / scale_mm).astype(int) + 4
    noise = rng.standard_normal(tuple(lattice)).astype(np.float32)
    for axis, count in enumerate(grid.shape):
        weights = _cubic_weights(count, grid.spacing.zrc_mm[axis] / scale_mm, int(lattice[axis]))
        noise = np.moveaxis(np.tensordot(weights, noise, axes=(1, axis)), 0, axis)
    return np.asarray((noise - noise.mean()) / max(float(noise.std()), 1e-6), dtype=np.float32)


def _cubic_weights(count: int, step: float, lattice: int) -> FloatImage:
    """(count, lattice) cubic B-spline weights of evenly spaced points between lattice nodes."""
    knots = np.arange(-3.0, lattice + 1)
    design = BSpline.design_matrix(np.arange(count) * step, knots, 3)
    return np.asarray(design.toarray(), dtype=np.float32)


def _vessels(grid: ImageGrid, field: FieldOfView, rng: np.random.Generator, surroundings: Surroundings) -> FloatImage:
    """Wandering tubes: some through each breast."""
    tubes = np.zeros(grid.shape, dtype=np.float32)
    for side in (Laterality.RIGHT, Laterality.LEFT):
        for _ in range(surroundings.vessels):
            path_lps, radius_mm = _breast_vessel(field, side, rng)
            _draw_tube(tubes, grid, path_lps=path_lps, radius_mm=surroundings.vessel_width * radius_mm)
    return tubes


def _breast_vessel(field: FieldOfView, side: Laterality, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """(n, 3) centre line from the chest towards the nipple, and the tapering radius."""
    start = np.array([rng.uniform(-0.75, 0.75), 0.05, rng.uniform(-0.9, 0.9)])
    stop = np.array([rng.uniform(-0.45, 0.45), rng.uniform(0.6, 0.8), rng.uniform(-0.7, 0.7)])
    share = np.linspace(0, 1, 160)[:, None]
    wiggle = np.sin(2 * np.pi * share * rng.uniform(0.6, 1.8, 3) + rng.uniform(0, 6.28, 3))
    wiggle *= np.array([0.16, 0.02, 0.10]) * np.sin(np.pi * share)
    positions = start + (stop - start) * share + wiggle
    points = [field.breast_point_lps(side, (float(p[0]), float(p[1]), float(p[2]))) for p in positions]
    return np.array(points), np.linspace(rng.uniform(1.1, 1.6), 0.6, len(points))


def _draw_tube(tubes: FloatImage, grid: ImageGrid, *, path_lps: FloatArray, radius_mm: FloatArray) -> None:
    """Raise the voxels near a centre line to their share inside the tube."""
    spacing = np.asarray(grid.spacing.zrc_mm)
    centres = grid.to_zrc(path_lps)
    for centre, radius in zip(centres, radius_mm, strict=True):
        reach = (radius + spacing.max()) / spacing
        low = np.maximum(np.floor(centre - reach), 0).astype(int)
        high = np.minimum(np.ceil(centre + reach) + 1, grid.shape).astype(int)
        if np.any(low >= high):
            continue
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        axes = np.ogrid[box]
        squares = [((axis - c) * s) ** 2 for axis, c, s in zip(axes, centre, spacing, strict=True)]
        inside = np.clip(0.5 + (radius - np.sqrt(sum(squares))) / spacing[1], 0, 1)
        tubes[box] = np.maximum(tubes[box], inside)
