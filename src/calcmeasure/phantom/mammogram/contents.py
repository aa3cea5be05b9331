"""What one breast holds: its tissue, its groups of calcifications and everything that resembles them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter

from calcmeasure.phantom.mammogram.anatomy import GRID_MM, Anatomy, BreastSpec, build_anatomy
from calcmeasure.phantom.mammogram.calcifications import ClusterSpec, grow_cluster, project
from calcmeasure.phantom.mammogram.clutter import draw_clutter, with_bulk
from calcmeasure.phantom.mammogram.deposits import Deposit
from calcmeasure.phantom.mammogram.fibres import Fibre, draw_fibres
from calcmeasure.phantom.mammogram.places import log_uniform, places_da
from calcmeasure.phantom.mammogram.scene_settings import SceneSettings
from calcmeasure.phantom.mammogram.specks import shape_of
from calcmeasure.terms import Distribution, Laterality, MarkLabel, Morphology, View

_SUSPICIOUS = (
    Morphology.FINE_PLEOMORPHIC,
    Morphology.AMORPHOUS,
    Morphology.COARSE_HETEROGENEOUS,
    Morphology.FINE_LINEAR,
    Morphology.ROUND,
)
_DISTRIBUTIONS = (Distribution.GROUPED, Distribution.LINEAR, Distribution.SEGMENTAL, Distribution.REGIONAL)
_SKIN_SMOOTHING_MM = 0.8
_IN_PROFILE = 0.5
"""Share of breasts whose nipple is seen in profile."""
_MEMBER_SPREAD = 0.30
"""Share of the spread of diameters that lies within a group; the rest lies between groups."""


@dataclass(frozen=True, slots=True)
class Contents:
    """One view of one breast, without the machine.

    Parameters
    ----------
    anatomy
        Tissue on its own grid.
    deposits
        Everything drawn as ellipsoids, groups first.
    fibres
        Strands finer than the grid.
    """

    breast: BreastSpec
    laterality: Laterality
    view: View
    anatomy: Anatomy
    deposits: tuple[Deposit, ...]
    fibres: tuple[Fibre, ...] = ()


def draw_contents(settings: SceneSettings, *, rng: np.random.Generator) -> Contents:
    """Draw a breast; the same generator state and settings always give the same one."""
    breast = _draw_breast(settings, rng)
    laterality = Laterality.LEFT if rng.random() < 0.5 else Laterality.RIGHT
    view = View.CC if rng.random() < 0.5 else View.MLO
    anatomy = _with_smooth_skin(build_anatomy(breast, view))
    bulk, strands, benign, groups = rng.spawn(4)
    fibres = draw_fibres(anatomy, int(strands.poisson(settings.clutter.fibres)), rng=strands)
    suspicious = list(_groups(settings, view, anatomy, rng=groups))
    clutter = draw_clutter(settings.clutter, anatomy, view=view, rng=benign)
    tissue = with_bulk(anatomy, settings.clutter, rng=bulk)
    return Contents(breast, laterality, view, tissue, tuple(suspicious + clutter), fibres)


def _draw_breast(settings: SceneSettings, rng: np.random.Generator) -> BreastSpec:
    depth = rng.uniform(*settings.depth_mm)
    return BreastSpec(
        depth_mm=depth,
        width_mm=depth * rng.uniform(*settings.width_per_depth),
        thickness_mm=rng.uniform(*settings.thickness_mm),
        density=rng.uniform(*settings.density),
        n_strands=round(rng.uniform(*settings.n_strands)),
        texture_exponent=rng.uniform(*settings.texture_exponent),
        nipple_mm=rng.uniform(2.0, 5.0) if rng.random() < _IN_PROFILE else 0.0,
        uneven_mm=rng.uniform(0.0, 1.0),
        seed=int(rng.integers(1 << 31)),
    )


def _with_smooth_skin(anatomy: Anatomy) -> Anatomy:
    """Take the steps of the grid out of the skin line."""
    return replace(anatomy, inside_mm=gaussian_filter(anatomy.inside_mm, _SKIN_SMOOTHING_MM / GRID_MM))


def _groups(settings: SceneSettings, view: View, anatomy: Anatomy, *, rng: np.random.Generator) -> Iterator[Deposit]:
    wanted, most = rng.random(), int(rng.integers(1, settings.most_clusters + 1))
    for number in range(most if wanted < settings.cluster_share else 0):
        yield from _group(settings, view, anatomy, number=number, rng=rng)


def _group(
    settings: SceneSettings, view: View, anatomy: Anatomy, *, number: int, rng: np.random.Generator
) -> Iterator[Deposit]:
    between = math.sqrt(max(settings.diameter_spread**2 - _MEMBER_SPREAD**2, 0.0))
    spec = ClusterSpec(
        centre_dlu=(0.0, 0.0, 0.0),
        extent_mm=log_uniform(settings.extent_mm, rng),
        n_marks=round(log_uniform(settings.n_marks, rng)),
        morphology=_SUSPICIOUS[rng.integers(len(_SUSPICIOUS))],
        distribution=_DISTRIBUTIONS[rng.integers(len(_DISTRIBUTIONS))],
        diameter_mm=settings.diameter_mm * math.exp(rng.normal(0.0, between)),
        smallest_mm=settings.smallest_mm,
        number=number,
    )
    marks = grow_cluster(spec, rng=rng)
    flat = project(marks.positions_dlu, view)
    (centre,) = places_da(anatomy, 1, from_skin_mm=min(0.5 * spec.extent_mm, 25.0), rng=rng)
    for place, diameter, seed in zip(flat + centre, marks.diameters_mm, marks.seeds, strict=True):
        lobes = shape_of(spec.morphology, float(diameter), np.random.default_rng(int(seed)))
        yield Deposit((float(place[0]), float(place[1])), lobes, float(diameter), MarkLabel.SUSPICIOUS, number)
