"""Samples that several models are trained on for a trial."""

from __future__ import annotations

import pytest

SEEDS = (3, 4, 5)
"""Soft specks, a sample-like exposure, and a full scene."""


@pytest.fixture(scope="session")
def samples():
    pytest.importorskip("sklearn", reason="the extra 'train' is not installed")
    import drawing

    return drawing.draw_samples(SEEDS)


@pytest.fixture(autouse=True)
def _told_processors(monkeypatch: pytest.MonkeyPatch):
    """Where the machine does not tell its cores, the library that counts them would warn."""
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
