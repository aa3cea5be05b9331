"""Everything in a breast that is not measured, drawn by how often it occurs."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from calcmeasure.phantom.mammogram.anatomy import Anatomy
from calcmeasure.phantom.mammogram.arteries import calcified_artery
from calcmeasure.phantom.mammogram.benign import (
    lucent_centred,
    milk_of_calcium,
    popcorn_like,
    punctate,
    rods,
    skin_calcifications,
)
from calcmeasure.phantom.mammogram.bulk import with_air, with_fold, with_implant
from calcmeasure.phantom.mammogram.deposits import Deposit
from calcmeasure.phantom.mammogram.foreign import bead, clip, wire
from calcmeasure.phantom.mammogram.places import Place, places_da
from calcmeasure.phantom.mammogram.scene_settings import ClutterSettings
from calcmeasure.terms import View

_DEEP_MM = 5.0
_AT_SKIN_MM = (0.8, 6.0)
Draw = Callable[[Place, np.random.Generator], Iterable[Deposit]]


def draw_clutter(settings: ClutterSettings, anatomy: Anatomy, *, view: View, rng: np.random.Generator) -> list[Deposit]:
    """Draw benign calcifications and foreign bodies; each kind has its own random numbers."""
    deep: tuple[tuple[float, Draw], ...] = (
        (settings.scattered, lambda place, own: [punctate(place, rng=own)]),
        (settings.coarse, lambda place, own: [popcorn_like(place, rng=own)]),
        (settings.rims, lambda place, own: [lucent_centred(place, rng=own)]),
        (settings.rods, lambda place, own: rods(place, rng=own)),
        (settings.milk, lambda place, own: milk_of_calcium(place, view=view, rng=own)),
        (settings.arteries, lambda place, own: calcified_artery(place, rng=own)),
        (settings.clips, lambda place, own: [clip(place, rng=own)]),
        (settings.wires, lambda place, own: wire(place, rng=own)),
        (settings.beads, lambda place, own: [bead(place, rng=own)]),
        (settings.skin, lambda place, own: skin_calcifications(place, rng=own)),
    )
    drawn: list[Deposit] = []
    for (mean, draw), own in zip(deep, rng.spawn(len(deep)), strict=True):
        for place in places_da(anatomy, int(own.poisson(mean)), from_skin_mm=_DEEP_MM, rng=own):
            drawn += draw(place, own)
    return drawn + _skin_on_edge(settings, anatomy, rng)


def with_bulk(anatomy: Anatomy, settings: ClutterSettings, *, rng: np.random.Generator) -> Anatomy:
    """Add implants, folds and pockets of air."""
    for own, add, count in zip(
        rng.spawn(3),
        (with_implant, with_fold, with_air),
        (rng.random() < settings.implants, rng.poisson(settings.folds), rng.poisson(settings.air)),
        strict=True,
    ):
        for _ in range(int(count)):
            anatomy = add(anatomy, rng=own)
    return anatomy


def _skin_on_edge(settings: ClutterSettings, anatomy: Anatomy, rng: np.random.Generator) -> list[Deposit]:
    """Skin calcifications seen from the side, close to the skin line; as many as are seen face on."""
    (own,) = rng.spawn(1)
    drawn: list[Deposit] = []
    near, far = _AT_SKIN_MM
    for place in places_da(anatomy, int(own.poisson(settings.skin)), from_skin_mm=near, to_skin_mm=far, rng=own):
        drawn += skin_calcifications(place, rng=own)
    return drawn
