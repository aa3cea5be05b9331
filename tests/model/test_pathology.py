"""Subtype and complete response by the study's definitions, unknown receptors included."""

from __future__ import annotations

import itertools

import pytest

from calcmeasure.model.pathology import CompleteResponse, MillerPayne, PathologyResult, Receptors, Residual, Subtype


@pytest.mark.parametrize(
    ("er", "pr", "her2", "subtype"),
    [
        (0, 0, 1, "HR-/HER2+"),
        (1, 0, 1, "HR+/HER2+"),
        (0, 1, 1, "HR+/HER2+"),
        (1, 1, 1, "HR+/HER2+"),
        (1, 0, 0, "HR+/HER2-"),
        (0, 1, 0, "HR+/HER2-"),
        (1, 1, 0, "HR+/HER2-"),
        (0, 0, 0, "TN"),
        (1, None, 0, "HR+/HER2-"),
        (None, 1, 1, "HR+/HER2+"),
        (0, None, 0, None),
        (None, 0, 1, None),
        (1, 1, None, None),
        (None, None, None, None),
    ],
)
def test_subtype(er, pr, her2, subtype):
    known = [None if one is None else bool(one) for one in (er, pr, her2)]
    assert Receptors(*known).subtype == subtype


def test_every_known_status_has_a_subtype():
    statuses = itertools.product([False, True], repeat=3)
    assert {Receptors(*status).subtype for status in statuses} == set(Subtype)


@pytest.mark.parametrize(
    ("residual", "in_situ_allowed", "nothing_left"),
    [
        (Residual.NONE, True, True),
        (Residual.DCIS, True, False),
        (Residual.INVASIVE, False, False),
        (Residual.INVASIVE_AND_DCIS, False, False),
        (None, None, None),
    ],
)
def test_complete_response(residual, in_situ_allowed, nothing_left):
    result = PathologyResult(4.0, MillerPayne.NO_INVASIVE_CELLS, residual)
    assert result.is_complete_response() is in_situ_allowed
    assert result.is_complete_response(CompleteResponse.YPT0_IS) is in_situ_allowed
    assert result.is_complete_response(CompleteResponse.YPT0) is nothing_left
