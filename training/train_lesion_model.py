"""Fit the lesion model on simulated examinations: ``calcmeasure/detect/lesions/lesion_model.toml``.

Two steps, so that examinations are drawn once, in as many processes as there are processors, and taken up where
drawing was stopped::

    python training/train_lesion_model.py draw --seeds 0 130 FOLDER
    python training/train_lesion_model.py fit FOLDER

Only training seeds and settings are used (`calcmeasure.phantom.dynamic.exam_settings.TRAINING`); test examinations
have others. A hundred examinations hold some hundred lesions: weights are held to those of an earlier model
(``lesion_prior.toml``, other examinations), and those of columns it did not know to 0.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from calcmeasure.detect.contract import DynamicImage
from calcmeasure.detect.lesions import weighing
from calcmeasure.detect.lesions.evidence import FEATURES
from calcmeasure.detect.lesions.judging import measure_all
from calcmeasure.detect.lesions.scene import see
from calcmeasure.errors import DetectorError
from calcmeasure.phantom.dynamic.exam_settings import TRAINING, Disease, ExamSettings
from calcmeasure.phantom.dynamic.examination import DcePhantom
from calcmeasure.phantom.dynamic.exams import draw_exam

DESTINATION = Path(weighing.__file__).parent / weighing.WEIGHTS
LIKE, UNLIKE = 0.25, 0.1
"""Overlap (intersection over union) with a lesion from which on a candidate is one, and below which it is none."""
NEAR_BEST = 0.6
"""Of several candidates of one lesion those count as the lesion that overlap at least this share of the best."""
HELD_BACK = 15.0
"""Strength of the ridge penalty, in candidates."""
PRIOR = Path(__file__).with_name("lesion_prior.toml")
COUNTS = 3.0
"""A lesion counts so many times: one that is missed reads as complete response, one that is invented is seen."""
CONCAVE = ("any_side", "both_sides", "occupied", "diameter", "fill", "solid")
"""Squares of these never weigh in favour. Few candidates are so long or have so much beside them; were their squares
free, the least lesion-like of them, patches of gland under the skin, would be the likeliest lesions."""
BATCH = 10
"""Examinations of one file."""
RESIDUE_EVERY, NON_MASS_EVERY = 3, 6
RESIDUES = replace(TRAINING, diseases=((Disease.RESIDUAL, 1.0),))
NON_MASSES = replace(TRAINING, diseases=((Disease.NON_MASS, 1.0),))


@dataclass(frozen=True)
class Samples:
    """Candidates of many examinations.

    Parameters
    ----------
    table
        (n, columns) evidence.
    overlap
        (n,) with the lesion a candidate overlaps most.
    lesion
        (n,) number of that lesion, unique over all examinations; -1 for none.
    seeds
        (n,) of the examination.
    """

    table: np.ndarray
    overlap: np.ndarray
    lesion: np.ndarray
    seeds: np.ndarray

    @classmethod
    def join(cls, parts: Iterable[Samples]) -> Samples:
        """Join the candidates of several files."""
        return cls(*(np.concatenate(columns) for columns in zip(*(vars(p).values() for p in parts), strict=True)))

    def save(self, path: Path) -> None:
        """Write a file."""
        np.savez_compressed(path, **vars(self))

    @classmethod
    def load(cls, path: Path) -> Samples:
        """Read a file."""
        with np.load(path) as stored:
            return cls(*(stored[name] for name in cls.__dataclass_fields__))


def main() -> None:
    arguments = _parser().parse_args()
    if arguments.step == "draw":
        draw(range(*arguments.seeds), arguments.folder)
        return
    samples = Samples.join(Samples.load(path) for path in sorted(arguments.folder.glob("*.npz")))
    earlier = tomllib.loads(PRIOR.read_text(encoding="utf-8"))
    arguments.output.write_text(as_toml(fit(samples, earlier=earlier), samples), encoding="utf-8")
    print(f"{arguments.output}: {len(samples.table)} candidates of {len(np.unique(samples.seeds))} examinations")


def draw(seeds: range, folder: Path) -> None:
    """Draw examinations in batches of `BATCH`, a file each; batches that are there already are left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for first in range(seeds.start, seeds.stop, BATCH):
        path = folder / f"samples_{first:06d}.npz"
        if not path.exists():
            Samples.join(_drawn(range(first, min(first + BATCH, seeds.stop)))).save(path)


def measure_exam(exam: DcePhantom, *, seed: int) -> Samples:
    """Evidence and truth of every candidate of one examination."""
    times_s = tuple(timing.centre_s for timing in exam.timings)
    image = DynamicImage(exam.phases.astype(np.float32), exam.grid, 0, exam.still_phase, times_s)
    judged = measure_all(see(image))
    sizes = np.bincount(exam.labels.ravel(), minlength=len(exam.lesions) + 1)
    rows = []
    for candidate in judged:
        mask = candidate.outline.mask
        shared = np.bincount(exam.labels[candidate.cut][mask], minlength=len(sizes))[1:]
        number = int(shared.argmax()) if shared.sum() else -1
        union = mask.sum() + sizes[number + 1] - shared[number] if number >= 0 else 1
        rows.append((shared[number] / union if number >= 0 else 0.0, 100 * seed + number if number >= 0 else -1))
    table = np.array([candidate.evidence for candidate in judged]).reshape(-1, len(FEATURES))
    truth = np.array(rows, dtype=float).reshape(-1, 2)
    return Samples(table, truth[:, 0], truth[:, 1].astype(int), np.full(len(rows), seed))


def _drawn(seeds: Iterable[int]) -> Iterator[Samples]:
    for seed in seeds:
        try:
            yield measure_exam(draw_exam(seed, settings=settings_of(seed)), seed=seed)
        except DetectorError as error:
            print(f"seed {seed} is left out: {error}")


def settings_of(seed: int) -> ExamSettings:
    """Choose what to draw from: of what treatment left, and of non-mass enhancement, the usual mix has few."""
    if seed % RESIDUE_EVERY == 0:
        return RESIDUES
    return NON_MASSES if seed % NON_MASS_EVERY == 1 else TRAINING


def targets(samples: Samples) -> np.ndarray:
    """1 for lesions, 0 for everything else, NaN for what is neither."""
    best: dict[int, float] = {}
    for lesion, overlap in zip(samples.lesion, samples.overlap, strict=True):
        best[lesion] = max(best.get(lesion, 0.0), overlap)
    near = samples.overlap >= NEAR_BEST * np.array([best[lesion] for lesion in samples.lesion])
    is_lesion = (samples.lesion >= 0) & (samples.overlap >= LIKE) & near
    is_none = samples.overlap < UNLIKE
    part_of_a_better_one = (samples.lesion >= 0) & ~near
    return np.where(is_lesion, 1.0, np.where(is_none | part_of_a_better_one, 0.0, np.nan))


def fit(samples: Samples, *, earlier: dict[str, Any] | None = None) -> weighing.LesionModel:
    """Penalised maximum likelihood of the logistic model with squares.

    Parameters
    ----------
    samples
        Candidates and their truth.
    earlier
        Content of a weights file, of the same or fewer columns, that weights are held to; to 0 without one.
    """
    truth = targets(samples)
    table, truth = samples.table[~np.isnan(truth)], truth[~np.isnan(truth)]
    start, count = _prior(table, earlier or {"columns": {}, "bias": 0.0}), len(FEATURES)
    scaled = np.clip((table - start.mean) / start.spread, -weighing.FARTHEST, weighing.FARTHEST)
    design = np.column_stack([scaled, scaled**2 - 1, np.ones(len(scaled))])
    bounds = [(None, None)] * count + [(None, 0.0 if name in CONCAVE else None) for name in FEATURES] + [(None, None)]
    squared = np.where(np.isin(FEATURES, CONCAVE), np.minimum(start.squared, 0.0), start.squared)
    held_to = np.concatenate([start.linear, squared, [start.bias]])
    penalty = np.append(np.full(design.shape[1] - 1, HELD_BACK), 0.0)
    counts = np.where(truth > 0, COUNTS, 1.0)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        odds, away = design @ weights, weights - held_to
        value = counts @ (np.logaddexp(0, odds) - truth * odds) + 0.5 * penalty @ away**2
        return float(value), design.T @ (counts * (expit(odds) - truth)) + penalty * away

    weights = minimize(loss, held_to, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 2000}).x
    return weighing.LesionModel(start.mean, start.spread, weights[:count], weights[count:-1], bias=float(weights[-1]))


def _prior(table: np.ndarray, earlier: dict[str, Any]) -> weighing.LesionModel:
    """Weights of the earlier model; 0 for columns it did not know, standardised over these candidates."""
    seen = zip(FEATURES, table.mean(axis=0).tolist(), (table.std(axis=0) + 1e-9).tolist(), strict=True)
    unknown = {name: {"mean": m, "spread": s, "linear": 0.0, "squared": 0.0} for name, m, s in seen}
    return weighing.model_of(earlier | {"columns": unknown | earlier["columns"]})


def ranges_of(seeds: np.ndarray) -> str:
    """Text of what was drawn, in whole batches: ``0-39, 120-139``."""
    batches = np.unique(seeds // BATCH)
    runs = np.split(batches, np.flatnonzero(np.diff(batches) > 1) + 1)
    return ", ".join(f"{BATCH * run[0]}-{BATCH * (run[-1] + 1) - 1}" for run in runs)


def as_toml(model: weighing.LesionModel, samples: Samples) -> str:
    """Text of a weights file."""
    truth = targets(samples)
    lines = [
        "# Weights of the lesion model; made by training/train_lesion_model.py.",
        f"examinations = {len(np.unique(samples.seeds))}",
        f'seeds = "{ranges_of(samples.seeds)}"',
        f"lesions = {int(np.nansum(truth))}",
        f"others = {int((truth == 0).sum())}",
        f"bias = {model.bias:.6f}",
    ]
    values = zip(FEATURES, model.mean, model.spread, model.linear, model.squared, strict=True)
    for name, mean, spread, linear, squared in values:
        lines += ["", f"[columns.{name}]", f"mean = {mean:.6f}", f"spread = {spread:.6f}"]
        lines += [f"linear = {linear:.6f}", f"squared = {squared:.6f}"]
    return "\n".join(lines) + "\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(dest="step", required=True)
    draw = steps.add_parser("draw", help="draw examinations and measure their candidates")
    draw.add_argument("--seeds", type=int, nargs=2, metavar=("FIRST", "BEYOND"), required=True)
    draw.add_argument("folder", type=Path)
    fitter = steps.add_parser("fit", help="fit the weights")
    fitter.add_argument("folder", type=Path)
    fitter.add_argument("--output", type=Path, default=DESTINATION)
    return parser


if __name__ == "__main__":
    main()
