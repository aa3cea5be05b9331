"""Processor time of a detector stage by stage, told by a profile and so without knowing how it is built."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections.abc import Callable, Mapping
from typing import Any

WORTH_A_ROW = 0.01
"""Share of the whole below which a stage goes to the rest."""
WRAPPER = 0.97
"""A call that takes this share of its caller is not a stage: its own calls are."""

Function = tuple[str, int, str]


def stage_seconds(work: Callable[[], object], *, entry: Callable[..., object]) -> dict[str, float]:
    """Seconds of the functions that `entry` calls, longest first, and of the rest.

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
    while True:
        whole = stats[caller][3]
        called = {function: row[4][caller][3] for function, row in stats.items() if caller in row[4]}
        longest = max(called, key=lambda function: called[function])
        if called[longest] < WRAPPER * whole:
            return _named(called, whole)
        caller = longest


def _named(called: Mapping[Function, float], whole: float) -> dict[str, float]:
    ordered = sorted(called.items(), key=lambda item: -item[1])
    stages = {name: spent for (_, _, name), spent in ordered if spent >= WORTH_A_ROW * whole}
    return {"whole": whole, **stages, "rest": whole - sum(stages.values())}
