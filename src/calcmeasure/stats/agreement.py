"""Intraclass correlation in the six forms of Shrout–Fleiss and McGraw–Wong, from the mean squares of an ANOVA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf, isinf, isnan, nan

import numpy as np
from scipy.special import fdtrc, fdtri

from calcmeasure.errors import TableError
from calcmeasure.stats.columns import Column, FloatArray, complete_rows, zero_warnings
from calcmeasure.stats.interval import DEFAULT_LEVEL, Interval, upper_quantile

ROUNDING = 1e-12
"""Standard deviations below this share of the largest value are rounding, not variation."""


class IccForm(StrEnum):
    """The six forms, in McGraw and Wong's notation."""

    ONE_WAY_SINGLE = "ICC(1,1)"
    """Other raters for every subject; one rating."""
    AGREEMENT_SINGLE = "ICC(A,1)"
    """The same raters for all; a constant offset between them counts as disagreement; one rating."""
    CONSISTENCY_SINGLE = "ICC(C,1)"
    """The same raters for all; a constant offset between them is forgiven; one rating."""
    ONE_WAY_MEAN = "ICC(1,k)"
    """As ICC(1,1), for the mean of k ratings."""
    AGREEMENT_MEAN = "ICC(A,k)"
    """As ICC(A,1), for the mean of k ratings."""
    CONSISTENCY_MEAN = "ICC(C,k)"
    """As ICC(C,1), for the mean of k ratings."""

    @property
    def of_mean(self) -> bool:
        """Whether the form describes the mean of k ratings."""
        return self.value.endswith("k)")

    @property
    def single(self) -> IccForm:
        """The form of the same model for one rating."""
        return IccForm(self.value.replace("k", "1"))

    @property
    def shrout_fleiss(self) -> str:
        """The name in Shrout and Fleiss's notation, e.g. ICC(3,1)."""
        return self.value.replace("(A", "(2").replace("(C", "(3")

    @property
    def words(self) -> str:
        """The form as a methods section states it."""
        return f"{_MODEL_WORDS[self.single]}, {'mean of k measures' if self.of_mean else 'single measures'}"


_MODEL_WORDS = {
    IccForm.ONE_WAY_SINGLE: "one-way random effects, absolute agreement",
    IccForm.AGREEMENT_SINGLE: "two-way, absolute agreement",
    IccForm.CONSISTENCY_SINGLE: "two-way, consistency",
}
_UNDEFINED = "undefined: fewer than two subjects, no variation, or an estimated total variance below 0"
_F_INTERVAL = "F distribution"
_SATTERTHWAITE_INTERVAL = "F distribution, Satterthwaite degrees of freedom (McGraw–Wong 1996)"


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """Mean squares of a subjects × raters table.

    Parameters
    ----------
    subjects, raters
        Between subjects, between raters.
    error
        Residual of the two-way layout.
    within
        Within subjects, of the one-way layout.
    n, k
        Subjects, raters.
    """

    subjects: float
    raters: float
    error: float
    within: float
    n: int
    k: int


@dataclass(frozen=True, slots=True)
class Icc:
    """An intraclass correlation with everything a report must name.

    Parameters
    ----------
    form
        Which of the six.
    value
        The estimate; NaN when it does not exist. It can be negative.
    interval
        Confidence interval from the F distribution.
    f, p
        F ratio of subjects against error and its one-sided P value for "ICC is 0".
    n, k
        Subjects and raters used.
    left_out
        Subjects without a rating from every rater.
    notes
        What a reader must know: zeros, undefined values.
    """

    form: IccForm
    value: float
    interval: Interval
    f: float
    p: float
    n: int
    k: int
    left_out: int
    notes: tuple[str, ...] = ()


def icc(raters: Sequence[Column], *, form: IccForm, level: float = DEFAULT_LEVEL) -> Icc:
    """One form of the intraclass correlation.

    Parameters
    ----------
    raters
        One column per rater or method, each with one value per subject: k columns of n values.
    form
        Which of the six.
    level
        Confidence level.

    Returns
    -------
    Icc
        With NaN and a note when no subject differs from another or fewer than two are complete.

    Raises
    ------
    TableError
        If columns differ in length or a value is no finite number.

    Examples
    --------
    >>> found = icc([[2, 4, 6], [4, 6, 8]], form=IccForm.AGREEMENT_SINGLE)
    >>> round(found.value, 4), found.n
    (0.6667, 3)
    """
    rows, left_out = complete_rows(raters)
    squares = mean_squares(rows)
    value, interval = _value(squares, form), _interval(squares, form, level=level)
    f, df = _f_ratio(squares, form)
    return Icc(
        form=form,
        value=value,
        interval=interval,
        f=f,
        p=float(fdtrc(*df, f)) if not isnan(f) else nan,
        n=squares.n,
        k=squares.k,
        left_out=left_out,
        notes=zero_warnings(rows) + ((_UNDEFINED,) if isnan(value) or isnan(interval.low) else ()),
    )


def icc_all_forms(raters: Sequence[Column], *, level: float = DEFAULT_LEVEL) -> dict[IccForm, Icc]:
    """All six forms, so that consistency is never read without agreement.

    Parameters
    ----------
    raters
        One column per rater or method.
    level
        Confidence level.

    Returns
    -------
    dict
        In the order of `IccForm`.
    """
    return {form: icc(raters, form=form, level=level) for form in IccForm}


def icc_interval(
    value: float, *, n: int, k: int = 2, form: IccForm = IccForm.CONSISTENCY_SINGLE, level: float = DEFAULT_LEVEL
) -> Interval:
    """Find the interval that belongs to a printed ICC.

    In the one-way and consistency forms the value and k fix the F ratio, and n its degrees of freedom.

    Parameters
    ----------
    value
        The printed ICC.
    n, k
        Subjects and raters.
    form
        A one-way or consistency form.
    level
        Confidence level.

    Returns
    -------
    Interval
        Its F interval.

    Raises
    ------
    TableError
        For an absolute-agreement form (its interval also needs the raters' mean square), n or k below 2, or a value
        no data can give.

    Examples
    --------
    >>> found = icc_interval(0.771, n=127)
    >>> round(found.low, 3), round(found.high, 3)
    (0.69, 0.833)
    """
    if form.single is IccForm.AGREEMENT_SINGLE:
        raise TableError(f"the interval of {form} does not follow from its value; give the measurements to icc()")
    lowest = -inf if form.of_mean else -1 / (k - 1) if k > 1 else nan
    if n < 2 or k < 2 or not lowest <= value <= 1:
        raise TableError(f"an {form} of {value} cannot come from n = {n}, k = {k}; check the printed numbers")
    single = value / (k - value * (k - 1)) if form.of_mean else value
    ratio = (1 + (k - 1) * single) / (1 - single) if single < 1 else inf
    return _ratio_interval(ratio, form, n=n, k=k, level=level)


def mean_squares(rows: FloatArray) -> MeanSquares:
    """Mean squares of a complete subjects × raters table.

    Parameters
    ----------
    rows : (n, k) float array
        One row per subject.

    Returns
    -------
    MeanSquares
        NaN throughout when n < 2; rounding residue is set to 0.
    """
    n, k = rows.shape
    if n < 2:
        return MeanSquares(nan, nan, nan, nan, n, k)
    subject, rater, grand = rows.sum(axis=1) / k, rows.sum(axis=0) / n, float(rows.sum()) / (n * k)
    within = rows - subject[:, None]
    found = (
        k * float(np.square(subject - grand).sum()) / (n - 1),
        n * float(np.square(rater - grand).sum()) / (k - 1),
        float(np.square(within - (rater - grand)).sum()) / ((n - 1) * (k - 1)),
        float(np.square(within).sum()) / (n * (k - 1)),
    )
    floor = (ROUNDING * float(np.abs(rows).max())) ** 2
    subjects, raters, error, one_way = (square if square >= floor else 0.0 for square in found)
    return MeanSquares(subjects, raters, error, one_way, n, k)


def _value(ms: MeanSquares, form: IccForm) -> float:
    """Divide the surplus of the subjects' mean square by the variance of one rating, or of the mean of k."""
    if isnan(ms.subjects):
        return nan
    error = ms.within if form.single is IccForm.ONE_WAY_SINGLE else ms.error
    share = 1 if form.of_mean else ms.k
    below = ms.subjects + (0 if form.of_mean else (ms.k - 1) * error)
    if form.single is IccForm.AGREEMENT_SINGLE:
        below += share * (ms.raters - error) / ms.n
    # The mean form can estimate a total variance below 0: no ICC follows from that.
    return (ms.subjects - error) / below if below > 0 else nan


def _f_ratio(ms: MeanSquares, form: IccForm) -> tuple[float, tuple[int, int]]:
    one_way = form.single is IccForm.ONE_WAY_SINGLE
    error = ms.within if one_way else ms.error
    df = (ms.n - 1, ms.n * (ms.k - 1) if one_way else (ms.n - 1) * (ms.k - 1))
    if error:
        return ms.subjects / error, df
    return (inf if ms.subjects else nan), df


def _interval(ms: MeanSquares, form: IccForm, *, level: float) -> Interval:
    if form.single is not IccForm.AGREEMENT_SINGLE:
        ratio = nan if isnan(_value(ms, form)) else _f_ratio(ms, form)[0]
        return _ratio_interval(ratio, form, n=ms.n, k=ms.k, level=level)
    low, high = _agreement_ends(ms, _value(ms, form.single), quantile=upper_quantile(level))
    if form.of_mean:
        low, high = (nan if isnan(_value(ms, form)) else _stepped_up(end, ms.k) for end in (low, high))
    return Interval(low, high, level, _SATTERTHWAITE_INTERVAL)


def _stepped_up(single: float, k: int) -> float:
    """Spearman–Brown: the mean of k ratings from one; it falls without bound towards -1 / (k - 1)."""
    scale = 1 + (k - 1) * single
    return -inf if scale <= 0 else k * single / scale


def _ratio_interval(ratio: float, form: IccForm, *, n: int, k: int, level: float) -> Interval:
    """Divide and multiply the F ratio by its quantiles and turn the results back into correlations."""
    quantile = upper_quantile(level)
    df1, df2 = n - 1, n * (k - 1) if form.single is IccForm.ONE_WAY_SINGLE else (n - 1) * (k - 1)
    if isnan(ratio):
        return Interval(nan, nan, level, _F_INTERVAL)
    ends = (ratio / fdtri(df1, df2, quantile), ratio * fdtri(df2, df1, quantile))
    low, high = (_from_ratio(float(end), 1 if form.of_mean else k) for end in ends)
    return Interval(low, high, level, _F_INTERVAL)


def _from_ratio(ratio: float, k: int) -> float:
    """(F - 1) / (F + k - 1), and for the mean of k ratings 1 - 1/F, which is the same with k = 1."""
    if isinf(ratio):
        return 1.0
    return (ratio - 1) / (ratio + k - 1) if ratio + k - 1 else -inf


def _agreement_ends(ms: MeanSquares, value: float, *, quantile: float) -> tuple[float, float]:
    n, k = ms.n, ms.k
    if isnan(value):
        return nan, nan
    if value == 1:
        return 1.0, 1.0
    # Below 0 the degrees of freedom would fall towards none: those of an ICC of 0 are used.
    known = max(value, 0.0)
    odds = k * known / (n * (1 - known))
    raters, error = odds * ms.raters, (1 + odds * (n - 1)) * ms.error
    df = (raters + error) ** 2 / (raters**2 / (k - 1) + error**2 / ((n - 1) * (k - 1))) if raters or error else nan
    noise = k * ms.raters + (k * n - k - n) * ms.error
    below, above = float(fdtri(n - 1, df, quantile)), float(fdtri(df, n - 1, quantile))
    low = n * (ms.subjects - below * ms.error) / (below * noise + n * ms.subjects)
    return low, n * (above * ms.subjects - ms.error) / (noise + n * above * ms.subjects)
