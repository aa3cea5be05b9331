"""Train the mark model on simulated mammograms: ``calcmeasure/detect/calcifications/mark_model.npz``.

Scenes are drawn once, ten to a file, so that an interruption costs little: the same command goes on where it stopped.
Then the trees are grown on some and calibrated on others, drawn as they are met::

    python training/train_mark_model.py draw --seeds 40000 43000 drawn/mixed_marks
    python training/train_mark_model.py draw --seeds 50000 51200 --scenes groups drawn/group_marks
    python training/train_mark_model.py draw --seeds 20000 20300 drawn/calibrated
    python training/train_mark_model.py grow drawn/mixed_marks drawn/group_marks --calibrate drawn/calibrated

Seeds and settings decide the weights to the byte. Only training seeds and settings are used
(`calcmeasure.phantom.mammogram.scene_settings.TRAINING`); test scenes have others. Needs the extra ``train``.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
import sklearn
from numpy.typing import NDArray

from boosting import SETTINGS, calibrate, grow
from calcmeasure.detect.calcifications import mark_model
from calcmeasure.detect.calcifications.features import FEATURES, Table
from calcmeasure.detect.calcifications.marks import LEAST_SNR
from drawing import SCENES, draw_batches, load_folders
from mark_samples import CALCIFICATION, FOREIGN, LEFT_OUT, SECOND, Samples

ROUNDS, FOREIGN_ROUNDS = 500, 100
LARGE = SETTINGS | {"max_leaf_nodes": 48, "min_samples_leaf": 60}
"""Millions of candidates carry larger trees than the few that lie on calcifications do."""
_ON_BODY = (CALCIFICATION, SECOND)
DESTINATION = Path(mark_model.__file__).parent / mark_model.WEIGHTS


def main() -> None:
    arguments = _parser().parse_args()
    if arguments.step == "draw":
        first, beyond = arguments.seeds
        draw_batches(range(first, beyond), arguments.folder, scenes=arguments.scenes)
        return
    samples, others = (load_folders(folders).evened() for folders in (arguments.samples, arguments.calibrate))
    model = train(samples, others, rounds=arguments.rounds)
    mark_model.save_model(model, arguments.output)
    print(f"{arguments.output}: {arguments.output.stat().st_size} bytes, {model.made}")


def train(samples: Samples, others: Samples, *, rounds: int = ROUNDS) -> mark_model.MarkModel:
    """Grow the ensembles on samples, and calibrate the first two on samples of other scenes."""
    table, kinds = _usable(samples)
    on_body = np.isin(kinds, _ON_BODY)
    trees = grow(table, kinds == CALCIFICATION, random_state=0, rounds=rounds, settings=LARGE)
    body = grow(table, on_body, random_state=0, rounds=rounds, settings=LARGE)
    foreign = kinds[~on_body] == FOREIGN
    other_table, other_kinds = _usable(others)
    return mark_model.MarkModel(
        calcification=trees,
        body=body,
        foreign=grow(table[~on_body], foreign, random_state=0, rounds=min(FOREIGN_ROUNDS, rounds)),
        calibration=calibrate(trees.log_odds(other_table), other_kinds == CALCIFICATION),
        body_calibration=calibrate(body.log_odds(other_table), np.isin(other_kinds, _ON_BODY)),
        made=_made(samples, others, rounds=rounds),
    )


def _usable(samples: Samples) -> tuple[Table, NDArray[np.int8]]:
    usable = samples.kinds != LEFT_OUT
    return samples.table[usable], samples.kinds[usable]


def _made(samples: Samples, others: Samples, *, rounds: int) -> dict[str, object]:
    """How the weights came about."""
    return {
        "features": list(FEATURES),
        "least_snr": LEAST_SNR,
        "settings": LARGE | {"max_iter": rounds},
        "seeds": _first_and_last(samples),
        "calibration_seeds": _first_and_last(others),
        "scenes": len(np.unique(samples.seeds)),
        "area_cm2": round(samples.area_cm2, 1),
        "calcifications": samples.marks,
        "candidates": len(samples.kinds),
        "prevalence_per_cm2": round(others.marks / others.area_cm2, 3),
        "samples_sha256": hashlib.sha256(samples.table.tobytes() + samples.kinds.tobytes()).hexdigest(),
        "sklearn": sklearn.__version__,
    }


def _first_and_last(samples: Samples) -> list[int]:
    return [int(samples.seeds.min()), int(samples.seeds.max())]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(dest="step", required=True)
    draw = steps.add_parser("draw", help="draw scenes and measure their candidates")
    draw.add_argument("--seeds", type=int, nargs=2, metavar=("FIRST", "BEYOND"), required=True)
    draw.add_argument("--scenes", choices=sorted(SCENES), default="mixed", help="what is drawn")
    draw.add_argument("folder", type=Path)
    grower = steps.add_parser("grow", help="grow the trees")
    grower.add_argument("samples", type=Path, nargs="+", help="folders that were drawn into")
    grower.add_argument("--calibrate", type=Path, nargs="+", required=True, help="folders of other scenes")
    grower.add_argument("--output", type=Path, default=DESTINATION)
    grower.add_argument("--rounds", type=int, default=ROUNDS, help="fewer trees, for a trial")
    return parser


if __name__ == "__main__":
    main()
