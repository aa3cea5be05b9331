"""How likely an outlined candidate is a lesion: a logistic model of what is measured on it and of its squares.

The weights are fitted by ``training/train_lesion_model.py`` on simulated examinations and stored as text. With the
squares, what is too sharp or too large for a lesion counts against it as what is too little does.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.lesions.evidence import FEATURES

FloatArray = NDArray[np.float64]

WEIGHTS = "lesion_model.toml"
"""Name of the file beside this module."""
ACCEPTED = 0.5
"""Least probability of a lesion; what is below is listed with what it looks like."""
FARTHEST = 3.0
"""Standard deviations from the mean beyond which a value counts no more: the model has seen hardly any there."""


@dataclass(frozen=True, slots=True)
class LesionModel:
    """Weights of the logistic model, one entry per column of the evidence.

    Parameters
    ----------
    mean, spread
        Of the training candidates.
    linear, squared
        Weights of the standardised value and of its square.
    bias
        Log-odds of an average candidate.
    """

    mean: FloatArray
    spread: FloatArray
    linear: FloatArray
    squared: FloatArray
    bias: float

    def log_odds(self, table: FloatArray) -> FloatArray:
        """Log-odds of a lesion for (n, columns) or (columns,) evidence."""
        scaled = np.clip((table - self.mean) / self.spread, -FARTHEST, FARTHEST)
        odds: FloatArray = self.bias + scaled @ self.linear + (scaled**2 - 1) @ self.squared
        return odds


def log_odds_of(evidence: FloatArray) -> float:
    """Log-odds that a candidate with this evidence is a lesion."""
    return float(lesion_model().log_odds(evidence))


@cache
def lesion_model() -> LesionModel:
    """Read the weights that ship with the package."""
    text = resources.files(__package__).joinpath(WEIGHTS).read_text(encoding="utf-8")
    return model_of(tomllib.loads(text))


def model_of(content: dict[str, dict[str, dict[str, float]] | float]) -> LesionModel:
    """Make the model of a weights file: a table per column, and the bias."""
    columns = content["columns"]
    if not isinstance(columns, dict) or set(columns) != set(FEATURES):
        raise ValueError("the weights are of other evidence than this version measures")
    mean, spread, linear, squared = (
        np.array([columns[name][key] for name in FEATURES]) for key in ("mean", "spread", "linear", "squared")
    )
    return LesionModel(mean, spread, linear, squared, bias=float(str(content["bias"])))
