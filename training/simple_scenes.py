"""Scenes simpler than those of the phantom's full simulator: soft specks, and the exposures that samples are made of.

A model that has only seen sharp, lobed calcifications in noise takes a clean round speck for something else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from calcmeasure.phantom.mammogram.anatomy import BreastSpec
from calcmeasure.phantom.mammogram.calcifications import (
    Calcifications,
    ClusterSpec,
    coarse_benign,
    grow_cluster,
    scattered_punctate,
    vascular_track,
)
from calcmeasure.phantom.mammogram.deposits import LABEL_CODES
from calcmeasure.phantom.mammogram.exposure import MammogramPhantom, MammogramSpec, synthesize_mammogram
from calcmeasure.phantom.mammogram.scene_settings import NO_CLUTTER, TRAINING
from calcmeasure.phantom.mammogram.scenes import Scene, draw_scene
from calcmeasure.terms import Distribution, Laterality, MarkLabel, Morphology, PresentationIntent, View

Values = NDArray[np.float64]
_Option = TypeVar("_Option")

_EMPTY = replace(TRAINING, cluster_share=0.0, clutter=NO_CLUTTER, film_share=0.0, pixel_mm=(0.05, 0.2))
_SPECK_SIGMA_MM = (0.06, 0.25)
_SPECK_D = (6.0, 150.0)
"""Detectability of a speck in the noise of its image."""


def draw_soft_specks(seed: int) -> Scene:
    """Draw a breast without any calcification, and put one group of Gaussian specks of one size into it."""
    scene = draw_scene(seed, settings=_EMPTY)
    rng = np.random.default_rng([seed, *b"soft specks"])
    points_mm = _group_mm(scene, rng)
    sigma_mm = float(np.exp(rng.uniform(*np.log(_SPECK_SIGMA_MM))))
    detectability = np.exp(rng.uniform(*np.log(_SPECK_D)) + 0.2 * rng.standard_normal(len(points_mm)))
    # In white noise d'^2 is the energy of the speck, pi sigma^2 height^2, over that of the noise per area of a pixel.
    noise = _pixel_noise(scene.attenuation, scene.breast)
    heights = detectability * noise * np.sqrt(scene.spacing.area_mm2 / np.pi) / sigma_mm
    image = scene.attenuation.copy()
    for point_mm, height in zip(points_mm, heights, strict=True):
        _add_speck(image, point_mm, scene.spacing.rc_mm, sigma_mm=sigma_mm, height=height)
    return _with_marks(
        replace(scene, attenuation=image),
        points_mm / scene.spacing.rc_mm,
        diameters_mm=np.full(len(points_mm), 2.355 * sigma_mm),
        labels=(MarkLabel.SUSPICIOUS,) * len(points_mm),
    )


def draw_sample_like(seed: int) -> Scene:
    """Draw a breast as samples and demonstrations show it: a group and single marks, or an artery."""
    rng = np.random.default_rng([seed, *b"sample-like"])
    spec = MammogramSpec(
        _one_of((Laterality.LEFT, Laterality.RIGHT), rng),
        _one_of((View.CC, View.MLO), rng),
        BreastSpec(depth_mm=57.0, width_mm=79.0, density=rng.uniform(0.3, 0.5), seed=int(rng.integers(1 << 31))),
        _sample_marks(rng),
    )
    phantom = synthesize_mammogram(spec, rng=rng)
    raw = rng.random() < 0.5
    pixels = -np.log(phantom.raw / np.float32(phantom.raw.max())) if raw else phantom.presentation
    scene = Scene(
        attenuation=pixels.astype(np.float32),
        valid=np.ones(pixels.shape, bool),
        spacing=phantom.spacing,
        laterality=spec.laterality,
        view=spec.view,
        intent=PresentationIntent.FOR_PROCESSING if raw else PresentationIntent.FOR_PRESENTATION,
        breast=phantom.breast,
        label_map=np.zeros(pixels.shape, np.uint8),
        marks_rc=phantom.marks_rc,
        diameters_mm=phantom.diameters_mm,
        labels=(),
        clusters=phantom.clusters,
        ideal_d=np.empty(0),
        extents_mm={},
        quantum_sigma=np.nan,
    )
    return _with_marks(scene, phantom.marks_rc, diameters_mm=phantom.diameters_mm, labels=_labels(phantom))


def _sample_marks(rng: np.random.Generator) -> Calcifications:
    marks = scattered_punctate(np.array([[38.0, -22.0, -6.0], [11.0, -27.0, 0.0]]), rng=rng)
    if rng.random() < 0.3:
        return marks + vascular_track((14.0, rng.uniform(-8.0, 8.0), 2.0), length_mm=rng.uniform(18.0, 26.0), rng=rng)
    if rng.random() < 0.3:
        marks = marks + coarse_benign((12.0, 8.0, -4.0), diameter_mm=rng.uniform(2.0, 3.0), seed=int(rng.integers(99)))
    group = ClusterSpec(
        (27.0, rng.uniform(-2.0, 6.0), rng.uniform(-2.0, 4.0)),
        rng.uniform(6.0, 28.0),
        int(rng.integers(8, 56)),
        morphology=_one_of((Morphology.FINE_PLEOMORPHIC, Morphology.FINE_LINEAR, Morphology.COARSE_HETEROGENEOUS), rng),
        distribution=_one_of((Distribution.GROUPED, Distribution.SEGMENTAL, Distribution.LINEAR), rng),
        diameter_mm=rng.uniform(0.26, 0.4),
        smallest_mm=0.2,
    )
    return marks + grow_cluster(group, rng=rng)


def _one_of(options: tuple[_Option, ...], rng: np.random.Generator) -> _Option:
    return options[int(rng.integers(len(options)))]


def _labels(phantom: MammogramPhantom) -> tuple[MarkLabel, ...]:
    benign = {Morphology.VASCULAR: MarkLabel.VASCULAR, Morphology.COARSE: MarkLabel.COARSE}
    return tuple(
        MarkLabel.SUSPICIOUS if cluster >= 0 else benign.get(morphology, MarkLabel.SCATTERED)
        for morphology, cluster in zip(phantom.morphologies, phantom.clusters, strict=True)
    )


def _group_mm(scene: Scene, rng: np.random.Generator) -> Values:
    """Points of a group well inside the breast, none nearer to another than 0.8 mm."""
    places = np.argwhere(scene.breast)
    from_middle = np.linalg.norm(places - places.mean(axis=0), axis=1)
    place = rng.choice(np.flatnonzero(from_middle < 0.3 * np.sqrt(len(places))))
    spread_mm = rng.uniform(1.0, 6.0)
    centre_mm = places[place] * np.array(scene.spacing.rc_mm)
    kept: list[Values] = []
    for point in centre_mm + spread_mm * rng.standard_normal((int(rng.integers(6, 40)), 2)):
        at = np.rint(point / scene.spacing.rc_mm).astype(int)
        inside = (at >= 0).all() and (at < scene.breast.shape).all() and scene.breast[tuple(at)]
        if inside and all(np.hypot(*(point - other)) > 0.8 for other in kept):
            kept.append(point)
    return np.array(kept).reshape(-1, 2)


def _pixel_noise(image: NDArray[np.float32], inside: NDArray[np.bool_]) -> float:
    """Robust standard deviation of the difference of differences, which is 2 on unit white noise."""
    detail = image[1:, 1:] - image[1:, :-1] - image[:-1, 1:] + image[:-1, :-1]
    return float(np.median(np.abs(detail[inside[1:, 1:]]))) * 1.4826 / 2.0


def _add_speck(
    image: NDArray[np.float32], point_mm: Values, rc_mm: tuple[float, float], *, sigma_mm: float, height: float
) -> None:
    profiles: list[Values] = []
    window: list[slice] = []
    for length, centre, step in zip(image.shape, point_mm.tolist(), rc_mm, strict=True):
        first, last = int((centre - 5.0 * sigma_mm) / step), int((centre + 5.0 * sigma_mm) / step)
        window.append(slice(max(0, first), min(length, last + 2)))
        at_mm = np.arange(window[-1].start, window[-1].stop) * step
        profiles.append(np.exp(-((at_mm - centre) ** 2) / (2.0 * sigma_mm**2)))
    image[window[0], window[1]] += (height * np.outer(profiles[0], profiles[1])).astype(np.float32)


def _with_marks(scene: Scene, points_rc: Values, *, diameters_mm: Values, labels: tuple[MarkLabel, ...]) -> Scene:
    """Write the truth about marks into a scene: each owns the pixels of its disc."""
    label_map = scene.label_map.copy()
    rows, cols = np.arange(label_map.shape[0])[:, None], np.arange(label_map.shape[1])
    for (row, col), diameter_mm, label in zip(points_rc, diameters_mm, labels, strict=True):
        row_mm, col_mm = (rows - row) * scene.spacing.row_mm, (cols - col) * scene.spacing.col_mm
        label_map[np.hypot(row_mm, col_mm) <= diameter_mm / 2.0] = LABEL_CODES[label]
    clusters = np.where([label is MarkLabel.SUSPICIOUS for label in labels], 0, -1).astype(np.int64)
    return replace(
        scene,
        label_map=label_map,
        marks_rc=points_rc,
        diameters_mm=diameters_mm,
        labels=labels,
        clusters=clusters,
        ideal_d=np.full(len(labels), np.nan),
    )
