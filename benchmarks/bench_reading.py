"""The reading room under a reader's hand: seconds, clicks, keys and the longest time the window did not answer.

A real pointer (xdotool) reads one sample patient in a window under X: hangs, draws, drags, searches, seeds, brushes and
signs. A timer of 10 ms in the window's own thread notes every gap: the worst one of a step is how long the window was
frozen. There is no peer: napari alone has no reading to script.

Run: ``xvfb-run -a -s "-screen 0 1760x1080x24" python -W ignore benchmarks/bench_reading.py``.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from qtpy.QtCore import Qt, QTimer

from timing import print_machine, print_table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
BEAT_MS = 10
SEED_ZRC = (10, 47, 126)


class Heart:
    """Notes how long the window's thread was busy at a stretch."""

    def __init__(self) -> None:
        self.worst_s, self._last = 0.0, time.monotonic()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT_MS)

    def start_over(self) -> None:
        self.worst_s, self._last = 0.0, time.monotonic()

    def _beat(self) -> None:
        now = time.monotonic()
        self.worst_s, self._last = max(self.worst_s, now - self._last), now


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
            os.environ[name] = str(Path(folder, name))
        source = Path(folder, "patients")
        for name in ("CM-0001", "CM-0004"):
            shutil.copytree(ROOT / "sample_dicom" / name, source / name)
        print_machine("napari", "PyQt6", "vispy")
        _read(source, Path(folder, "m.sqlite"))


def _read(source: Path, store: Path) -> None:
    from plugin.gui.reader import Reader

    start = time.monotonic()
    reader = Reader(source, store)
    opened = time.monotonic() - start
    heart = Heart()
    columns = ("step", "seconds", "worst stall ms", "clicks", "keys")
    print_table(columns, (_take(reader, heart, name, act) for name, act in _steps(reader)))
    print(f"\nstart to first hanging {opened:.1f} s; reader's pauses for X are part of all seconds")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")
    reader.close()


def _take(reader: object, heart: Heart, name: str, act: Callable[[], object]) -> tuple[object, ...]:
    hand = reader.hand  # type: ignore[attr-defined]
    clicks, keys, start = hand.clicks, hand.keystrokes, time.monotonic()
    heart.start_over()
    act()
    reader.settle()  # type: ignore[attr-defined]
    took = time.monotonic() - start
    return (name, f"{took:.2f}", f"{heart.worst_s * 1e3:.0f}", hand.clicks - clicks, hand.keystrokes - keys)


def _steps(reader: object) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield each step when the one before is done: panels are found anew in every hanging."""
    r: object = reader
    press, drag, click, panel = r.press, r.drag, r.click, r.panel  # type: ignore[attr-defined]
    yield "take the caliper", lambda: press("E")
    yield "extent by caliper", lambda: drag(panel("R-CC"), (300, 500), (420, 600))
    yield "drag one of its ends", lambda: drag(panel("R-CC"), (420, 600), (450, 650))
    yield "undo", lambda: press("Control-Z")
    yield "automatic extent", lambda: (press("Z"), click(panel("L-CC"), (500, 400)), press("A"))
    yield "next hanging (CC)", lambda: press(".")
    yield "hanging decoded before (4-up)", lambda: press(",")
    yield "sign", lambda: press("Control-Enter")
    yield "dynamic MR, first time", lambda: press("Shift-PageDown")
    yield "next slice", lambda: press("Up")
    yield "turn to the lesion", lambda: _turn(reader)
    volume = next(one for one in r.room.stage.canvas.visible_panels if one.target is not None)  # type: ignore[attr-defined]
    z, row, column = SEED_ZRC
    yield "diameter by caliper", lambda: (press("D"), drag(volume, (z, 40, 30), (z, 50, 45)))
    yield "lesion by seed", lambda: (press("S"), click(volume, SEED_ZRC))
    yield "threshold by key", lambda: press("Shift-Up")
    yield "brush stroke", lambda: (press("B"), drag(volume, SEED_ZRC, (z, row, column + 14)))
    yield "sign again", lambda: press("Control-Enter")
    yield "follow-up mammograms", lambda: press("Shift-PageDown")
    yield "dynamic MR, decoded before", lambda: press("Shift-PageUp")
    yield "next patient", lambda: press("PageDown")


def _turn(reader: object) -> None:
    dims = reader.viewer.dims  # type: ignore[attr-defined]
    axis = dims.order[-3]
    while dims.current_step[axis] != SEED_ZRC[0]:
        reader.hand.key("Up" if dims.current_step[axis] < SEED_ZRC[0] else "Down")  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
