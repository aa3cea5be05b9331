"""Undo and redo of readings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from napari_calcmeasure.reading.finding import PatientReading
from napari_calcmeasure.reading.history import DEPTH, History

START = PatientReading("P", "anna")


def numbered(number: int) -> PatientReading:
    return replace(START, phase_choices={"series": number})


def test_goes_back_and_forth():
    history = History(START)
    history.record(numbered(1))
    history.record(numbered(2))
    assert history.undo() == numbered(1)
    assert history.undo() == START
    assert history.undo() is None
    assert [history.redo(), history.redo(), history.redo()] == [numbered(1), numbered(2), None]


def test_a_new_step_ends_redoing():
    history = History(START)
    history.record(numbered(1))
    history.undo()
    history.record(numbered(2))
    assert not history.can_redo
    assert history.undo() == START


def test_selecting_is_no_step_and_leaves_redo():
    history = History(START)
    history.record(numbered(1))
    history.undo()
    history.record(replace(START, selected="a"))
    assert not history.can_undo
    assert history.redo() == numbered(1)


@pytest.mark.parametrize("steps", [99, 100, 101, 250])
def test_reaches_a_hundred_steps_back(steps):
    history = History(START)
    for number in range(1, steps + 1):
        history.record(numbered(number))
    undone = 0
    while history.undo() is not None:
        undone += 1
    assert undone == min(steps, 100) == min(steps, DEPTH)


def test_nothing_can_be_undone_after_a_restart():
    history = History(START)
    history.record(numbered(1))
    history.restart(numbered(2))
    assert (history.can_undo, history.can_redo, history.settled) == (False, False, numbered(2))
