"""Processor time of a detector stage by stage, told by a profile and so without knowing how it is built."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections.abc import Callable, Mapping
from typing import Any

WORTH_A_ROW = 0.01
"""Share of the whole below which a stage goes to the rest."""
LARGE = 0.25
"""A stage that takes more of the whole is told by its own calls, where they explain it."""
EXPLAINED = 0.9

Function = tuple[str, int, str]


def stage_seconds(work: Callable[[], object], *, entry: Callable[..., object]) -> dict[str, float]:
    """Seconds of the functions that `entry` calls, or that large ones of them call, and of the rest.

    Parameters
    ----------
    work
        Calls `entry` once.
    entry
        The detector.
    """
    profile = cProfile.Profile(time.process_time)
    profile.runcall(work)
    stats: Mapping[Function, tuple[Any, ...]] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    code = entry.__code__  # type: ignore[attr-defined]
    caller: Function = (code.co_filename, code.co_firstlineno, code.co_name)
    whole = stats[caller][3]
    return _named(_split(caller, whole, stats, large=LARGE * whole), whole)


def _split(
    caller: Function, spent: float, stats: Mapping[Function, tuple[Any, ...]], *, large: float
) -> dict[Function, float]:
    """Calls of a function, and of those calls that are large; the function itself where they do not explain it."""
    called = {function: row[4][caller][3] for function, row in stats.items() if caller in row[4]}
    if sum(called.values()) < EXPLAINED * spent or caller in called:
        return {caller: spent}
    parts: dict[Function, float] = {}
    for function, seconds in called.items():
        inner = {function: seconds} if seconds < large else _split(function, seconds, stats, large=large)
        for part, inside in inner.items():
            parts[part] = parts.get(part, 0.0) + inside
    return parts


def _named(called: Mapping[Function, float], whole: float) -> dict[str, float]:
    ordered = sorted(called.items(), key=lambda item: -item[1])
    stages: dict[str, float] = {}
    for (_, _, name), spent in ordered:
        if spent >= WORTH_A_ROW * whole:
            stages[name] = stages.get(name, 0.0) + spent
    return {"whole": whole, **stages, "rest": whole - sum(stages.values())}
