"""Overall response: the paper's tables line by line, and every combination there is."""

from __future__ import annotations

from itertools import product

import pytest

from calcmeasure.response.non_targets import group_status
from calcmeasure.response.overall import overall_response
from calcmeasure.terms import NonTargetStatus, Response

CR, PR, SD, PD, NE = Response
GONE, LEFT, WORSE, FURTHER, UNKNOWN = NonTargetStatus

PAPER = [
    # Eisenhauer 2009, table 1: target, non-target, new lesions, overall
    (CR, GONE, False, CR),
    (CR, LEFT, False, PR),
    (CR, UNKNOWN, False, PR),
    (PR, LEFT, False, PR),
    (PR, UNKNOWN, False, PR),
    (SD, LEFT, False, SD),
    (SD, UNKNOWN, False, SD),
    (NE, LEFT, False, NE),
    (PD, GONE, False, PD),
    (PD, GONE, True, PD),
    (SD, WORSE, False, PD),
    (SD, WORSE, True, PD),
    (PR, GONE, True, PD),
]


@pytest.mark.parametrize(("target", "non_target", "new", "overall"), PAPER)
def test_the_table_of_the_paper(target, non_target, new, overall):
    assert overall_response(target, non_target, new=new) is overall


def test_every_combination():
    """Any progression is PD; else the targets decide, and what is left elsewhere turns CR into PR."""
    for target, non_target, new in product(Response, (None, *NonTargetStatus), (False, True)):
        found = overall_response(target, non_target, new=new)
        if new or target is PD or non_target in (WORSE, FURTHER):
            assert found is PD
        elif target is CR:
            assert found is (CR if non_target in (None, GONE) else PR)
        else:
            assert found is target


@pytest.mark.parametrize(
    ("statuses", "group"),
    [
        ((), None),
        ((GONE,), GONE),
        ((GONE, LEFT), LEFT),
        ((GONE, UNKNOWN), UNKNOWN),
        ((LEFT, UNKNOWN), UNKNOWN),
        ((UNKNOWN, WORSE, GONE), WORSE),
        ((LEFT, FURTHER), WORSE),
    ],
)
def test_non_targets_together(statuses, group):
    assert group_status(statuses) is group
    assert group_status(reversed(statuses)) is group
