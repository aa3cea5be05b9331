"""Boosted trees that tell calcifications from lines, artefacts and noise: read from a flat file, run by a small loop.

The trees are grown by ``training/train_mark_model.py`` on simulated mammograms and stored as plain arrays; nothing
that runs code is loaded. Of a speck's sharpness and strength trees learn both ends: what is sharper than the detector
can show or stronger than any calcification counts against it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import expit

from calcmeasure.detect.calcifications.features import FEATURES, Table
from calcmeasure.detect.contract import Values

WEIGHTS = "mark_model.npz"
"""Name of the file beside this module."""
_ENSEMBLES = ("calcification", "body", "foreign")
_ARRAYS = ("feature", "threshold", "left", "right", "missing_left", "roots")


@dataclass(frozen=True, slots=True)
class Trees:
    """Binary trees in flat arrays, one entry per node.

    Parameters
    ----------
    feature
        Column that is asked; -1 in a leaf.
    threshold
        A value at most this goes left; in a leaf what it adds to the log-odds.
    left, right
        Numbers of the nodes below.
    missing_left
        Whether NaN goes left.
    roots
        Number of each tree's first node.
    base
        Log-odds before any tree.
    """

    feature: NDArray[np.int16]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    roots: NDArray[np.int32]
    base: float

    def log_odds(self, table: Table) -> Values:
        """(n,) sums over the trees."""
        nodes = (self.feature, self.threshold, self.left, self.right, self.missing_left)
        summed: Values = _sum_trees(np.ascontiguousarray(table, dtype=np.float32), nodes, self.roots, self.base)
        return summed


@dataclass(frozen=True, slots=True)
class MarkChances:
    """What each mark may be, (n,) chances.

    Parameters
    ----------
    calcification
        To be the one that stands for a calcification.
    body
        To lie on a calcification at all; never less.
    foreign
        To be foreign or an artefact.
    """

    calcification: Values
    body: Values
    foreign: Values


@dataclass(frozen=True, slots=True)
class MarkModel:
    """Three ensembles, the calibration of the first two, and how they were made.

    Parameters
    ----------
    calcification
        The one mark that stands for a calcification of any kind, against everything else.
    body
        Any mark on a calcification, further maxima of a long one included, against everything else.
    foreign
        Among what is on no calcification: clip, wire, marker, dust, against tissue and noise.
    calibration, body_calibration
        (2, k) log-odds by the trees, ascending, and calibrated ones.
    made
        Settings, seeds and figures of the training.
    """

    calcification: Trees
    body: Trees
    foreign: Trees
    calibration: Values
    body_calibration: Values
    made: dict[str, Any]

    @property
    def prevalence_per_cm2(self) -> float:
        """Density of true calcifications at which the probabilities hold."""
        return float(self.made["prevalence_per_cm2"])

    def classify(self, table: Table) -> MarkChances:
        """Calibrated chances of every mark.

        Parameters
        ----------
        table
            (n, features) as `calcmeasure.detect.calcifications.features.describe` gives it.
        """
        asked = table[:, [FEATURES.index(name) for name in self.made["features"]]]
        chance = expit(np.interp(self.calcification.log_odds(asked), *self.calibration))
        body = np.maximum(chance, expit(np.interp(self.body.log_odds(asked), *self.body_calibration)))
        return MarkChances(chance, body, foreign=(1.0 - body) * expit(self.foreign.log_odds(asked)))


def save_model(model: MarkModel, path: Path) -> None:
    """Write a model as plain arrays; the same model always gives the same bytes."""
    made = np.frombuffer(json.dumps(model.made, sort_keys=True).encode(), dtype=np.uint8)
    arrays = {"calibration": model.calibration, "body_calibration": model.body_calibration}
    for name in _ENSEMBLES:
        arrays |= _as_arrays(name, getattr(model, name))
    np.savez_compressed(path, allow_pickle=False, made=made, **arrays)


def load_model(path: Path) -> MarkModel:
    """Read what `save_model` wrote.

    Raises
    ------
    ValueError
        If it asks for features that are not measured.
    """
    with np.load(path, allow_pickle=False) as arrays:
        made = json.loads(arrays["made"].tobytes())
        if not set(made["features"]) <= set(FEATURES):
            raise ValueError("the mark model asks for features unknown here: run training/train_mark_model.py")
        calcification, body, foreign = (_from_arrays(name, arrays) for name in _ENSEMBLES)
        return MarkModel(calcification, body, foreign, arrays["calibration"], arrays["body_calibration"], made)


@cache
def shipped_model() -> MarkModel:
    """Return the model that comes with the package."""
    with resources.as_file(resources.files(__package__) / WEIGHTS) as path:
        return load_model(path)


def _as_arrays(name: str, trees: Trees) -> dict[str, NDArray[Any]]:
    arrays = {f"{name}_{array}": getattr(trees, array) for array in _ARRAYS}
    return arrays | {f"{name}_base": np.array(trees.base)}


def _from_arrays(name: str, arrays: Mapping[str, NDArray[Any]]) -> Trees:
    feature, threshold, left, right, missing_left, roots = (arrays[f"{name}_{array}"] for array in _ARRAYS)
    return Trees(feature, threshold, left, right, missing_left, roots, float(arrays[f"{name}_base"]))


@njit(cache=True)
def _sum_trees(table: Table, nodes: tuple[Any, ...], roots: NDArray[np.int32], base: float) -> Values:
    feature, threshold, left, right, missing_left = nodes
    total = np.full(len(table), base)
    for root in roots:  # trees outside, so that one tree's nodes stay in the cache
        for row in range(len(table)):
            node = root
            while feature[node] >= 0:
                value = table[row, feature[node]]
                goes_left = missing_left[node] if np.isnan(value) else value <= threshold[node]
                node = left[node] if goes_left else right[node]
            total[row] += threshold[node]
    return total
