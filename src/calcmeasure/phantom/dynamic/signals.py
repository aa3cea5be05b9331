"""Signal of every voxel at every phase: tissues, what lies over them, and what contrast adds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calcmeasure.geometry import ImageGrid
from calcmeasure.phantom.dynamic.anatomy import Anatomy
from calcmeasure.phantom.dynamic.artefacts import fat_signal
from calcmeasure.phantom.dynamic.distractors import Layer
from calcmeasure.phantom.dynamic.drawing import Box, DrawnLesion
from calcmeasure.phantom.dynamic.kinetics import Tissue, tissue_concentration
from calcmeasure.phantom.dynamic.lesions import Kinetics, LesionKind, LesionSpec
from calcmeasure.phantom.dynamic.spec import STILL_TIME_S, DceSpec

FloatImage = NDArray[np.float32]

_TISSUES = {
    "gland": Tissue(1.30, density=1.0, ktrans_per_min=0.020, ve=0.25),
    "skin": Tissue(0.90, density=0.55, ktrans_per_min=0.02, ve=0.2),
    "muscle": Tissue(1.00, density=0.75, ktrans_per_min=0.015, ve=0.1),
    "blood": Tissue(1.45, density=0.85, vp=0.45),
}
_FAT_T1_S = 0.30
_LESION_T1_S = 1.25
_EXCHANGE = {
    Kinetics.WASHOUT: (0.60, 0.38, 0.05),
    Kinetics.PLATEAU: (0.32, 0.42, 0.03),
    Kinetics.PERSISTENT: (0.12, 0.50, 0.01),
}
"""Transfer constant per minute, extracellular and plasma fraction of a lesion's fast part."""
_SLOW_SHARE = {LesionKind.MASS: 0.45, LesionKind.NON_MASS: 0.28}
"""Transfer constant of a mass's core, or of the tissue between clumps, relative to the fast part."""
_GAIN = 9000.0


@dataclass(frozen=True, slots=True)
class SignalMaps:
    """What phases are added up from.

    Parameters
    ----------
    static
        (slices, rows, columns) signal before contrast.
    enhancing
        Share of each voxel that takes up contrast, by tissue.
    layers, lesions
        What lies over the tissues; the share of each that later ones leave uncovered.
    water
        Factor of every signal but fat's.
    """

    static: FloatImage
    enhancing: dict[str, FloatImage]
    layers: tuple[Layer, ...]
    lesions: tuple[DrawnLesion, ...]
    water: float | FloatImage


def signal_maps(
    spec: DceSpec, anatomy: Anatomy, grid: ImageGrid, *, layers: tuple[Layer, ...], lesions: tuple[DrawnLesion, ...]
) -> SignalMaps:
    """Lay distractors and then lesions over the tissues: each displaces what it covers."""
    shares = {"fat": anatomy.fat.copy(), **{name: getattr(anatomy, name).copy() for name in _TISSUES}}
    layers = _uncovered(layers, lesions)
    for box, covered in _covers(layers, lesions):
        for share in shares.values():
            share[box] *= 1 - covered
    fat = shares.pop("fat")
    for layer in (layer for layer in layers if layer.is_fat):
        fat[layer.box] += layer.coverage
    density, water = fat_signal(spec.artefacts, grid)
    static = np.zeros(grid.shape, dtype=np.float32)
    static += fat * _fat_before(spec, density)
    if isinstance(water, float):
        _add_water(static, spec, shares, layers=layers, lesions=lesions)
    else:
        rest = np.zeros_like(static)
        _add_water(rest, spec, shares, layers=layers, lesions=lesions)
        static += water * rest
    shares["gland"] *= anatomy.uptake
    return SignalMaps(static, shares, layers, lesions, water)


def _add_water(
    signal: FloatImage,
    spec: DceSpec,
    shares: dict[str, FloatImage],
    *,
    layers: tuple[Layer, ...],
    lesions: tuple[DrawnLesion, ...],
) -> None:
    """Add what all but fat gives before contrast."""
    for name, tissue in _TISSUES.items():
        signal += shares[name] * np.float32(_before(spec, tissue))
    for layer in layers:
        if layer.tissue is not None and not layer.is_fat:
            signal[layer.box] += layer.coverage * np.float32(_before(spec, layer.tissue))
    for lesion in lesions:
        signal[lesion.box] += lesion.solid * np.float32(_before(spec, Tissue(_LESION_T1_S)))


def phase_signal(spec: DceSpec, maps: SignalMaps, *, time_s: float) -> FloatImage:
    """Noise-free signal of one phase without blur and shading."""
    signal = maps.static.copy() if isinstance(maps.water, float) else np.zeros_like(maps.static)
    for name, share in maps.enhancing.items():
        added = _added(spec, _TISSUES[name], time_s)
        if name == "gland":
            added *= _background_factor(spec)
        if name == "skin":
            added *= spec.surroundings.skin_uptake
        signal += share * np.float32(added)
    for layer in maps.layers:
        if layer.tissue is not None and layer.tissue.ktrans_per_min:
            signal[layer.box] += layer.coverage * np.float32(_added(spec, layer.tissue, time_s))
    for lesion in maps.lesions:
        fast, slow = (_added(spec, tissue, time_s) for tissue in _lesion_tissues(lesion.spec))
        signal[lesion.box] += lesion.fast * np.float32(fast) + (lesion.solid - lesion.fast) * np.float32(slow)
    return signal if isinstance(maps.water, float) else maps.static + maps.water * signal


def _covers(layers: tuple[Layer, ...], lesions: tuple[DrawnLesion, ...]) -> Iterator[tuple[Box, FloatImage]]:
    yield from ((layer.box, layer.coverage) for layer in layers)
    yield from ((lesion.box, lesion.solid) for lesion in lesions)


def _uncovered(layers: tuple[Layer, ...], lesions: tuple[DrawnLesion, ...]) -> tuple[Layer, ...]:
    """Take from each layer what later layers and lesions cover."""
    left = []
    for number, layer in enumerate(layers):
        coverage = layer.coverage.copy()
        for box, covered in _covers(layers[number + 1 :], lesions):
            _take_away(coverage, layer.box, covered, box)
        left.append(replace(layer, coverage=coverage))
    return tuple(left)


def _take_away(coverage: FloatImage, box: Box, above: FloatImage, above_box: Box) -> None:
    low = [max(a.start, b.start) for a, b in zip(box, above_box, strict=True)]
    high = [min(a.stop, b.stop) for a, b in zip(box, above_box, strict=True)]
    if any(a >= b for a, b in zip(low, high, strict=True)):
        return
    here, there = (
        tuple(slice(a - own.start, b - own.start) for a, b, own in zip(low, high, owner, strict=True))
        for owner in (box, above_box)
    )
    coverage[here] *= 1 - above[there]


def _lesion_tissues(spec: LesionSpec) -> tuple[Tissue, Tissue]:
    """Fast part (rim, clumps) and slow part (core, tissue between clumps)."""
    ktrans, ve, vp = _EXCHANGE[spec.kinetics]
    ktrans *= spec.strength
    fast = Tissue(_LESION_T1_S, ktrans_per_min=ktrans, ve=ve, vp=vp)
    share = _SLOW_SHARE[spec.kind] if spec.core is None else spec.core
    return fast, Tissue(_LESION_T1_S, ktrans_per_min=ktrans * share, ve=ve, vp=vp / 2 if share else 0.0)


def _before(spec: DceSpec, tissue: Tissue) -> float:
    """Signal before contrast."""
    return _GAIN * float(spec.sequence.signal(tissue, 0.0))


def _fat_before(spec: DceSpec, density: float | FloatImage) -> np.float32 | FloatImage:
    if isinstance(density, float):
        return np.float32(_before(spec, Tissue(_FAT_T1_S, density=density)))
    return density * np.float32(_before(spec, Tissue(_FAT_T1_S)))


def _added(spec: DceSpec, tissue: Tissue, time_s: float) -> float:
    """Signal above the one before contrast."""
    concentration = tissue_concentration([time_s], tissue, arterial=spec.arterial)
    after = float(spec.sequence.signal(tissue, concentration)[0])
    return _GAIN * (after - float(spec.sequence.signal(tissue, 0.0)))


def _background_factor(spec: DceSpec) -> float:
    """Scales the gland's curve so that its enhancement at 90 s is the wanted fraction."""
    tissue = _TISSUES["gland"]
    return spec.background_enhancement * _before(spec, tissue) / _added(spec, tissue, STILL_TIME_S)
