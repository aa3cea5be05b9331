"""What is compiled before a reader asks for it is what her clicks and searches need."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from calcmeasure.terms import Flag
from napari_calcmeasure.jobs import Progress
from napari_calcmeasure.rehearsal import rehearse, rehearse_measuring, rehearse_searching

TESTS = Path(__file__).parents[1]
_CLICK_AND_STROKE = """
import sys
from numba.core.dispatcher import Dispatcher
from napari_calcmeasure.rehearsal import rehearse_measuring
from plugin.reading import test_lesion_tools as desk_work
from plugin.reading.lesions import CENTRE, lesion_field

def compiled():
    modules = [module for name, module in sys.modules.items() if name.startswith("calcmeasure.")]
    kernels = {one for module in modules for one in vars(module).values() if isinstance(one, Dispatcher)}
    return {(kernel.py_func.__name__, signature) for kernel in kernels for signature in kernel.signatures}

rehearse_measuring()
before = compiled()
field, ids = lesion_field(), desk_work.numbered()
tools = {
    desk_work.ToolName.SEED: desk_work.SeedTool(lambda _: field, ids),
    desk_work.ToolName.BRUSH: desk_work.BrushTool(lambda _: field, ids),
}
desk = desk_work.open_desk(tools=tools)
desk.hold(desk_work.ToolName.SEED)
desk_work.press(desk, CENTRE)
assert desk_work.size_mm(desk) > 10
desk_work.stroke(desk, (9.0, 38.0, 22.0), (9.0, 46.0, 22.0))
assert before
print(sorted(compiled() - before, key=str))
"""


def test_the_window_measures_only_what_the_second_python_has_compiled():
    order = []
    rehearse(Progress(""), beside=order.append)
    assert order == [rehearse_measuring, rehearse_searching]


def test_a_click_and_a_stroke_compile_nothing_more():
    script = [sys.executable, "-W", "ignore", "-c", _CLICK_AND_STROKE]
    done = subprocess.run(script, cwd=TESTS, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_a_breast_with_a_group_and_a_moved_series_with_a_lesion_are_searched(monkeypatch):
    groups = recorded(monkeypatch, "calcmeasure.detect.calcifications.detector.detect_calcifications")
    lesions = recorded(monkeypatch, "calcmeasure.detect.lesions.detector.detect_lesions")
    rehearse_searching()
    assert groups[0].clusters
    assert lesions[0].lesions
    assert Flag.MOTION_CORRECTED in lesions[0].flags


def recorded(monkeypatch, name):
    """Have a function keep what it gives."""
    given, (module, _, attribute) = [], name.rpartition(".")
    work = getattr(import_module(module), attribute)
    monkeypatch.setattr(name, lambda *args, **options: given.append(work(*args, **options)))
    return given
