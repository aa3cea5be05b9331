"""Which scenes models of calcifications are trained on, and drawing them batch by batch into a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from calcmeasure.phantom.mammogram.scene_settings import NO_CLUTTER, TRAINING
from calcmeasure.phantom.mammogram.scenes import Scene, draw_scene
from mark_samples import Samples, measure_scene
from simple_scenes import draw_sample_like, draw_soft_specks

BATCH = 10
"""Scenes in a file: what an interruption may cost."""
_PLAIN = replace(TRAINING, clutter=NO_CLUTTER, photons_per_mm2=(6.0e5, 2.0e6))
"""Little noise and nothing but tissue and groups: what is easy to see must not become unusual."""
_FILM = replace(TRAINING, film_share=1.0)
"""Scanned films, whose grain and specks are unlike anything on a detector: more of them than there are by chance."""
_SETTINGS = {0: _PLAIN, 1: _FILM, 2: _FILM}
_SIMPLE = {3: draw_soft_specks, 4: draw_sample_like}
_GROUPS = replace(TRAINING, clutter=NO_CLUTTER, cluster_share=1.0)


def draw_mixed(seed: int) -> Scene:
    """Draw a training scene: what kind of one, the last digit of its seed tells."""
    digit = seed % 10
    if digit in _SIMPLE:
        return _SIMPLE[digit](seed)
    return draw_scene(seed, settings=_SETTINGS.get(digit, TRAINING))


def draw_groups(seed: int) -> Scene:
    """Draw a scene with groups and nothing that resembles them: rows that are no arteries, breasts without any."""
    return draw_scene(seed, settings=_GROUPS)


SCENES: dict[str, Callable[[int], Scene]] = {"mixed": draw_mixed, "groups": draw_groups}
"""What can be drawn, by name."""


def draw_batches(seeds: range, folder: Path, *, scenes: str = "mixed") -> None:
    """Draw scenes and measure their candidates, `BATCH` scenes to a file; files that are there are kept.

    Parameters
    ----------
    folder
        Made where it is missing. A file is named after its first seed.
    scenes
        One of `SCENES`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for first in range(seeds.start, seeds.stop, BATCH):
        path = folder / f"{first:06d}.npz"
        if not path.exists():
            _save_whole(draw_samples(range(first, min(first + BATCH, seeds.stop)), scenes=scenes), path)


def draw_samples(seeds: Iterable[int], *, scenes: str = "mixed") -> Samples:
    """Draw training scenes and measure their candidates."""
    draw = SCENES[scenes]
    return Samples.join(measure_scene(draw(seed), seed=seed) for seed in seeds)


def load_folders(folders: Iterable[Path]) -> Samples:
    """Everything that was drawn into some folders, in order of the seeds.

    Raises
    ------
    FileNotFoundError
        If one holds nothing.
    """
    files = {folder: sorted(folder.glob("*.npz")) for folder in folders}
    empty = [str(folder) for folder, found in files.items() if not found]
    if empty:
        raise FileNotFoundError(f"nothing was drawn into {', '.join(empty)}")
    return Samples.join(Samples.load(path) for found in files.values() for path in found)


def _save_whole(samples: Samples, path: Path) -> None:
    """Write a file that is there whole or not at all."""
    part = path.with_suffix(".part.npz")
    samples.save(part)
    part.replace(path)
