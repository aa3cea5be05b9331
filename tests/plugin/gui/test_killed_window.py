"""A window killed in the middle of something: the next one asks, and gives everything back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from napari_calcmeasure.reading.draft_json import reading_from_bytes
from plugin.reading.test_kill import is_same_work

pytestmark = [pytest.mark.gui, pytest.mark.slow, pytest.mark.timeout(600)]
TESTS = Path(__file__).parents[2]


@pytest.mark.parametrize("moment", ["outline", "brush", "signature"])
def test_everything_comes_back(sit_down, patients, tmp_path, moment):
    store, log = tmp_path / "m.sqlite", tmp_path / "log"
    program = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("killed_window.py"))]
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [*program, str(patients), str(store), moment, str(log)],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    drawn = reading_from_bytes(log.read_bytes())
    assert drawn.findings or drawn.unfinished
    reader = sit_down(patients, store, asks=True, answers={"Unsigned work": ("Enter",)})
    assert reader.questions == ["Unsigned work"]
    assert is_same_work(reader.reading, drawn)
