"""Train the kind model on simulated mammograms: ``calcmeasure/detect/calcifications/kind_model.npz``.

Samples are drawn as for the mark model, from seeds that are none of its own::

    python training/train_mark_model.py draw --seeds 660 745 samples_2.npz
    python training/train_mark_model.py draw --seeds 745 830 samples_3.npz
    python training/train_kind_model.py samples_2.npz samples_3.npz

Seeds and settings decide the weights to the byte. Needs the extra ``train``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import sklearn
from numpy.typing import NDArray

from boosting import SETTINGS, grow
from calcmeasure.detect.calcifications import kinds
from calcmeasure.detect.calcifications.features import FEATURES
from calcmeasure.phantom.mammogram.deposits import LABEL_CODES
from calcmeasure.terms import MarkLabel
from mark_samples import Samples

ROUNDS = 100
DESTINATION = Path(kinds.__file__).parent / kinds.WEIGHTS
_SEEN_AS = {MarkLabel.SCATTERED: MarkLabel.SUSPICIOUS}
"""A single punctate calcification looks like a member of a group: only its place tells."""


def main() -> None:
    arguments = _parser().parse_args()
    model = train(Samples.join(Samples.load(path) for path in arguments.samples), rounds=arguments.rounds)
    kinds.save_kind_model(model, arguments.output)
    print(f"{arguments.output}: {arguments.output.stat().st_size} bytes, {model.made}")


def train(samples: Samples, *, rounds: int = ROUNDS) -> kinds.KindModel:
    """Grow one ensemble per kind on every candidate that lies on a calcification."""
    owners = kind_names(samples.labels)
    known = np.isin(owners, kinds.KINDS)
    table, owners = samples.table[known], owners[known]
    return kinds.KindModel(
        tuple(grow(table, owners == kind, random_state=0, rounds=rounds) for kind in kinds.KINDS),
        made={
            "features": list(FEATURES),
            "settings": SETTINGS | {"max_iter": rounds},
            "seeds": [int(samples.seeds.min()), int(samples.seeds.max())],
            "marks": {str(kind): int((owners == kind).sum()) for kind in kinds.KINDS},
            "sklearn": sklearn.__version__,
        },
    )


def kind_names(codes: NDArray[np.uint8]) -> NDArray[np.str_]:
    """Kind by the code of what owns a place; empty where nothing does."""
    names = {code: str(_SEEN_AS.get(label, label)) for label, code in LABEL_CODES.items()}
    return np.array([names.get(code, "") for code in codes.tolist()], dtype="U16")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("samples", type=Path, nargs="+")
    parser.add_argument("--output", type=Path, default=DESTINATION)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="fewer trees, for a trial")
    return parser


if __name__ == "__main__":
    main()
