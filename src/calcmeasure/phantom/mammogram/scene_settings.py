"""What scenes are drawn from: ranges of breasts, machines, looks and everything that only resembles calcifications.

Two settings differ on purpose. A detector is trained on `TRAINING` and judged on `TESTING`, whose machines, tissue and
looks lie partly outside what training has shown, and whose seeds are others.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

Range = tuple[float, float]
"""Lower and upper end, drawn from evenly; logarithmically where said so."""

TRAINING_SEEDS = range(1_000_000)
TESTING_SEEDS = range(1_000_000, 2_000_000)


@dataclass(frozen=True, slots=True)
class ClutterSettings:
    """What else lies in the breast and in the picture: mean number per scene (Poisson) or share of scenes.

    Parameters
    ----------
    scattered
        Single punctate benign calcifications.
    arteries
        Calcified arteries.
    coarse, rods, rims
        Popcorn-like, secretory and lucent-centred calcifications.
    milk
        Groups of milk-of-calcium.
    skin
        Skin calcifications.
    fibres
        Beaded, curved, fading lines finer than the anatomy grid shows.
    clips, wires, beads
        Surgical clips, localisation wires, lead markers on the skin.
    letters
        Lead letters; most lie beside the breast.
    burnt_in
        Crosses, rulers, frames and text written into the pixels.
    folds, air
        Skin folds and pockets of air.
    dead_pixels
        Single pixels or short runs that the machine did not correct.
    implants, saturated, grid_lines
        Share of scenes with an implant, with a breast brighter than the scale, with the shadow of a still grid.
    """

    scattered: float = 4.0
    arteries: float = 0.5
    coarse: float = 0.4
    rods: float = 0.3
    rims: float = 0.8
    milk: float = 0.1
    skin: float = 0.8
    fibres: float = 60.0
    clips: float = 0.25
    wires: float = 0.05
    beads: float = 0.2
    letters: float = 0.6
    burnt_in: float = 0.1
    folds: float = 0.3
    air: float = 0.1
    dead_pixels: float = 0.5
    implants: float = 0.04
    saturated: float = 0.03
    grid_lines: float = 0.04


NO_CLUTTER = ClutterSettings(**dict.fromkeys(ClutterSettings.__dataclass_fields__, 0.0))


@dataclass(frozen=True, slots=True)
class SceneSettings:
    """Ranges a scene is drawn from.

    Parameters
    ----------
    seeds
        The only seeds these settings accept: no test scene can be drawn while training.
    film_share
        Share of scenes that are digitised films.
    pixel_mm
        Digital detectors; a tenth of them have pixels that are not quite square.
    film_pixel_mm
        Scanned films.
    depth_mm, thickness_mm, density, texture_exponent, n_strands
        As in `BreastSpec`.
    photons_per_mm2
        Logarithmic, see `DetectorSpec`.
    noise_factor, blur_factor
        Multiply what was drawn: the same scene, noisier or less sharp.
    presentation_share
        Share of digital scenes that are For Presentation.
    looks
        Names of the presentation looks (`calcmeasure.phantom.mammogram.looks`).
    cluster_share
        Share of scenes with at least one group of calcifications.
    most_clusters
        Groups in such a scene: from one to this many.
    n_marks
        Members, logarithmic.
    extent_mm
        Greatest span of a group, logarithmic.
    diameter_mm
        Median over groups of a group's median diameter.
    diameter_spread
        Standard deviation of the logarithm of all diameters together.
    """

    seeds: range
    film_share: float = 0.25
    pixel_mm: Range = (0.05, 0.10)
    film_pixel_mm: Range = (0.05, 0.20)
    depth_mm: Range = (55.0, 85.0)
    width_per_depth: Range = (1.2, 1.5)
    thickness_mm: Range = (32.0, 68.0)
    density: Range = (0.05, 0.8)
    texture_exponent: Range = (2.8, 3.1)
    n_strands: Range = (40.0, 140.0)
    photons_per_mm2: Range = (1.8e5, 6.0e5)
    noise_factor: float = 1.0
    blur_mm: Range = (0.030, 0.050)
    blur_factor: float = 1.0
    scatter_to_primary: Range = (0.30, 0.55)
    presentation_share: float = 0.6
    looks: tuple[str, ...] = ("linear", "shoulder", "sigmoid", "sharpened")
    cluster_share: float = 0.7
    most_clusters: int = 2
    n_marks: Range = (5.0, 45.0)
    extent_mm: Range = (6.0, 50.0)
    diameter_mm: float = 0.26
    diameter_spread: float = 0.45
    smallest_mm: float = 0.10
    clutter: ClutterSettings = field(default_factory=ClutterSettings)


TRAINING = SceneSettings(seeds=TRAINING_SEEDS)
"""To train on."""
TESTING = SceneSettings(
    seeds=TESTING_SEEDS,
    texture_exponent=(3.1, 3.35),
    n_strands=(60.0, 200.0),
    photons_per_mm2=(1.4e5, 4.5e5),
    blur_mm=(0.040, 0.065),
    scatter_to_primary=(0.40, 0.70),
    looks=("equalised", "steep", "crisp", "flat"),
    diameter_spread=0.40,
    clutter=ClutterSettings(scattered=5.0, arteries=0.6, fibres=80.0, rims=1.0, skin=1.0),
)
"""To judge on: noisier, softer, more scatter, steeper tissue spectrum, looks that training never shows."""
NORMAL_TRAINING = replace(TRAINING, cluster_share=0.0)
"""Without any group of calcifications; benign marks and clutter as ever."""
NORMAL_TESTING = replace(TESTING, cluster_share=0.0)
