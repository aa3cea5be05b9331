"""The reading room under a reader's hand: seconds, clicks, keys and the longest time the window did not answer.

A real pointer (xdotool) reads one sample patient in a window under X: hangs, draws, drags, searches, seeds, brushes and
signs. A timer of 10 ms in the window's own thread notes every gap: the worst one of a step is how long the window was
frozen, with the processor time that the thread used in it, how much of it was painting, and what was running. Beside it
stands the most processor time of the thread between two beats of the timer: what a quiet machine cannot be quicker
than, and what other programs on a busy one change least. The first line is the floor: painting the canvas with nothing
on it. There is no peer: napari alone has no reading to script.

Run: ``xvfb-run -a -s "-screen 0 1760x1080x24" python -W ignore benchmarks/bench_reading.py``.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from qtpy.QtCore import QEvent, QObject, Qt, QTimer

from timing import print_machine, print_table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
BEAT_MS = 10
LOOK_S = 0.01
"""Between two looks at what the window's thread does."""
SEED_ZRC = (10, 47, 126)


@dataclass
class Stall:
    """A stretch in which the window did not answer."""

    wall_s: float = 0.0
    processor_s: float = 0.0
    painting_s: float = 0.0
    doing: str = ""


class Heart(QObject):
    """Notes how long the window's thread was busy at a stretch, and with what.

    Parameters
    ----------
    window, canvas
        Their paints are timed from the request until the frame is on the screen.
    """

    def __init__(self, window: QObject, canvas: QObject) -> None:
        super().__init__()
        self.worst, self.most_processor_s, self.paints = Stall(), 0.0, 0
        self._last, self._last_processor = time.monotonic(), time.thread_time()
        self._asked, self._painting_s = 0.0, 0.0
        self._seen: Counter[str] = Counter()
        window.installEventFilter(self)
        canvas.frameSwapped.connect(self._swapped)  # type: ignore[attr-defined]
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT_MS)
        # Not from a thread of its own: it would take Python's lock from the one that is watched.
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, LOOK_S, LOOK_S)

    def start_over(self) -> None:
        self._beat()
        self.worst, self.most_processor_s, self.paints = Stall(), 0.0, 0

    def stop(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._timer.stop()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.UpdateRequest:
            self._asked = time.monotonic()
        return False

    def _swapped(self) -> None:
        if self._asked:
            self._painting_s += time.monotonic() - self._asked
            self._asked, self.paints = 0.0, self.paints + 1

    def _beat(self) -> None:
        now, processor = time.monotonic(), time.thread_time()
        stall = Stall(now - self._last, processor - self._last_processor, self._painting_s)
        self.most_processor_s = max(self.most_processor_s, stall.processor_s)
        if stall.wall_s > self.worst.wall_s:
            stall.doing = " + ".join(name for name, _ in self._seen.copy().most_common(2))
            self.worst = stall
        self._last, self._last_processor, self._painting_s = now, processor, 0.0
        self._seen.clear()

    def _look(self, _signal: int, frame: FrameType | None) -> None:
        """Note where the window's thread is."""
        self._seen[_name_of(frame)] += 1


def _name_of(frame: FrameType | None) -> str:
    """Name what a thread does: a paint, the function of ours it is in, or else napari's outermost."""
    name = "Qt"
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if frame.f_code.co_name == "paintGL":
            return "painting"
        if module.startswith("napari_calcmeasure"):
            return f"{module.rpartition('.')[2]}.{frame.f_code.co_name}"
        if module.startswith(("napari.", "vispy.")):
            name = f"{module.partition('.')[0]} {frame.f_code.co_name}"
        frame = frame.f_back
    return name


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
    print(f"one paint of an empty canvas {_floor_s(reader) * 1e3:.0f} ms (median of 9)\n")
    heart = Heart(reader.window, reader.canvas)
    columns = (
        "step",
        "s",
        "worst stall ms",
        "its processor ms",
        "its painting ms",
        "most processor ms",
        "what ran",
        "paints",
        "clicks",
        "keys",
    )
    print_table(columns, (_take(reader, heart, name, act) for name, act in _steps(reader)))
    print(f"\nstart until everything is ready {opened:.1f} s; reader's pauses for X are part of all seconds")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")
    heart.stop()
    reader.close()


def _floor_s(reader: object) -> float:
    """Time the painting of a canvas with nothing on it, until its pixels can be read; a repaint may be skipped."""
    r: object = reader
    r.room.stage.canvas.clear()  # type: ignore[attr-defined]
    r.settle()  # type: ignore[attr-defined]
    times = []
    for _ in range(9):
        start = time.monotonic()
        r.canvas.grabFramebuffer()  # type: ignore[attr-defined]
        times.append(time.monotonic() - start)
    r.session.hang(r.session.look)  # type: ignore[attr-defined]
    r.settle()  # type: ignore[attr-defined]
    return statistics.median(times)


def _take(reader: object, heart: Heart, name: str, act: Callable[[], object]) -> tuple[object, ...]:
    hand = reader.hand  # type: ignore[attr-defined]
    clicks, keys, start = hand.clicks, hand.keystrokes, time.monotonic()
    heart.start_over()
    act()
    reader.settle()  # type: ignore[attr-defined]
    took, worst = time.monotonic() - start, heart.worst
    times = [
        f"{part * 1e3:.0f}" for part in (worst.wall_s, worst.processor_s, worst.painting_s, heart.most_processor_s)
    ]
    return (name, f"{took:.2f}", *times, worst.doing, heart.paints, hand.clicks - clicks, hand.keystrokes - keys)


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
