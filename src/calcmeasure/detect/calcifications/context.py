"""What kind a calcification is, told from what lies around it as well as from its own looks.

A plaque of an artery and a cast in a duct look alike one by one. But plaques follow each other along a smooth line,
calcifications of the skin and rims lie among their like, and a group's members differ in size. A whole row is judged
rather than its marks one by one: how long, how straight and how even it is. Trees ask what each mark looks like, what
its neighbours do and what the row is like; they are grown by ``training/train_kind_model.py`` on simulated
mammograms that the mark model has not seen, judged by kind models that have not seen them either.
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
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from calcmeasure.detect.calcifications.clustering import connected_parts
from calcmeasure.detect.calcifications.features import Table
from calcmeasure.detect.calcifications.kinds import KINDS
from calcmeasure.detect.calcifications.mark_model import Trees
from calcmeasure.detect.contract import Points, Values

WEIGHTS = "context_model.npz"
"""Name of the file beside this module."""
LEAST_ASKED, LEAST_HEARD = 0.02, 0.1
"""Marks from the first probability are asked for their context; those from the second have a say in that of others."""
NEAR_MM = (2.5, 6.0, 12.0)
"""Distances within which neighbours are counted."""
LINE_MM = (4.0, 8.0)
"""Distances within which neighbours are held against a bent line."""
CHAIN_MM = 4.0
"""Likely calcifications are of one chain where steps of at most this length lead from one to the other."""
_NEAR, _ROWS = ((*(f"{mm:g}" for mm in reaches_mm), "chain") for reaches_mm in (NEAR_MM, LINE_MM))
_OWN = ("log_odds", "log_diameter", "skin_mm", "suspicious", *(f"over_{kind}" for kind in KINDS[1:]))
_AMONG = ("count", *(f"over_{kind}" for kind in KINDS[1:]), "sizes")
_LINE = ("thin", "beside", "along")
CONTEXT = (
    *_OWN,
    *(f"{name}_{near}" for near in _NEAR for name in _AMONG),
    *(f"{name}_{near}" for near in _ROWS for name in _LINE),
)
"""Columns of `describe_context`."""
_DEEPEST_MM = 15.0
_SMALLEST_CHANCE = 0.005
_FEWEST_ON_LINE = 4


@dataclass(frozen=True, slots=True)
class SeenMarks:
    """Marks of one image, each judged alone.

    Parameters
    ----------
    points_mm
        (n, 2).
    probabilities
        (n,) of being a calcification of any kind.
    kinds
        (n, len(KINDS)) chance of each kind by the mark's own looks.
    diameters_mm
        (n,).
    skin_mm
        (n,) depth below the skin line.
    """

    points_mm: Points
    probabilities: Values
    kinds: Values
    diameters_mm: Values
    skin_mm: Values

    @property
    def log_diameters(self) -> Values:
        """Natural logarithms."""
        logs: Values = np.log(np.maximum(self.diameters_mm, 0.05))
        return logs

    @property
    def kind_ratios(self) -> Values:
        """(n, 3) log of the chance of a microcalcification over that of each benign kind."""
        logs = np.log(np.maximum(self.kinds, _SMALLEST_CHANCE))
        ratios: Values = logs[:, :1] - logs[:, 1:]
        return ratios


@dataclass(frozen=True, slots=True)
class ContextModel:
    """Trees that tell microcalcifications from the benign kinds, and how they were made."""

    trees: Trees
    made: dict[str, Any]

    def kinds_in_context(self, marks: SeenMarks) -> Values:
        """Chance (n, len(KINDS)) of each kind for what is a calcification, neighbours considered; rows sum to 1."""
        kinds = marks.kinds.copy()
        asked = np.flatnonzero(marks.probabilities >= LEAST_ASKED)
        if not len(asked):
            return kinds
        suspicious = 1.0 / (1.0 + np.exp(-self.trees.log_odds(describe_context(marks, asked))))
        benign = np.maximum(kinds[asked, 1:], 1e-6)
        kinds[asked, 0] = suspicious
        kinds[asked, 1:] = (1.0 - suspicious)[:, None] * benign / benign.sum(axis=1, keepdims=True)
        return kinds


def describe_context(marks: SeenMarks, asked: NDArray[np.intp]) -> Table:
    """Describe some marks by themselves and by the likely calcifications around them.

    Parameters
    ----------
    asked
        (k,) indices.

    Returns
    -------
    (k, len(CONTEXT)) float32
        NaN where there are too few neighbours to tell.
    """
    heard = np.flatnonzero(marks.probabilities >= LEAST_HEARD)
    gaps_mm = cdist(marks.points_mm[asked], marks.points_mm[heard])
    others = asked[:, None] != heard
    chain = _of_same_chain(gaps_mm, marks.points_mm[heard]) & others
    columns = [_own(marks)[asked]]
    nears = [*((gaps_mm <= reach) & others for reach in NEAR_MM), chain]
    columns += [_among(marks, heard, near=near) for near in nears]
    offsets = marks.points_mm[heard] - marks.points_mm[asked][:, None]
    lines = [*((gaps_mm <= reach) & others for reach in LINE_MM), chain]
    columns += [_on_line(offsets, near=line) for line in lines]
    return np.column_stack(columns).astype(np.float32)


def _of_same_chain(gaps_mm: NDArray[np.float64], heard_mm: Points) -> NDArray[np.bool_]:
    """Tell which of the likely calcifications are of the chain that the nearest of them to each mark is in.

    Parameters
    ----------
    gaps_mm
        (k, m) from each mark to each of the likely calcifications.
    heard_mm
        (m, 2).
    """
    if not len(heard_mm):
        return np.zeros(gaps_mm.shape, dtype=bool)
    chains = connected_parts(cKDTree(heard_mm).query_pairs(CHAIN_MM, output_type="ndarray"), len(heard_mm))
    nearest = gaps_mm.argmin(axis=1)
    reached = gaps_mm[np.arange(len(gaps_mm)), nearest] <= CHAIN_MM
    same: NDArray[np.bool_] = reached[:, None] & (chains[nearest][:, None] == chains)
    return same


def _own(marks: SeenMarks) -> Values:
    return np.column_stack(
        [
            _log_odds(marks.probabilities),
            marks.log_diameters,
            np.minimum(marks.skin_mm, _DEEPEST_MM),
            _log_odds(marks.kinds[:, 0]),
            marks.kind_ratios,
        ]
    )


def _log_odds(chances: Values) -> Values:
    bounded = np.clip(chances, 1e-3, 1.0 - 1e-3)
    logs: Values = np.log(bounded / (1.0 - bounded))
    return logs


def _among(marks: SeenMarks, heard: NDArray[np.intp], *, near: NDArray[np.bool_]) -> Values:
    """Count the expected neighbours; tell what they look like, and how much their sizes differ."""
    weights = near * marks.probabilities[heard]
    total = weights.sum(axis=1, keepdims=True)
    logs = marks.log_diameters[heard]
    mean, square = ((weights @ values)[:, None] / np.maximum(total, 1e-6) for values in (logs, logs**2))
    spread = np.where(total > 1.0, np.sqrt(np.maximum(square - mean**2, 0.0)), np.nan)
    return np.column_stack([np.log1p(total), (weights @ marks.kind_ratios[heard]) / (1.0 + total), spread])


def _on_line(offsets: NDArray[np.float64], *, near: NDArray[np.bool_]) -> Values:
    """Width over length of the neighbours, their scatter about a bent line, and their spread along it, in mm.

    Parameters
    ----------
    offsets
        (k, m, 2) of each neighbour from each mark.
    """
    count = near.sum(axis=1)
    shares = near / np.maximum(count, 1)[:, None]
    centred = offsets - (shares[..., None] * offsets).sum(axis=1, keepdims=True)
    spreads = np.einsum("km,kmi,kmj->kij", shares, centred, centred)
    widths, axes = np.linalg.eigh(spreads)
    across, along = (np.einsum("kmi,ki->km", centred, axes[:, :, i]) for i in (0, 1))
    length = np.sqrt(np.maximum(widths[:, 1], 1e-9))
    bend = np.stack([np.ones_like(along), along, along**2], axis=2)
    normal = np.einsum("km,kmi,kmj->kij", shares, bend, bend) + 1e-6 * np.eye(3)
    right = np.einsum("km,kmi,km->ki", shares, bend, across)
    left_mm = across - np.einsum("kmi,ki->km", bend, np.linalg.solve(normal, right[..., None])[..., 0])
    beside = np.sqrt((shares * left_mm**2).sum(axis=1))
    shape = np.column_stack([np.sqrt(np.maximum(widths[:, 0], 0.0)) / length, beside, length])
    return np.where((count >= _FEWEST_ON_LINE)[:, None], shape, np.nan)


def save_context_model(model: ContextModel, path: Path) -> None:
    """Write a model as plain arrays; the same model always gives the same bytes."""
    made = np.frombuffer(json.dumps(model.made, sort_keys=True).encode(), dtype=np.uint8)
    arrays = {field.name: np.asarray(getattr(model.trees, field.name)) for field in fields(Trees)}
    np.savez_compressed(path, allow_pickle=False, made=made, **arrays)


def load_context_model(path: Path) -> ContextModel:
    """Read what `save_context_model` wrote.

    Raises
    ------
    ValueError
        If it asks for other columns than are described here.
    """
    with np.load(path, allow_pickle=False) as arrays:
        made = json.loads(arrays["made"].tobytes())
        if tuple(made["features"]) != CONTEXT:
            raise ValueError("the context model asks for other columns: run training/train_kind_model.py")
        trees = Trees(**{f.name: arrays[f.name] for f in fields(Trees) if f.name != "base"}, base=float(arrays["base"]))
        return ContextModel(trees, made)


@cache
def shipped_context_model() -> ContextModel:
    """Return the model that comes with the package."""
    with resources.as_file(resources.files(__package__) / WEIGHTS) as path:
        return load_context_model(path)
