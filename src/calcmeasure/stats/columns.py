"""Columns of numbers as a table gives them: what is missing is counted and left out, never taken for zero."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from calcmeasure.errors import TableError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Column = Sequence[float | None] | FloatArray

ZERO_SHARE_WARNED = 0.2
"""From this share of zeros on, a column is called zero-heavy and a result that assumes normal values says so."""


def present_values(column: Column) -> tuple[FloatArray, int]:
    """Take the numbers of a column without its missing values (None, NaN).

    Parameters
    ----------
    column
        Numbers, None or NaN.

    Returns
    -------
    values : (n,) float array
        What is present, in order.
    missing : int
        How many were missing.

    Raises
    ------
    TableError
        If a value is no number or is infinite.

    Examples
    --------
    >>> present_values([1.5, None, 0.0])
    (array([1.5, 0. ]), 1)
    """
    values = _numbers(column)
    known = ~np.isnan(values)
    return values[known], int(np.count_nonzero(~known))


def complete_rows(columns: Sequence[Column]) -> tuple[FloatArray, int]:
    """Put columns side by side, only the rows in which nothing is missing.

    Parameters
    ----------
    columns
        k columns of one length.

    Returns
    -------
    rows : (n, k) float array
        The complete rows.
    left_out : int
        How many rows lacked a value.

    Raises
    ------
    TableError
        If there are fewer than two columns, their lengths differ, or a value is no finite number.
    """
    arrays = [_numbers(column) for column in columns]
    lengths = [len(array) for array in arrays]
    if len(arrays) < 2 or len(set(lengths)) > 1:
        raise TableError(f"two or more columns of one length are compared, found lengths {lengths}")
    rows = np.column_stack(arrays)
    known = ~np.isnan(rows).any(axis=1)
    return rows[known], int(np.count_nonzero(~known))


def zero_warnings(rows: FloatArray) -> tuple[str, ...]:
    """Warn of columns in which zeros are frequent.

    Parameters
    ----------
    rows : (n, k) float array
        Complete rows.

    Returns
    -------
    tuple of str
        One sentence that names the zero-heavy columns, counted from 1; empty when there is none.
    """
    zeros = np.count_nonzero(rows == 0, axis=0).tolist()
    heavy = [
        f"{count} of {len(rows)} values in column {k}"
        for k, count in enumerate(zeros, start=1)
        if len(rows) and count / len(rows) >= ZERO_SHARE_WARNED
    ]
    if not heavy:
        return ()
    return (
        f"zero-heavy: {' and '.join(heavy)} are 0, so the normal theory behind the interval is doubtful "
        "and agreement partly counts shared zeros",
    )


def cross_count(
    pairs: Sequence[tuple[Hashable | None, Hashable | None]], *, rows: Sequence[Hashable], columns: Sequence[Hashable]
) -> tuple[IntArray, int]:
    """Cross-tabulate pairs of categories.

    Parameters
    ----------
    pairs
        (row category, column category) of every case; None where missing.
    rows, columns
        The categories, in the order wanted; categories without a case keep their empty row or column.

    Returns
    -------
    counts : (r, c) int array
        Cases per cell.
    left_out : int
        Pairs in which one category was missing.

    Raises
    ------
    TableError
        If a category is not among those given.

    Examples
    --------
    >>> cross_count([("CR", "yes"), ("CR", None)], rows=["CR", "PR"], columns=["yes", "no"])
    (array([[1, 0],
           [0, 0]]), 1)
    """
    counts = np.zeros((len(rows), len(columns)), np.int64)
    known = [(row, column) for row, column in pairs if row is not None and column is not None]
    for row, column in known:
        counts[_position(row, rows), _position(column, columns)] += 1
    return counts, len(pairs) - len(known)


def count_table(counts: Sequence[Sequence[int]] | IntArray) -> IntArray:
    """Check a rectangular table of counts.

    Parameters
    ----------
    counts
        Rows of counts.

    Returns
    -------
    (r, c) int array
        The same counts.

    Raises
    ------
    TableError
        If rows differ in length, or a count is negative or not whole.
    """
    if len({len(row) for row in counts}) != 1:
        raise TableError("a table of counts needs rows of one length; fill empty cells with 0")
    table = np.asarray(counts, dtype=float)
    if table.ndim != 2 or not np.all(np.isfinite(table) & (table >= 0) & (table == np.rint(table))):
        raise TableError("a table of counts holds whole numbers from 0 on; give counts, not percentages")
    return table.astype(np.int64)


def _position(category: Hashable, categories: Sequence[Hashable]) -> int:
    if category not in categories:
        raise TableError(f"category {str(category)[:30]!r} is not one of {', '.join(map(str, categories))}")
    return categories.index(category)


def _numbers(column: Column) -> FloatArray:
    try:
        values = np.asarray(column, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TableError("a column of numbers holds something that is no number; correct or empty that cell") from error
    if values.ndim != 1 or np.isinf(values).any():
        raise TableError("a column is a plain list of finite numbers; an infinite or nested value was found")
    return values
