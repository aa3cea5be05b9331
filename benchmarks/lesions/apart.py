"""Work in a process of its own: what it gives, its processor time and the most memory it took."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import SimpleITK as sitk

RESET_PEAK = "5"
"""Written to ``clear_refs``, it makes the peak that Linux keeps start again from what is in use."""


@dataclass(frozen=True, slots=True)
class Apart:
    """What a piece of work came to.

    Parameters
    ----------
    result
        What it returned.
    seconds
        Processor time of all threads.
    peak_mib
        Most resident memory beyond what was in use when it began.
    """

    result: Any
    seconds: float
    peak_mib: float


def apart(work: Callable[..., Any], *arguments: object, prepare: Callable[[], object] | None = None) -> Apart:
    """Do work in a fresh process on one thread of SimpleITK; `prepare` runs before, uncounted: imports, compiling."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_done, work, arguments, prepare).result()


def _done(work: Callable[..., Any], arguments: tuple[object, ...], prepare: Callable[[], object] | None) -> Apart:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    if prepare is not None:
        prepare()
    Path("/proc/self/clear_refs").write_text(RESET_PEAK, encoding="ascii")
    before, start = _status_mib("VmRSS"), time.process_time()
    result = work(*arguments)
    return Apart(result, time.process_time() - start, _status_mib("VmHWM") - before)


def _status_mib(name: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024
