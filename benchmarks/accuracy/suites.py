"""Rows of a table: images of one kind, of seeds that are looked at for figures only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FIRST_SEED = 1_004_000
"""Test seeds begin at 1,000,000: those below 1,001,000 are for looking while developing, the next three
thousand made earlier figures, and those from here are for the present ones, unless a suite says otherwise."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A row of a table.

    Parameters
    ----------
    name
        As the table says it.
    settings
        What is drawn.
    draw
        What one seed gives with these settings: one image or examination, or those of two visits.
    share
        Seeds, as a share of those of the main suites.
    first
        Seed.
    """

    name: str
    settings: Any
    draw: Callable[[int, Any], tuple[Any, ...]]
    share: float = 1.0
    first: int = FIRST_SEED

    def seeds(self, count: int) -> range:
        """Choose seeds, where the main suites have `count`."""
        return range(self.first, self.first + max(1, round(self.share * count)))
