"""What one breast holds: its tissue, its groups of calcifications and everything that resembles them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from calcmeasure.phantom.mammogram.anatomy import GRID_MM, Anatomy, BreastSpec, build_anatomy
from calcmeasure.phantom.mammogram.calcifications import ClusterSpec, grow_cluster, project
from calcmeasure.phantom.mammogram.deposits import Deposit
from calcmeasure.phantom.mammogram.scene_settings import Range, SceneSettings
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
_MEMBER_SPREAD = 0.30
"""Share of the spread of diameters that lies within a group; the rest lies between groups."""
_FROM_SKIN_MM = 8.0


@dataclass(frozen=True, slots=True)
class Contents:
    """One view of one breast, without the machine.

    Parameters
    ----------
    anatomy
        Tissue on its own grid.
    deposits
        Everything drawn as ellipsoids, groups first.
    """

    breast: BreastSpec
    laterality: Laterality
    view: View
    anatomy: Anatomy
    deposits: tuple[Deposit, ...]


def draw_contents(settings: SceneSettings, *, rng: np.random.Generator) -> Contents:
    """Draw a breast; the same generator state and settings always give the same one."""
    breast = _draw_breast(settings, rng)
    laterality = Laterality.LEFT if rng.random() < 0.5 else Laterality.RIGHT
    view = View.CC if rng.random() < 0.5 else View.MLO
    anatomy = build_anatomy(breast, view)
    deposits = [*_groups(settings, view, anatomy, rng=rng), *_scattered(settings, anatomy, rng)]
    return Contents(breast, laterality, view, anatomy, tuple(deposits))


def log_uniform(ends: Range, rng: np.random.Generator) -> float:
    """Draw a number whose logarithm is even between two ends."""
    return math.exp(rng.uniform(math.log(ends[0]), math.log(ends[1])))


def places_da(
    anatomy: Anatomy, count: int, *, from_skin_mm: float, rng: np.random.Generator
) -> list[tuple[float, float]]:
    """Places (depth, across) in mm, evenly over the part of the breast that lies deeper than `from_skin_mm`."""
    rows, cols = np.nonzero(anatomy.inside_mm > from_skin_mm)
    # A breast too small for the margin still has a middle.
    if not len(rows):
        rows, cols = (np.array([i]) for i in np.unravel_index(int(anatomy.inside_mm.argmax()), anatomy.inside_mm.shape))
    picks = rng.integers(len(rows), size=count)
    jitter = rng.uniform(-0.5, 0.5, (count, 2))
    depth = (cols[picks] + jitter[:, 0]) * GRID_MM
    across = anatomy.across_mm - (rows[picks] + jitter[:, 1]) * GRID_MM
    return [(float(d), float(a)) for d, a in zip(depth, across, strict=True)]


def _draw_breast(settings: SceneSettings, rng: np.random.Generator) -> BreastSpec:
    depth = rng.uniform(*settings.depth_mm)
    return BreastSpec(
        depth_mm=depth,
        width_mm=depth * rng.uniform(*settings.width_per_depth),
        thickness_mm=rng.uniform(*settings.thickness_mm),
        density=rng.uniform(*settings.density),
        n_strands=round(rng.uniform(*settings.n_strands)),
        texture_exponent=rng.uniform(*settings.texture_exponent),
        seed=int(rng.integers(1 << 31)),
    )


def _groups(settings: SceneSettings, view: View, anatomy: Anatomy, *, rng: np.random.Generator) -> Iterator[Deposit]:
    wanted, most = rng.random(), int(rng.integers(1, settings.most_clusters + 1))
    group_rng = rng.spawn(1)[0]
    for number in range(most if wanted < settings.cluster_share else 0):
        yield from _group(settings, view, anatomy, number=number, rng=group_rng)


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


def _scattered(settings: SceneSettings, anatomy: Anatomy, rng: np.random.Generator) -> Iterator[Deposit]:
    own = rng.spawn(1)[0]
    count = int(own.poisson(settings.clutter.scattered))
    for place in places_da(anatomy, count, from_skin_mm=_FROM_SKIN_MM, rng=own):
        diameter = own.uniform(0.2, 0.5)
        yield Deposit(place, shape_of(Morphology.ROUND, diameter, own), diameter, MarkLabel.SCATTERED)
