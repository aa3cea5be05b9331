"""Processor times of several ways to do one thing, taken in turns, and how they are shown.

Processor time (of all threads) and not the clock's, because it hardly depends on what else the machine does; files are
in memory, so nothing waits. Taking turns makes whatever is left of the disturbance hit all alike.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

Work = Callable[[], object]
Seconds = dict[str, list[float]]


def take_times(cases: Mapping[str, Work], *, repeats: int) -> Seconds:
    """Seconds of every case, `repeats` times in turns, after one run of each that does not count."""
    for work in cases.values():
        work()
    times: Seconds = {name: [] for name in cases}
    for _ in range(repeats):
        for name, work in cases.items():
            times[name].append(seconds(work))
    return times


def seconds(work: Work) -> float:
    """Processor time of one run."""
    start = time.process_time()
    work()
    return time.process_time() - start


def print_times(times: Seconds, *, own: str, unit: str = "ms") -> None:
    """Median and best of each case, and how often the own time fits into it."""
    factor = {"ms": 1e3, "s": 1.0}[unit]
    digits = 1 if unit == "ms" else 3
    print_table(
        ("case", f"median {unit}", f"best {unit}", "median / own", "best / own"),
        (
            (
                name,
                f"{factor * median(values):.{digits}f}",
                f"{factor * min(values):.{digits}f}",
                f"{median(values) / median(times[own]):.2f}",
                f"{min(values) / min(times[own]):.2f}",
            )
            for name, values in times.items()
        ),
    )


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a Markdown table, row by row as they come."""
    print("\n| " + " | ".join(columns) + " |\n|" + "---|" * len(columns), flush=True)
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |", flush=True)


def print_machine(*packages: str) -> None:
    """Print what the numbers below were taken on."""
    models = [line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    load = (_lines("/proc/loadavg") or ["?"])[0].split()[0]
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", *packages))
    print(
        f"{len(models)} x {models[0] if models else '?'}, load {load}; Python {platform.python_version()}, {versions}"
    )


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="ascii").splitlines()
    except OSError:
        return []
