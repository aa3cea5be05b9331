"""What is body and what is air, with a ghost that hangs before the cleft between the breasts."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.detect.lesions.body import find_body

SHAPE = (20, 40, 60)
CLEFT = slice(28, 33)
GHOST = (slice(None), slice(2, 12), slice(22, 40))


def _volume(*, ghost: float = 0.0, implant: bool = False) -> np.ndarray:
    """Two breasts with a cleft between them on a trunk; noise of 5 in air, tissue of 100."""
    signal = np.abs(np.random.default_rng(3).normal(0.0, 5.0, SHAPE)).astype(np.float32)
    signal[:, 10:32, 4:56] = 100.0
    signal[:, 10:30, CLEFT] = 4.0
    signal[:, 30:38] = 100.0
    if implant:
        signal[4:16, 13:27, 34:48] = 4.0
    signal[GHOST] = np.maximum(signal[GHOST], ghost)
    return signal


def _front(signal: np.ndarray) -> np.ndarray:
    body = find_body(signal, np.ones(SHAPE, dtype=bool))
    assert body is not None
    return body.front_mm(np.arange(SHAPE[1], dtype=float))


@pytest.mark.parametrize("ghost", [0.0, 60.0])
def test_the_skin_over_the_sternum_is_seen_behind_a_ghost(ghost: float):
    front = _front(_volume(ghost=ghost))
    assert np.median(front[:, 30]) == 30
    assert np.median(front[:, 12]) == 10


def test_an_implant_is_body_though_it_is_dark():
    signal = _volume(implant=True)
    body = find_body(signal, np.ones(SHAPE, dtype=bool))
    assert body is not None
    assert body.mask[4:16, 13:27, 34:48].all()
    np.testing.assert_array_equal(_front(signal)[:, 34:48], 10)
