"""Free-response curves against thresholds tried one by one; intervals against draws written out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from calcifications.curves import Answers, free_response, interval_of
from calcifications.ideal import ideal_sensitivity

RATES = np.array([0.05, 0.1, 0.3, 1.0, 3.0])


def _image(breast: str, truth: list[float], false: list[float], size: float = 1.0) -> Answers:
    return Answers(np.array(truth), np.array(false), size, breast)


def _by_hand(images: list[Answers], rate: float) -> float:
    """Highest sensitivity of any threshold that leaves few enough false answers."""
    truth = np.concatenate([image.truth_scores for image in images])
    false = np.concatenate([image.false_scores for image in images])
    size = sum(image.size for image in images)
    thresholds = np.concatenate([truth[np.isfinite(truth)], false, [np.inf]])
    allowed = [t for t in thresholds if (false >= t).sum() <= rate * size + 1e-9]
    return max(float((truth >= t).mean()) for t in allowed)


def test_the_curve_is_what_thresholds_tried_one_by_one_give() -> None:
    rng = np.random.default_rng(3)
    images = [
        _image(
            str(i),
            [*rng.normal(2, 1, 5), -np.inf],
            list(rng.normal(0, 1, rng.integers(0, 9))),
            float(rng.uniform(1, 3)),
        )
        for i in range(12)
    ]
    curve = free_response(images, RATES, replicates=20)
    assert curve.sensitivity == pytest.approx([_by_hand(images, rate) for rate in RATES])
    assert (curve.low <= curve.high).all()
    assert curve.n_truth == 72


def test_nothing_counts_that_was_never_marked() -> None:
    curve = free_response([_image("a", [1.0, -np.inf], [])], RATES, replicates=0)
    assert curve.sensitivity.tolist() == [0.5] * 5


def test_a_true_answer_no_better_than_a_false_one_too_many_is_not_found() -> None:
    curve = free_response([_image("a", [0.7], [0.7])], np.array([0.5, 1.0]), replicates=0)
    assert curve.sensitivity.tolist() == [0.0, 1.0]


def test_images_of_one_breast_are_drawn_together() -> None:
    alone = [_image(str(i), [float(i % 2)], [0.5], 1.0) for i in range(20)]
    together = [_image(str(i // 2), [float(i % 2)], [0.5], 1.0) for i in range(20)]
    wide, narrow = (free_response(images, np.array([0.5])) for images in (alone, together))
    assert narrow.high[0] - narrow.low[0] == 0.0 < wide.high[0] - wide.low[0]


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(8)
    names = [str(i) for i in range(60)]
    inside = 0
    for _ in range(60):
        _, low, high = interval_of(rng.normal(1.0, 1.0, 60), names, lambda v: float(v.mean()), replicates=200)
        inside += low <= 1.0 <= high
    assert inside >= 51  # 95 % of 60 is 57; fewer than 51 has a chance below 1 in 100


def test_the_ideal_observer_needs_the_stated_detectability() -> None:
    # Half is found where d' equals the threshold: 4.66, 4.16 and 3.60 standard deviations.
    rates = np.array([0.01, 0.1, 1.0])
    halves = [ideal_sensitivity(np.array([d]), rates)[k] for k, d in enumerate((4.66, 4.16, 3.60))]
    assert halves == pytest.approx([0.5] * 3, abs=0.005)
    assert ideal_sensitivity(np.array([0.0]), rates)[0] == pytest.approx(0.01 / 6400)
    assert norm.sf(4.66) * 6400 == pytest.approx(0.01, rel=0.02)
