"""How long each phase of a dynamic series took: stated, or from how far apart the phases began."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from calcmeasure.dicom.phase_keys import MrImage
from calcmeasure.dicom.phase_times import PAUSE_S


def read_durations(phases: Sequence[Sequence[MrImage]], *, starts_s: Sequence[float]) -> tuple[list[float | None], str]:
    """Duration of each phase and a sentence that says where it comes from.

    A stated duration longer than the step to the next phase is that of the whole series and is not used. Then the
    shortest step between starts is taken: longer ones hold the pause for the injection, or a phase that is lost, which
    is told from the numbers of phases where they are stated. Two phases have one step only, which may hold the pause:
    their duration stays unknown, and so does that of three phases of which the later two lie further apart.
    """
    steps_s = [b - a for a, b in pairwise(starts_s)]
    stated = [_stated_duration(phase) for phase in phases]
    known = [d for d in stated if d is not None]
    if len(known) == len(stated) and max(known) <= 1.05 * min(steps_s):
        return list(stated), "phase duration as stated by the acquisition"
    if len(steps_s) < 2:
        return [None] * len(phases), "phase duration unknown, so times are starts of acquisition"
    single_s = [step_s / n for step_s, n in zip(steps_s, _phases_apart(phases), strict=True)]
    if len(steps_s) == 2 and single_s[1] > single_s[0] + PAUSE_S:
        return [None] * len(phases), "phase duration unknown, for the starts are unevenly far apart"
    usual_s = min(single_s)
    durations = [min(usual_s, step_s) for step_s in [*steps_s, usual_s]]
    return list(durations), "phase duration from the difference of starts"


def _phases_apart(phases: Sequence[Sequence[MrImage]]) -> list[int]:
    """How many phases on each next one is, by the numbers that phases or images carry; 1 where none are stated."""
    for keyword in ("TemporalPositionIdentifier", "AcquisitionNumber", "InstanceNumber"):
        numbers = _phase_numbers(phases, keyword)
        steps = [after - before for before, after in pairwise(numbers)]
        if len(numbers) == len(phases) and min(steps) > 0:
            return [max(1, round(step / min(steps))) for step in steps]
    return [1] * (len(phases) - 1)


def _phase_numbers(phases: Sequence[Sequence[MrImage]], keyword: str) -> list[int]:
    """Tell the number of each phase; fewer than phases where some carry none. Images are counted in whole phases."""
    stated = [[image.header.integer(keyword) for image in phase] for phase in phases]
    first = [min(n for n in phase if n is not None) for phase in stated if None not in phase]
    if keyword != "InstanceNumber" or not first:
        return first
    most = max(len(phase) for phase in phases)
    return [(number - min(first)) // most for number in first]


def _stated_duration(phase: Sequence[MrImage]) -> float | None:
    values = {image.header.number("AcquisitionDuration") for image in phase}
    value = values.pop() if len(values) == 1 else None
    return value if value is not None and value > 0 else None
