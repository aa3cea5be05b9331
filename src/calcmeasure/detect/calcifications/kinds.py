"""What kind a calcification is: a microcalcification, or a typically benign one that is not measured.

Plaques of an artery are drawn out along its wall, coarse calcifications and rims are large, smooth or hollow, those of
the skin hollow and sharp. One small ensemble of trees per kind asks the same table as the mark model. All are grown by
``training/train_kind_model.py`` on simulated mammograms and stored as plain arrays.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from calcmeasure.detect.calcifications.features import FEATURES, Table
from calcmeasure.detect.calcifications.mark_model import Trees
from calcmeasure.detect.contract import Values
from calcmeasure.terms import MarkLabel

WEIGHTS = "kind_model.npz"
"""Name of the file beside this module."""
KINDS = (MarkLabel.SUSPICIOUS, MarkLabel.VASCULAR, MarkLabel.COARSE, MarkLabel.SKIN)
"""Columns of the chances: a microcalcification, and three that are typically benign."""


@dataclass(frozen=True, slots=True)
class KindModel:
    """One ensemble per kind, and how they were made.

    Parameters
    ----------
    ensembles
        In the order of `KINDS`: that kind against the others.
    made
        Features, settings and seeds of the training.
    """

    ensembles: tuple[Trees, ...]
    made: dict[str, Any]

    def chances(self, table: Table) -> Values:
        """Chance (n, len(KINDS)) of each kind for what is a calcification; rows sum to 1."""
        asked = table[:, [FEATURES.index(name) for name in self.made["features"]]]
        # One against the others, brought together: what each says, in proportion.
        log_odds = np.column_stack([trees.log_odds(asked) for trees in self.ensembles])
        chances: Values = softmax(-np.logaddexp(0.0, -log_odds), axis=1)
        return chances


def save_kind_model(model: KindModel, path: Path) -> None:
    """Write a model as plain arrays; the same model always gives the same bytes."""
    made = np.frombuffer(json.dumps(model.made, sort_keys=True).encode(), dtype=np.uint8)
    arrays: dict[str, NDArray[Any]] = {
        f"{kind}_{field.name}": np.asarray(getattr(trees, field.name))
        for kind, trees in zip(KINDS, model.ensembles, strict=True)
        for field in fields(Trees)
    }
    np.savez_compressed(path, allow_pickle=False, made=made, **arrays)


def load_kind_model(path: Path) -> KindModel:
    """Read what `save_kind_model` wrote.

    Raises
    ------
    ValueError
        If it asks for features that are not measured.
    """
    with np.load(path, allow_pickle=False) as arrays:
        made = json.loads(arrays["made"].tobytes())
        if not set(made["features"]) <= set(FEATURES):
            raise ValueError("the kind model asks for features unknown here: run training/train_kind_model.py")
        ensembles = (
            Trees(**{f.name: arrays[f"{kind}_{f.name}"] for f in fields(Trees) if f.name != "base"}, base=base)
            for kind in KINDS
            for base in [float(arrays[f"{kind}_base"])]
        )
        return KindModel(tuple(ensembles), made)


@cache
def shipped_kind_model() -> KindModel:
    """Return the model that comes with the package."""
    with resources.as_file(resources.files(__package__) / WEIGHTS) as path:
        return load_kind_model(path)
