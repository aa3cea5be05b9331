"""The breast without calcifications: outline, thickness, glandular tissue, vessels, ligaments and pectoral muscle.

Anatomy lives on a grid in mm of the breast (depth from the chest wall, across the image) and depends on a seed and
the view only; detectors sample it. The same breast therefore looks the same at both visits, on any detector.
Tissue texture has a power spectrum falling with the third power of frequency, as measured on mammograms
(Burgess, Med Phys 2001; 28: 419).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft2, rfft2
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.sparse import csr_array

from calcmeasure.terms import View

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]

GRID_MM = 0.2
"""Pitch of the anatomy grid: finer structure carries no power worth having in a 1/f^3 field."""
SKIN_MM = 1.6
_MARGIN_MM = 6.0


@dataclass(frozen=True, slots=True)
class BreastSpec:
    """One breast under compression.

    Parameters
    ----------
    depth_mm
        Chest wall to nipple.
    width_mm
        Side to side on CC; MLO is drawn from it.
    thickness_mm
        Compressed thickness.
    density
        0 (fatty) to 1 (extremely dense).
    n_strands
        Vessels and ligaments.
    seed
        Decides the tissue.
    texture_exponent
        Power of frequency by which tissue texture falls off.
    nipple_mm
        How far a nipple in profile stands out; 0 for none.
    uneven_mm
        Amplitude of the skin line's irregularity.
    """

    depth_mm: float = 62.0
    width_mm: float = 84.0
    thickness_mm: float = 45.0
    density: float = 0.4
    n_strands: int = 60
    seed: int = 0
    texture_exponent: float = 3.0
    nipple_mm: float = 0.0
    uneven_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Anatomy:
    """One view of a breast, on a grid of `GRID_MM`.

    Parameters
    ----------
    inside_mm
        (across, depth) signed distance to the skin surface, positive inside.
    extra
        (across, depth) attenuation beyond that of fat: gland, strands, muscle; natural-log units.
    across_mm
        Across position of grid row 0; rows go *down* the displayed image.
    thickness_mm
        Compressed thickness.
    """

    inside_mm: FloatImage
    extra: FloatImage
    across_mm: float
    thickness_mm: float

    def sample(self, field: FloatImage, across_mm: FloatArray, depth_mm: FloatArray) -> FloatImage:
        """Cubic interpolation of a grid field at every pair of across (rows) and depth (columns) positions."""
        rows = _cubic_weights((self.across_mm - across_mm) / GRID_MM, field.shape[0])
        cols = _cubic_weights(depth_mm / GRID_MM, field.shape[1])
        sampled: FloatImage = np.ascontiguousarray((cols @ (rows @ field).T).T)
        return sampled


def build_anatomy(spec: BreastSpec, view: View) -> Anatomy:
    """Draw a breast as one view sees it; the same `spec` always gives the same breast.

    Raises
    ------
    ValueError
        For a view other than CC and MLO.
    """
    if not view.is_standard:
        raise ValueError(f"phantoms are drawn in CC and MLO only, not in {view}")
    rng = np.random.default_rng([spec.seed, view is View.MLO])
    top_mm, bottom_mm = _across_range_mm(spec, view)
    across = np.arange(top_mm + (_MARGIN_MM if view is View.CC else 0.0), bottom_mm - _MARGIN_MM, -GRID_MM)
    depth = np.arange(0.0, spec.depth_mm + _MARGIN_MM, GRID_MM)
    outline = _outline_mm(spec, view, across) + _irregularity_mm(spec, across)
    inside = _signed_distance_mm(depth[None, :] < outline[:, None])
    extra = _gland(spec, view, (across, depth), rng=rng) + _strands(spec, inside, rng=rng)
    if view is View.MLO:
        extra = _with_muscle(extra, (across, depth), spec, rng=rng)
    return Anatomy(inside, extra.astype(np.float32), float(across[0]), spec.thickness_mm)


def power_law_field(shape: tuple[int, int], *, beta: float, rng: np.random.Generator) -> FloatImage:
    """Gaussian random field of power spectrum 1/f^beta, zero mean and unit standard deviation."""
    spectrum = rfft2(rng.standard_normal(shape, np.float32))
    f = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :])
    f[0, 0] = np.inf
    field = irfft2(spectrum * f ** (-beta / 2), s=shape)
    scaled: FloatImage = (field / field.std()).astype(np.float32)
    return scaled


def _across_range_mm(spec: BreastSpec, view: View) -> tuple[float, float]:
    half = 0.5 * spec.width_mm
    return (half, -half) if view is View.CC else (1.7 * half, -0.95 * half)


def _outline_mm(spec: BreastSpec, view: View, across: FloatArray) -> FloatArray:
    """Depth of the skin line; on MLO the breast runs on into the axilla."""
    top_mm, bottom_mm = _across_range_mm(spec, view)
    u = np.where(across > 0, across / top_mm, across / bottom_mm)
    rounded = np.clip(1.0 - np.abs(u) ** 2.2, 0.0, None) ** (1 / 2.0)
    if view is View.CC:
        return spec.depth_mm * rounded
    upper = 0.34 + 0.66 * np.exp(-2.6 * np.abs(u) ** 2.1)
    return spec.depth_mm * np.where(across > 0, upper, rounded)


def _irregularity_mm(spec: BreastSpec, across: FloatArray) -> FloatArray:
    """Nipple in profile, and waves of the skin line that fade towards the chest wall."""
    phase = np.random.default_rng([spec.seed, 2]).uniform(0.0, 2 * math.pi, 2)
    waves = np.sin(2 * math.pi * across / spec.width_mm + phase[0]) + 0.5 * np.sin(across / 9.0 + phase[1])
    nipple = np.exp(-((np.abs(across) / 4.0) ** 4))
    irregular: FloatArray = spec.nipple_mm * nipple + spec.uneven_mm * waves
    return irregular


def _signed_distance_mm(mask: NDArray[np.bool_]) -> FloatImage:
    """Distance to the skin; chest wall and upper image edge are no skin, so the breast is continued past them."""
    pad = round(30.0 / GRID_MM)
    padded = np.pad(mask, ((pad, pad), (pad, 0)), mode="edge")
    inner = distance_transform_edt(padded) - distance_transform_edt(~padded)
    smooth = gaussian_filter(inner.astype(np.float32), 1.0) * GRID_MM
    signed: FloatImage = smooth[pad:-pad, pad:].astype(np.float32)
    return signed


def _gland(
    spec: BreastSpec, view: View, axes_mm: tuple[FloatArray, FloatArray], *, rng: np.random.Generator
) -> FloatImage:
    """Glandular cone behind the nipple, textured; attenuation relative to fat."""
    across, depth = axes_mm
    shape = (across.size, depth.size)
    centre = 0.0 if view is View.CC else 0.03 * spec.width_mm
    u = (across[:, None] - centre) / (0.36 * spec.width_mm)
    v = (depth[None, :] - 0.50 * spec.depth_mm) / (0.42 * spec.depth_mm)
    coarse = power_law_field(shape, beta=spec.texture_exponent, rng=rng)
    texture = power_law_field(shape, beta=spec.texture_exponent, rng=rng)
    cone = np.exp(-0.8 * (u**2 + v**2) ** 1.4)
    amount = cone / (1.0 + np.exp(-(1.5 * coarse + 5.0 * (spec.density - 0.5))))
    gland: FloatImage = (0.62 * amount + 0.045 * texture * (0.35 + amount)).astype(np.float32)
    return gland


def _strands(spec: BreastSpec, inside_mm: FloatImage, *, rng: np.random.Generator) -> FloatImage:
    """Vessels and ligaments: curved, beaded, fading lines of three calibres."""
    total = np.zeros(inside_mm.shape, np.float32)
    for calibre_mm, share in ((0.4, 0.55), (0.7, 0.33), (1.3, 0.12)):
        drawn = np.zeros(inside_mm.shape, np.float32)
        for _ in range(round(share * spec.n_strands)):
            _splat(drawn, *_strand(inside_mm.shape, calibre_mm, rng))
        sigma = calibre_mm / 2.355 / GRID_MM
        # A line of unit weight per grid step has this height after the blur.
        total += gaussian_filter(drawn, sigma) * (sigma * math.sqrt(2 * math.pi))
    visible: FloatImage = total * np.clip((inside_mm - SKIN_MM) / 4.0, 0.0, 1.0)
    return visible


def _strand(shape: tuple[int, ...], calibre_mm: float, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Points (n, 2) in grid units, one step apart, and their weights."""
    n = round(rng.uniform(10.0, 35.0) * (0.6 + calibre_mm) / GRID_MM)
    toward_nipple = rng.normal(0.0, 0.7) + (math.pi if rng.random() < 0.5 else 0.0)
    turn = np.cumsum(gaussian_filter(rng.normal(0.0, 0.05, n), 3.0 / GRID_MM)) + rng.normal(0, 0.004) * np.arange(n)
    heading = toward_nipple + turn
    start = rng.uniform(0.0, 1.0, 2) * shape
    points = start + np.cumsum(np.column_stack([np.sin(heading), np.cos(heading)]), axis=0)
    beads = gaussian_filter(rng.standard_normal(n), 1.2 / GRID_MM)
    beads /= beads.std() + 1e-9
    fade = np.sin(np.linspace(0.15, math.pi - 0.15, n))
    height = rng.uniform(0.03, 0.11) * (0.5 + 0.5 * calibre_mm)
    return points, height * fade * np.clip(1.0 + 0.5 * beads, 0.0, None)


def _splat(image: FloatImage, points: FloatArray, weights: FloatArray) -> None:
    """Add weighted points to the four pixels around each."""
    base = np.floor(points).astype(np.int64)
    frac = points - base
    for dr, dc in ((0, 0), (0, 1), (1, 0), (1, 1)):
        r, c = base[:, 0] + dr, base[:, 1] + dc
        share = np.abs(1 - dr - frac[:, 0]) * np.abs(1 - dc - frac[:, 1]) * weights
        ok = (r >= 0) & (r < image.shape[0]) & (c >= 0) & (c < image.shape[1])
        np.add.at(image, (r[ok], c[ok]), share[ok].astype(np.float32))


def _with_muscle(
    extra: FloatImage, axes_mm: tuple[FloatArray, FloatArray], spec: BreastSpec, *, rng: np.random.Generator
) -> FloatImage:
    """Pectoral muscle: a bright wedge in the upper corner at the chest wall, striated, with a slightly bulging edge."""
    across, depth = axes_mm
    top = across.max()
    reach, drop = rng.uniform(0.38, 0.46) * spec.depth_mm, rng.uniform(0.56, 0.64) * (top - across.min())
    t = np.clip((top - across) / drop, 0.0, 1.0)
    edge = reach * (1.0 - t) + 2.5 * np.sin(math.pi * t)
    inside = 0.5 * (1.0 + np.tanh((edge[:, None] - depth[None, :]) / 0.7)) * (t < 1.0)[:, None]
    fibres = power_law_field(extra.shape, beta=2.5, rng=rng)
    muscle = (0.50 + 0.03 * gaussian_filter(fibres, (4.0, 1.0))) * np.clip(1.15 - 0.45 * t, 0, 1)[:, None]
    covered: FloatImage = (extra * (1.0 - 0.7 * inside) + muscle * inside).astype(np.float32)
    return covered


def _cubic_weights(positions: FloatArray, size: int) -> csr_array:
    """Sparse (n, size) Catmull-Rom weights; positions outside take the edge value."""
    p = np.clip(positions, 0.0, size - 1.0)
    base = np.minimum(np.floor(p).astype(np.int64), size - 2)
    x = p - base
    weights = np.stack(
        [
            -0.5 * x + x**2 - 0.5 * x**3,
            1 - 2.5 * x**2 + 1.5 * x**3,
            0.5 * x + 2 * x**2 - 1.5 * x**3,
            -0.5 * x**2 + 0.5 * x**3,
        ],
        axis=1,
    )
    cols = np.clip(base[:, None] + np.arange(-1, 3), 0, size - 1)
    rows = np.repeat(np.arange(p.size), 4)
    return csr_array((weights.astype(np.float32).ravel(), (rows, cols.ravel())), shape=(p.size, size))
