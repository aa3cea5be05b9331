"""What is compiled before a reader asks for it is what her clicks and searches need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from napari_calcmeasure.jobs import Progress
from napari_calcmeasure.rehearsal import rehearse, rehearse_measuring, rehearse_searching

_COUNT_COMPILED = """
import numba.core.event as event

class Count(event.Listener):
    compiled = 0
    def on_start(self, _event):
        self.compiled += 1
    def on_end(self, _event):
        pass

from napari_calcmeasure.rehearsal import rehearse_measuring, rehearse_searching
count = Count()
with event.install_listener("numba:compile", count):
    {work}
print(count.compiled)
"""


def test_the_window_measures_only_what_the_second_python_has_compiled():
    order = []
    rehearse(Progress(""), beside=order.append)
    assert order == [rehearse_measuring, rehearse_searching]


@pytest.mark.slow
def test_what_was_rehearsed_is_compiled_once():
    rehearse_measuring()
    rehearse_searching()
    work = "rehearse_measuring(); rehearse_searching()"
    again = subprocess.run(
        [sys.executable, "-c", _COUNT_COMPILED.format(work=work)], capture_output=True, text=True, check=True
    )
    assert again.stdout.strip() == "0"
