"""One run over the sample, shared by every test that looks at what a run writes."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from program import calcmeasure

SAMPLE = Path(__file__).parents[2] / "sample_dicom"


@dataclass(frozen=True)
class SampleRun:
    """The sample, where its results lie, and how the command ended."""

    sample: Path
    out: Path
    done: subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def sample() -> Path:
    """The synthetic patients that come with the project."""
    if not (SAMPLE / "truth.csv").is_file():
        pytest.skip("sample_dicom/ is not in this checkout")
    return SAMPLE


@pytest.fixture(scope="session")
def sample_run(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> SampleRun:
    """`calcmeasure run` over the whole sample, two processes."""
    out = tmp_path_factory.mktemp("sample_run") / "out"
    return SampleRun(sample, out, calcmeasure("run", sample, "--out", out, "--jobs", 2))
