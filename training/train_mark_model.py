"""Train the mark model on simulated mammograms: ``calcmeasure/detect/calcifications/mark_model.npz``.

Two steps, so that scenes are drawn once and in as many processes as there are processors::

    python training/train_mark_model.py draw --seeds 0 225 samples_0.npz
    python training/train_mark_model.py draw --seeds 225 450 samples_1.npz
    python training/train_mark_model.py grow samples_0.npz samples_1.npz

Seeds and settings decide the weights to the byte. Only training seeds and settings are used
(`calcmeasure.phantom.mammogram.scene_settings.TRAINING`); test scenes have others. Needs the extra ``train``.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
import sklearn

from boosting import SETTINGS, calibrate, grow
from calcmeasure.detect.calcifications import mark_model
from calcmeasure.detect.calcifications.features import FEATURES
from calcmeasure.detect.calcifications.marks import LEAST_SNR
from mark_samples import CALCIFICATION, FOREIGN, LEFT_OUT, Samples, draw_samples

PREVALENCE_PER_CM2 = 0.3
"""Density of calcifications that the probabilities are calibrated to."""
FOLDS = 2
"""Parts of the scenes; each is judged by trees grown on the others when the answer is calibrated."""
FOREIGN_ROUNDS = 60
DESTINATION = Path(mark_model.__file__).parent / mark_model.WEIGHTS


def main() -> None:
    arguments = _parser().parse_args()
    if arguments.step == "draw":
        first, beyond = arguments.seeds
        draw_samples(range(first, beyond)).save(arguments.output)
        return
    samples = Samples.join(Samples.load(path) for path in arguments.samples)
    model = train(samples, rounds=arguments.rounds)
    mark_model.save_model(model, arguments.output)
    print(f"{arguments.output}: {arguments.output.stat().st_size} bytes, {model.made}")


def train(samples: Samples, *, rounds: int | None = None) -> mark_model.MarkModel:
    """Grow and calibrate both ensembles."""
    usable = samples.kinds != LEFT_OUT
    table, kinds, seeds = samples.table[usable], samples.kinds[usable], samples.seeds[usable]
    true, rest = kinds == CALCIFICATION, kinds != CALCIFICATION
    return mark_model.MarkModel(
        calcification=grow(table, true, random_state=0, rounds=rounds),
        foreign=grow(table[rest], kinds[rest] == FOREIGN, random_state=0, rounds=min(FOREIGN_ROUNDS, rounds or 1000)),
        calibration=calibrate(
            _judged_by_others(table, true, seeds, rounds=rounds),
            true,
            weight=PREVALENCE_PER_CM2 * samples.area_cm2 / samples.marks,
        ),
        made=_made(samples, rounds=rounds),
    )


def _judged_by_others(table: np.ndarray, true: np.ndarray, seeds: np.ndarray, *, rounds: int | None) -> np.ndarray:
    """Log-odds of each candidate by trees that have not seen its scene."""
    log_odds = np.empty(len(true))
    for fold in range(FOLDS):
        own = seeds % FOLDS == fold
        log_odds[own] = grow(table[~own], true[~own], random_state=0, rounds=rounds).log_odds(table[own])
    return log_odds


def _made(samples: Samples, *, rounds: int | None) -> dict[str, object]:
    """How the weights came about."""
    return {
        "features": list(FEATURES),
        "least_snr": LEAST_SNR,
        "settings": SETTINGS | ({} if rounds is None else {"max_iter": rounds}),
        "seeds": [int(samples.seeds.min()), int(samples.seeds.max())],
        "scenes": len(np.unique(samples.seeds)),
        "area_cm2": round(samples.area_cm2, 1),
        "calcifications": samples.marks,
        "candidates": len(samples.kinds),
        "prevalence_per_cm2": PREVALENCE_PER_CM2,
        "samples_sha256": hashlib.sha256(samples.table.tobytes() + samples.kinds.tobytes()).hexdigest(),
        "sklearn": sklearn.__version__,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(dest="step", required=True)
    draw = steps.add_parser("draw", help="draw scenes and measure their candidates")
    draw.add_argument("--seeds", type=int, nargs=2, metavar=("FIRST", "BEYOND"), required=True)
    draw.add_argument("output", type=Path)
    grower = steps.add_parser("grow", help="grow the trees")
    grower.add_argument("samples", type=Path, nargs="+")
    grower.add_argument("--output", type=Path, default=DESTINATION)
    grower.add_argument("--rounds", type=int, help="fewer trees, for a trial")
    return parser


if __name__ == "__main__":
    main()
