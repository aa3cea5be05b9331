"""Train what tells kinds: ``calcmeasure/detect/calcifications/kind_model.npz`` and ``context_model.npz``.

Samples are drawn as for the mark model, from seeds that are none of its own::

    python training/train_mark_model.py draw --seeds 10000 12600 drawn/mixed
    python training/train_mark_model.py draw --seeds 30000 30900 --scenes groups drawn/groups
    python training/train_mark_model.py draw --seeds 32000 32700 --scenes groups drawn/looks
    python training/train_kind_model.py drawn/mixed drawn/groups --looks drawn/looks

The kind model learns what each kind looks like, the context model also how often each is met: it is shown only half of
the scenes without anything that resembles a group. And it must not learn from kinds that are surer than they will be:
every scene's marks are judged for it by trees that were grown on other scenes. Seeds and settings decide the weights to
the byte. Drawing takes forty minutes of one processor, the fit four. Needs the extra ``train``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import sklearn
from numpy.typing import NDArray

from boosting import SETTINGS, grow
from calcmeasure.detect.calcifications import context, kinds
from calcmeasure.detect.calcifications.features import FEATURES, Table
from calcmeasure.detect.calcifications.mark_model import shipped_model
from calcmeasure.detect.contract import Values
from calcmeasure.phantom.mammogram.deposits import LABEL_CODES
from calcmeasure.terms import MarkLabel
from drawing import load_folders
from mark_samples import Samples

ROUNDS = 100
FOLDS = 3
"""Scenes are judged by what was grown on the others: every third decade of seeds is left out in turn."""
MOST_PER_SCENE = 1200
"""Of every scene only so many candidates, the most probable calcifications, are learned from."""
THIN, LINE_COUNTS = 0.4, 3
"""Members of groups drawn out like this count so many times: a cast in a duct is rarer in the scenes than a plaque of
an artery, and to miss it is worse."""
KIND_FILE = Path(kinds.__file__).parent / kinds.WEIGHTS
CONTEXT_FILE = Path(context.__file__).parent / context.WEIGHTS
_SEEN_AS = {MarkLabel.SCATTERED: MarkLabel.SUSPICIOUS}
"""A single punctate calcification looks like a member of a group: only its place tells."""


def main() -> None:
    arguments = _parser().parse_args()
    samples, chances = most_probable(load_folders([*arguments.samples, *arguments.looks]))
    kind_model = train(samples, rounds=arguments.rounds)
    kinds.save_kind_model(kind_model, arguments.kinds)
    by_looks = kinds_from_others(samples, rounds=arguments.rounds)
    met = np.flatnonzero(np.isin(samples.seeds, load_folders(arguments.samples).seeds))
    context_model = train_context(samples.take(met), chances[met], by_looks[met], rounds=arguments.rounds)
    context.save_context_model(context_model, arguments.context)
    print(f"{arguments.kinds}: {arguments.kinds.stat().st_size} bytes, {kind_model.made}")
    print(f"{arguments.context}: {arguments.context.stat().st_size} bytes, {context_model.made}")


def most_probable(samples: Samples) -> tuple[Samples, Values]:
    """Keep the most probable candidates of every scene, with the chances that the mark model gives them."""
    chances = shipped_model().classify(samples.table).calcification
    scenes = (np.flatnonzero(samples.seeds == seed) for seed in np.unique(samples.seeds))
    likeliest = (scene[np.argsort(-chances[scene], kind="stable")[:MOST_PER_SCENE]] for scene in scenes)
    kept = np.concatenate([np.sort(scene) for scene in likeliest])
    return samples.take(kept), chances[kept]


def train(samples: Samples, *, rounds: int = ROUNDS) -> kinds.KindModel:
    """Grow one ensemble per kind on every candidate that lies on a calcification."""
    owners = kind_names(samples.labels)
    known = np.isin(owners, kinds.KINDS)
    table, owners = samples.table[known], owners[known]
    return kinds.KindModel(
        tuple(grow(table, owners == kind, random_state=0, rounds=rounds) for kind in kinds.KINDS),
        made=_made(samples, owners, rounds=rounds) | {"features": list(FEATURES)},
    )


def train_context(
    samples: Samples, chances: Values, kind_chances: Values, *, rounds: int = ROUNDS
) -> context.ContextModel:
    """Grow trees that tell microcalcifications from the benign kinds, among their neighbours.

    Parameters
    ----------
    chances
        (n,) of each candidate to be a calcification.
    kind_chances
        (n, len(KINDS)) by trees that were not grown on its scene (`kinds_from_others`).
    """
    table, owners = describe_scenes(samples, chances, kind_chances)
    suspicious = owners == str(kinds.KINDS[0])
    in_line = np.flatnonzero(suspicious & (table[:, context.CONTEXT.index("thin_8")] < THIN))
    counted = np.concatenate([np.arange(len(table)), np.repeat(in_line, LINE_COUNTS - 1)])
    return context.ContextModel(
        grow(table[counted], suspicious[counted], random_state=0, rounds=rounds),
        made=_made(samples, owners, rounds=rounds) | {"features": list(context.CONTEXT)},
    )


def kinds_from_others(samples: Samples, *, rounds: int) -> Values:
    """Chance (n, len(KINDS)) of each kind, by trees that were grown on other scenes."""
    chances = np.empty((len(samples.seeds), len(kinds.KINDS)))
    folds = samples.seeds // 10 % FOLDS
    for fold in np.unique(folds):
        model = train(samples.take(np.flatnonzero(folds != fold)), rounds=rounds)
        chances[folds == fold] = model.chances(samples.table[folds == fold])
    return chances


def describe_scenes(samples: Samples, chances: Values, kind_chances: Values) -> tuple[Table, NDArray[np.str_]]:
    """Describe every mark on a calcification among its neighbours, and name its kind."""
    owners = kind_names(samples.labels)
    known = np.isin(owners, kinds.KINDS)
    diameters_mm = np.exp(samples.table[:, FEATURES.index("log_diameter")].astype(float))
    tables, names = [], []
    for seed in np.unique(samples.seeds):
        scene = np.flatnonzero(samples.seeds == seed)
        asked = np.flatnonzero((chances[scene] >= context.LEAST_ASKED) & known[scene])
        marks = context.SeenMarks(
            samples.points_mm[scene], chances[scene], kind_chances[scene], diameters_mm[scene], samples.skin_mm[scene]
        )
        tables.append(context.describe_context(marks, asked))
        names.append(owners[scene[asked]])
    return np.concatenate(tables), np.concatenate(names)


def kind_names(codes: NDArray[np.uint8]) -> NDArray[np.str_]:
    """Kind by the code of what owns a place; empty where nothing does."""
    names = {code: str(_SEEN_AS.get(label, label)) for label, code in LABEL_CODES.items()}
    return np.array([names.get(code, "") for code in codes.tolist()], dtype="U16")


def _made(samples: Samples, owners: NDArray[np.str_], *, rounds: int) -> dict[str, object]:
    """How weights came about."""
    return {
        "settings": SETTINGS | {"max_iter": rounds},
        "seeds": _runs(np.unique(samples.seeds).tolist()),
        "marks": {str(kind): int((owners == kind).sum()) for kind in kinds.KINDS},
        "sklearn": sklearn.__version__,
    }


def _runs(numbers: list[int]) -> list[list[int]]:
    """First and last of every run of consecutive numbers."""
    ends = [k for k in range(1, len(numbers)) if numbers[k] != numbers[k - 1] + 1]
    return [[numbers[a], numbers[b - 1]] for a, b in zip([0, *ends], [*ends, len(numbers)], strict=True)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("samples", type=Path, nargs="+", help="folders that were drawn into")
    parser.add_argument("--looks", type=Path, nargs="+", default=[], help="folders for the kind model alone")
    parser.add_argument("--kinds", type=Path, default=KIND_FILE)
    parser.add_argument("--context", type=Path, default=CONTEXT_FILE)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="fewer trees, for a trial")
    return parser


if __name__ == "__main__":
    main()
