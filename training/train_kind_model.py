"""Train the kind model on simulated mammograms: ``calcmeasure/detect/calcifications/kind_model.npz``.

Scenes are drawn in as many processes as there are processors, then the trees are grown::

    python training/train_kind_model.py draw --seeds 260 370 kinds_0.npz
    python training/train_kind_model.py draw --seeds 370 480 kinds_1.npz
    python training/train_kind_model.py grow kinds_0.npz kinds_1.npz

Seeds and settings decide the weights to the byte. The seeds are none of the mark model's. Needs the extra ``train``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import sklearn
from numpy.typing import NDArray

from boosting import SETTINGS, grow
from calcmeasure.detect.calcifications import kinds
from calcmeasure.detect.calcifications.bands import build_stack
from calcmeasure.detect.calcifications.candidates import find_candidates
from calcmeasure.detect.calcifications.features import FEATURES, Table, describe
from calcmeasure.detect.calcifications.marks import LEAST_SNR
from calcmeasure.detect.contract import ProjectionImage
from calcmeasure.detect.mammogram.preparation import prepare
from calcmeasure.phantom.mammogram.deposits import LABEL_CODES
from calcmeasure.phantom.mammogram.scenes import Scene, draw_scene
from calcmeasure.terms import MarkLabel

ROUNDS = 100
DESTINATION = Path(kinds.__file__).parent / kinds.WEIGHTS
_SEEN_AS = {MarkLabel.SCATTERED: MarkLabel.SUSPICIOUS}
"""A single punctate calcification looks like a member of a group: only its place tells."""


def main() -> None:
    arguments = _parser().parse_args()
    if arguments.step == "draw":
        table, labels = draw_kinds(range(*arguments.seeds))
        np.savez(arguments.output, table=table, labels=labels, seeds=arguments.seeds)
        return
    parts = [np.load(path) for path in arguments.samples]
    table, labels = (np.concatenate([part[name] for part in parts]) for name in ("table", "labels"))
    made = {
        "features": list(FEATURES),
        "settings": SETTINGS | {"max_iter": ROUNDS},
        "seeds": [part["seeds"].tolist() for part in parts],
        "marks": {str(kind): int((labels == kind).sum()) for kind in kinds.KINDS},
        "sklearn": sklearn.__version__,
    }
    ensembles = tuple(grow(table, labels == str(kind), random_state=0, rounds=ROUNDS) for kind in kinds.KINDS)
    kinds.save_kind_model(kinds.KindModel(ensembles, made), arguments.output)
    print(f"{arguments.output}: {arguments.output.stat().st_size} bytes, {made['marks']}")


def draw_kinds(seeds: Iterable[int]) -> tuple[Table, NDArray[np.str_]]:
    """Draw training scenes; measure every candidate on a calcification and name its kind."""
    parts = [_kinds_of(draw_scene(seed)) for seed in seeds]
    return np.concatenate([table for table, _ in parts]), np.concatenate([labels for _, labels in parts])


def _kinds_of(scene: Scene) -> tuple[Table, NDArray[np.str_]]:
    prepared = prepare(ProjectionImage(scene.attenuation, scene.valid, scene.spacing))
    if not prepared.search.any():
        return np.empty((0, len(FEATURES)), np.float32), np.empty(0, dtype="U16")
    box = tuple(slice(int(i.min()), int(i.max()) + 1) for i in np.nonzero(prepared.breast))
    stack = build_stack(
        prepared.attenuation[box], valid=scene.valid[box], inside=prepared.breast[box], spacing=scene.spacing
    )
    found = find_candidates(stack, search=prepared.search[box], least_snr=LEAST_SNR)
    labels = _labels(found.points_rc + np.array([part.start for part in box]), scene)
    wanted = np.isin(labels, [str(kind) for kind in kinds.KINDS])
    return describe(stack, found)[wanted], labels[wanted]


def _labels(points_rc: NDArray[np.float64], scene: Scene) -> NDArray[np.str_]:
    """Name what owns the pixels at and beside each point; a mark of a group before anything else."""
    names = {code: str(_SEEN_AS.get(label, label)) for label, code in LABEL_CODES.items()}
    last = np.array(scene.label_map.shape) - 1
    around = [(dr, dc) for dr in (-1, 0, 1) for dc in (-1, 0, 1)]
    places = [np.clip(np.rint(points_rc + shift).astype(int), 0, last) for shift in around]
    codes = np.array([scene.label_map[place[:, 0], place[:, 1]] for place in places]).astype(int)
    # The smallest code above nothing: suspicious comes first in the enumeration.
    owner = np.where(codes > 0, codes, len(names) + 1).min(axis=0)
    return np.array([names.get(code, "") for code in owner.tolist()], dtype="U16")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(dest="step", required=True)
    draw = steps.add_parser("draw", help="draw scenes and measure their calcifications")
    draw.add_argument("--seeds", type=int, nargs=2, metavar=("FIRST", "BEYOND"), required=True)
    draw.add_argument("output", type=Path)
    grower = steps.add_parser("grow", help="grow the trees")
    grower.add_argument("samples", type=Path, nargs="+")
    grower.add_argument("--output", type=Path, default=DESTINATION)
    return parser


if __name__ == "__main__":
    main()
