"""How marks of a mammogram are drawn by what they are taken for: each a shape and a colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from calcmeasure.report.palette import GREY, ORCHID, PAPER, SKY, VERMILION, YELLOW
from calcmeasure.terms import MarkLabel


@dataclass(frozen=True, slots=True)
class MarkStyle:
    """One kind of mark.

    Parameters
    ----------
    words
        For a legend.
    colour
        Of the set of Okabe and Ito.
    shape
        Marker by its name in matplotlib.
    """

    words: str
    colour: str
    shape: str


MARK_STYLES: Mapping[MarkLabel, MarkStyle] = MappingProxyType(
    {
        MarkLabel.SUSPICIOUS: MarkStyle("in a group", SKY, "o"),
        MarkLabel.VASCULAR: MarkStyle("arterial", VERMILION, "^"),
        MarkLabel.SKIN: MarkStyle("skin", ORCHID, "s"),
        MarkLabel.COARSE: MarkStyle("coarse", YELLOW, "D"),
        MarkLabel.SCATTERED: MarkStyle("scattered", GREY, "x"),
        MarkLabel.FOREIGN: MarkStyle("foreign", PAPER, "+"),
        MarkLabel.ARTEFACT: MarkStyle("artefact", GREY, "1"),
    }
)
"""Every label; only those in a group are measured."""
JOINED = MarkStyle("of these by the other visit", SKY, "$\u25cc$")
"""Marks that belong to a group only because the same view of another visit was looked at."""
