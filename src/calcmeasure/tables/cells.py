"""Cells of tables as text: what a spreadsheet must not run, and numbers as a locale writes them."""

from __future__ import annotations

import math
import re

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins with one of these would run as a formula in a spreadsheet; a leading ``'`` keeps it a text."""

_NOT_PLAIN = frozenset(("'", *FORMULA_STARTS))

WITH_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")
"""A number with a decimal comma."""

_POINTED = re.compile(r"\s*[+-]?[\d.,]*\.[\d.,]*\s*")


def as_text_cell(text: str) -> str:
    """Write a text so that no spreadsheet runs it.

    Examples
    --------
    >>> as_text_cell("=1+1"), as_text_cell("IDC")
    ("'=1+1", 'IDC')
    """
    return f"'{text}" if text[:1] in _NOT_PLAIN and text.lstrip("'").startswith(FORMULA_STARTS) else text


def text_of_cell(cell: str) -> str:
    """Read back what `as_text_cell` wrote.

    Examples
    --------
    >>> text_of_cell("'=1+1"), text_of_cell("'n' P1")
    ('=1+1', "'n' P1")
    """
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA_STARTS) else cell


def as_number(text: str, *, decimal: str = ".") -> float:
    """Read a number as a table of one locale writes it.

    Raises
    ------
    ValueError
        In words that fit behind the name of a column; also for what is a number in another locale only.

    Examples
    --------
    >>> as_number("12,5", decimal=",")
    12.5
    """
    if decimal == "," and _POINTED.fullmatch(text):
        raise ValueError(f"{text[:20]!r} has a point where this table has decimal commas")
    if decimal == "." and WITH_COMMA.fullmatch(text):
        raise ValueError(f"{text[:20]!r} has a comma where this table has decimal points")
    try:
        value = float(text.replace(",", ".") if decimal == "," else text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        raise ValueError(f"must be a number, found {text[:20]!r}")
    return value
