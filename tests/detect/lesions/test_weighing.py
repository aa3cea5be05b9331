"""The lesion model: its file, its arithmetic, and what it must not do."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.detect.lesions.evidence import FEATURES
from calcmeasure.detect.lesions.weighing import FARTHEST, LesionModel, lesion_model, log_odds_of, model_of


def simple():
    columns = ([1.0, 10.0], [2.0, 5.0], [0.5, -1.0], [0.1, 0.2])
    return LesionModel(*(np.array(column) for column in columns), bias=-0.3)


def test_log_odds_are_those_of_standardised_values_and_their_squares():
    # (3 - 1) / 2 = 1 and (5 - 10) / 5 = -1: -0.3 + 0.5 + 1.0, and squares of 1 add nothing.
    np.testing.assert_allclose(simple().log_odds(np.array([[3.0, 5.0], [1.0, 10.0]])), [1.2, -0.3 - 0.1 - 0.2])


def test_values_far_from_all_that_was_seen_count_no_more():
    model = simple()
    assert model.log_odds(np.array([1e9, 10.0])) == model.log_odds(np.array([1 + 2 * FARTHEST, 10.0]))


def test_the_shipped_weights_fit_the_evidence():
    model = lesion_model()
    for part in (model.mean, model.spread, model.linear, model.squared):
        assert part.shape == (len(FEATURES),)
        assert np.isfinite(part).all()
    assert (model.spread > 0).all()
    assert log_odds_of(model.mean) < 0, "the average of all that enhances is no lesion"


def test_weights_of_other_evidence_are_refused():
    with pytest.raises(ValueError, match="other evidence"):
        model_of({"bias": 0.0, "columns": {"size": {"mean": 0.0}}})
