"""Train the context model on simulated mammograms: ``calcmeasure/detect/calcifications/context_model.npz``.

Marks are found and judged alone with the shipped mark and kind models, on seeds that neither has seen::

    python training/train_context_model.py draw --seeds 500 660 context_0.npz
    python training/train_context_model.py draw --seeds 830 960 context_1.npz
    python training/train_context_model.py grow context_0.npz context_1.npz

Seeds and settings decide the weights to the byte. Needs the extra ``train``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import sklearn
from numpy.typing import NDArray

from boosting import SETTINGS, grow
from calcmeasure.detect.calcifications import context
from calcmeasure.detect.calcifications.detector import see_marks
from calcmeasure.detect.calcifications.features import Table
from calcmeasure.detect.calcifications.kinds import KINDS
from calcmeasure.detect.contract import ProjectionImage
from calcmeasure.detect.mammogram.preparation import prepare
from calcmeasure.phantom.mammogram.scenes import Scene, draw_scene
from mark_samples import owners
from simple_scenes import draw_sample_like
from train_kind_model import kind_names

ROUNDS = 100
SIMPLE = 4
"""Every fifth seed draws an exposure as samples show it: casts along a duct, or an artery, and little else."""
THIN, LINE_COUNTS = 0.4, 6
"""Members of groups drawn out like this count so many times: a cast in a duct is rarer in the scenes than a plaque of
an artery, and to miss it is worse."""
DESTINATION = Path(context.__file__).parent / context.WEIGHTS


def main() -> None:
    arguments = _parser().parse_args()
    if arguments.step == "draw":
        table, kinds = draw_context(range(*arguments.seeds))
        np.savez(arguments.output, table=table, kinds=kinds, seeds=arguments.seeds)
        return
    parts = [np.load(path) for path in arguments.samples]
    table, kinds = (np.concatenate([part[name] for part in parts]) for name in ("table", "kinds"))
    model = train(table, kinds, seeds=[part["seeds"].tolist() for part in parts], rounds=arguments.rounds)
    context.save_context_model(model, arguments.output)
    print(f"{arguments.output}: {arguments.output.stat().st_size} bytes, {model.made}")


def draw_context(seeds: Iterable[int]) -> tuple[Table, NDArray[np.str_]]:
    """Draw training scenes; describe every mark on a calcification among its neighbours, and name its kind."""
    parts = [describe_scene((draw_sample_like if seed % 5 == SIMPLE else draw_scene)(seed)) for seed in seeds]
    return np.concatenate([table for table, _ in parts]), np.concatenate([kinds for _, kinds in parts])


def describe_scene(scene: Scene) -> tuple[Table, NDArray[np.str_]]:
    """Describe the marks of a scene that lie on calcifications."""
    image = ProjectionImage(scene.attenuation, scene.valid, scene.spacing)
    prepared = prepare(image)
    if not prepared.search.any():
        return np.empty((0, len(context.CONTEXT)), np.float32), np.empty(0, dtype="U16")
    fine, seen, _ = see_marks(prepared, image)
    asked = np.flatnonzero(seen.probabilities >= context.LEAST_ASKED)
    kinds = kind_names(owners(fine.points_rc[asked], scene))
    known = np.isin(kinds, [str(kind) for kind in KINDS])
    return context.describe_context(seen, asked)[known], kinds[known]


def train(
    table: Table, kinds: NDArray[np.str_], *, seeds: list[list[int]], rounds: int = ROUNDS
) -> context.ContextModel:
    """Grow trees that tell microcalcifications from the benign kinds."""
    suspicious = kinds == str(KINDS[0])
    in_line = np.flatnonzero(suspicious & (table[:, context.CONTEXT.index("thin_8")] < THIN))
    counted = np.concatenate([np.arange(len(table)), np.repeat(in_line, LINE_COUNTS - 1)])
    return context.ContextModel(
        grow(table[counted], suspicious[counted], random_state=0, rounds=rounds),
        made={
            "features": list(context.CONTEXT),
            "settings": SETTINGS | {"max_iter": rounds},
            "seeds": seeds,
            "marks": {str(kind): int((kinds == str(kind)).sum()) for kind in KINDS},
            "sklearn": sklearn.__version__,
        },
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(dest="step", required=True)
    draw = steps.add_parser("draw", help="draw scenes and describe their calcifications")
    draw.add_argument("--seeds", type=int, nargs=2, metavar=("FIRST", "BEYOND"), required=True)
    draw.add_argument("output", type=Path)
    grower = steps.add_parser("grow", help="grow the trees")
    grower.add_argument("samples", type=Path, nargs="+")
    grower.add_argument("--output", type=Path, default=DESTINATION)
    grower.add_argument("--rounds", type=int, default=ROUNDS, help="fewer trees, for a trial")
    return parser


if __name__ == "__main__":
    main()
