"""What the detector is judged on: scenes of seeds and settings that no training has seen."""

from __future__ import annotations

from dataclasses import fields, replace

from accuracy.suites import Suite
from calcmeasure.phantom.mammogram.scene_settings import (
    NO_CLUTTER,
    TESTING,
    ClutterSettings,
    SceneSettings,
)
from calcmeasure.phantom.mammogram.scenes import Scene, draw_pair, draw_scene

FIRST_SEED = 1_005_000
"""The thousand before made the figures of the version before (`accuracy.suites.FIRST_SEED`)."""
DIGITAL = replace(TESTING, film_share=0.0)
RAW = replace(DIGITAL, presentation_share=0.0)
PRESENTATION = replace(DIGITAL, presentation_share=1.0)
TISSUE = replace(NO_CLUTTER, scattered=TESTING.clutter.scattered, fibres=TESTING.clutter.fibres)
"""Ligaments, vessels and single benign marks, nothing that a machine, a needle or a scanner leaves."""
REFERENCE = replace(
    RAW,
    clutter=NO_CLUTTER,
    pixel_mm=(0.07, 0.07),
    photons_per_mm2=(3.27e5, 3.27e5),
    blur_mm=(0.0385, 0.0385),
    scatter_to_primary=(0.45, 0.45),
)
"""What the targets were set for: 70 µm, 2.5 % noise per pixel, tissue and calcifications only; tissue as in testing."""
FILM = replace(TESTING, film_share=1.0)


def draw_single(seed: int, settings: SceneSettings) -> tuple[Scene, ...]:
    """One scene of a seed."""
    return (draw_scene(seed, settings=settings),)


def draw_visits(seed: int, settings: SceneSettings) -> tuple[Scene, ...]:
    """The breast of a seed before and after treatment."""
    pair = draw_pair(seed, settings=settings)
    return (pair.before, pair.after)


MAIN = (
    Suite("For Processing", RAW, draw_single, first=FIRST_SEED),
    Suite("For Presentation", PRESENTATION, draw_single, first=FIRST_SEED),
    Suite("digitised film", FILM, draw_single, 0.4, FIRST_SEED),
    Suite("reference exposure, no clutter", REFERENCE, draw_single, first=FIRST_SEED),
)
NORMAL = Suite("no group of calcifications", replace(TESTING, cluster_share=0.0), draw_single, 0.6, FIRST_SEED)
PAIRS = Suite("before and after", replace(DIGITAL, cluster_share=1.0), draw_visits, 0.6, FIRST_SEED)
ROBUSTNESS_SHARE = 0.12


def robustness() -> tuple[Suite, ...]:
    """Change one thing at a time; every suite shows the same breasts where the change allows it."""
    changes = {
        "as it is": RAW,
        "noise × 0.5": replace(RAW, noise_factor=0.5),
        "noise × 2": replace(RAW, noise_factor=2.0),
        "blur × 0.7": replace(RAW, blur_factor=0.7),
        "blur × 1.5": replace(RAW, blur_factor=1.5),
        **{f"pixels of {um} µm": replace(RAW, pixel_mm=(um / 1000,) * 2) for um in (50, 70, 85, 100)},
        **{f"film, pixels of {um} µm": replace(FILM, film_pixel_mm=(um / 1000,) * 2) for um in (50, 100, 200)},
        **{f"look: {look}": replace(PRESENTATION, looks=(look,)) for look in TESTING.looks},
    }
    return tuple(
        Suite(name, replace(settings, cluster_share=1.0, clutter=TISSUE), draw_single, ROBUSTNESS_SHARE, FIRST_SEED)
        for name, settings in changes.items()
    )


def clutter() -> tuple[Suite, ...]:
    """Normal breasts with one kind of clutter, each scene with some: whatever is grouped is a false group."""
    kinds = {
        "nothing else": NO_CLUTTER,
        "scattered punctate": replace(NO_CLUTTER, scattered=12.0),
        "arteries": replace(NO_CLUTTER, arteries=2.0),
        "skin": replace(NO_CLUTTER, skin=4.0),
        "coarse, rods, rims, milk": replace(NO_CLUTTER, coarse=1.0, rods=1.0, rims=3.0, milk=0.5),
        "clips, wires, beads": replace(NO_CLUTTER, clips=2.0, wires=0.5, beads=2.0),
        "letters, burnt-in marks": replace(NO_CLUTTER, letters=2.0, burnt_in=1.0),
        "folds, air": replace(NO_CLUTTER, folds=1.5, air=1.0),
        "dead pixels, grid lines": replace(NO_CLUTTER, dead_pixels=4.0, grid_lines=1.0),
        "ligaments and vessels": replace(NO_CLUTTER, fibres=200.0),
        "implant": replace(NO_CLUTTER, implants=1.0),
        "saturated": replace(NO_CLUTTER, saturated=1.0),
        "everything at once": _everything(),
    }
    suites = [(name, replace(DIGITAL, cluster_share=0.0, clutter=settings)) for name, settings in kinds.items()]
    suites.append(("film artefacts", replace(FILM, cluster_share=0.0, clutter=NO_CLUTTER)))
    return tuple(Suite(name, settings, draw_single, ROBUSTNESS_SHARE, FIRST_SEED) for name, settings in suites)


def _everything() -> ClutterSettings:
    """Twice as much of all as in a usual test scene."""
    usual = TESTING.clutter
    shares = ("implants", "saturated", "grid_lines")
    return replace(usual, **{f.name: 2.0 * getattr(usual, f.name) for f in fields(usual) if f.name not in shares})
