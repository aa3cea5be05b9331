"""Growing boosted trees, as flat arrays, and calibrating what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from calcmeasure.detect.calcifications.features import Table
from calcmeasure.detect.calcifications.mark_model import Trees
from calcmeasure.detect.contract import Values

Settings = dict[str, Any]

SETTINGS: Settings = {
    "learning_rate": 0.06,
    "max_leaf_nodes": 24,
    "min_samples_leaf": 30,
    "l2_regularization": 5.0,
    "max_features": 0.5,
    "early_stopping": False,
}
"""Of `sklearn.ensemble.HistGradientBoostingClassifier`, beside the number of rounds."""
CALIBRATION_BINS = 40
_SMOOTHING = 0.5
"""Added to both counts of a bin: no bin is ever certain."""


def grow(
    table: Table, positive: NDArray[np.bool_], *, random_state: int, rounds: int, settings: Settings = SETTINGS
) -> Trees:
    """Grow trees that tell `positive` rows from the others; constant where there are none."""
    if not positive.any():
        return _no_trees(base=-10.0)
    boosting = HistGradientBoostingClassifier(**settings, max_iter=rounds, random_state=random_state)
    fitted = boosting.fit(table, positive)
    predictors = [predictor.nodes for (predictor,) in fitted._predictors]
    return _flatten(predictors, base=float(fitted._baseline_prediction[0, 0]))


def _flatten(predictors: list[NDArray[Any]], *, base: float) -> Trees:
    starts = np.cumsum([0, *(len(nodes) for nodes in predictors[:-1])])
    nodes = np.concatenate(predictors)
    offsets = np.repeat(starts, [len(nodes) for nodes in predictors])
    leaf = nodes["is_leaf"].astype(bool)
    return Trees(
        feature=np.where(leaf, -1, nodes["feature_idx"]).astype(np.int16),
        threshold=np.where(leaf, nodes["value"], _not_above(nodes["num_threshold"])).astype(np.float32),
        left=np.where(leaf, 0, nodes["left"] + offsets).astype(np.int32),
        right=np.where(leaf, 0, nodes["right"] + offsets).astype(np.int32),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        roots=starts.astype(np.int32),
        base=base,
    )


def _not_above(thresholds: Values) -> Values:
    """Greatest float32 not above each threshold: float32 values fall on the same side of it."""
    with np.errstate(over="ignore"):
        near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near).astype(float)


def _no_trees(*, base: float) -> Trees:
    empty = np.empty(0, np.int32)
    return Trees(empty.astype(np.int16), empty.astype(np.float32), empty, empty, empty.astype(bool), empty, base)


def calibrate(log_odds: Values, positive: NDArray[np.bool_]) -> Values:
    """Monotone map from the trees' log-odds to those observed.

    Parameters
    ----------
    log_odds
        Of candidates that the trees were not grown on.

    Returns
    -------
    (2, k) float64
        Mean log-odds in bins of equally many positives, and the logarithm of positives over others in each, made to
        rise by pooling neighbours (isotonic regression).
    """
    edges = np.unique(np.quantile(log_odds[positive], np.linspace(0.0, 1.0, CALIBRATION_BINS + 1)[1:-1]))
    _, bins = np.unique(np.searchsorted(edges, log_odds, side="right"), return_inverse=True)
    hits, misses = (np.bincount(bins[kind], minlength=int(bins.max()) + 1) for kind in (positive, ~positive))
    centres = np.bincount(bins, log_odds) / (hits + misses)
    observed = np.log((hits + _SMOOTHING) / (misses + _SMOOTHING))
    return np.stack([centres, _rising(observed, (hits + misses).astype(float))])


def _rising(values: Values, weights: Values) -> Values:
    """Pool adjacent violators."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        pools.append((value, weight, 1))
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            (v1, w1, n1), (v2, w2, n2) = pools[-2:]
            pools[-2:] = [((v1 * w1 + v2 * w2) / (w1 + w2), w1 + w2, n1 + n2)]
    return np.concatenate([np.full(count, value) for value, _, count in pools])
