"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REALDATA = Path(os.environ.get("CALCMEASURE_REALDATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def realdata() -> Path:
    """Folder of public DICOM data beside the checkout; skips when absent."""
    if not REALDATA.is_dir():
        pytest.skip("real data folder not found; set CALCMEASURE_REALDATA to run this test")
    return REALDATA
