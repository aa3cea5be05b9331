"""Sentences that belong beside the numbers: what a reader would otherwise take them for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from calcmeasure.stats.columns import ZERO_SHARE_WARNED
from calcmeasure.study.columns import Rows, number_column
from calcmeasure.study.results import Agreement, Association, Flow
from calcmeasure.study.variables import ALL, Variable

ZERO_HEAVY = {
    Variable.EXTENT_FOLLOWUP: "extents of calcifications after treatment",
    Variable.DIAMETER_FOLLOWUP: "lesion diameters after treatment",
    Variable.PATHOLOGY_SIZE: "sizes in the specimen",
}
SIZE_WORDS = {
    Variable.EXTENT_FOLLOWUP: "the extent of calcifications",
    Variable.DIAMETER_FOLLOWUP: "the diameter on MRI",
    Variable.PATHOLOGY_SIZE: "the size in the specimen",
}


def cautions(
    rows: Rows,
    flow: Flow,
    *,
    associations: Sequence[Association],
    agreement: Sequence[Agreement],
    level: float,
) -> tuple[str, ...]:
    """Collect what must be said about these data.

    Parameters
    ----------
    rows
        Included cases.
    flow
        Their counts.
    associations, agreement
        Results already computed.
    level
        Confidence level; 1 - level is the P value at which an answer is held to turn, where one depends on a choice.

    Returns
    -------
    tuple of str
        Sentences, most general first.
    """
    return (
        *_dependence(flow),
        *_not_judged(rows),
        *_zeros(rows),
        *_offsets(agreement),
        *_pooling(associations, alpha=1 - level),
    )


def _dependence(flow: Flow) -> Iterator[str]:
    if flow.bilateral:
        yield (
            f"{flow.bilateral} of {flow.patients} patients count with both sides; the two sides of a patient are not "
            "independent, and no test here allows for that"
        )


def _not_judged(rows: Rows) -> Iterator[str]:
    """Say why tables are empty where both lengths are known and the criteria chosen judge none of them."""
    images = [row.imaging for row in rows]
    extents = [one for one in images if None not in (one.extent_baseline_mm, one.extent_followup_mm)]
    lesions = [one for one in images if one.diameter_baseline_mm and one.diameter_followup_mm is not None]
    if extents and not any(one.extent_change for one in extents):
        yield "the criteria chosen judge no change of extent: the tables of this change are empty"
    if lesions and not any(one.response for one in lesions):
        yield "the criteria chosen judge no response by the diameters of this table: the table of responses is empty"


def _zeros(rows: Rows) -> Iterator[str]:
    """Warn of sizes that are often 0, from the share on from which the statistics warn too."""
    for variable, words in ZERO_HEAVY.items():
        known = [value for value in number_column(rows, variable) if value is not None]
        if known and known.count(0) >= ZERO_SHARE_WARNED * len(known):
            yield (
                f"{known.count(0)} of {len(known)} {words} are 0 mm: agreement partly counts shared zeros, and the "
                "intervals of ICC and of the limits of agreement assume normal values"
            )


def _offsets(agreement: Sequence[Agreement]) -> Iterator[str]:
    """Warn where consistency hides that one size is larger throughout."""
    for found in agreement:
        bias = found.limits.bias_interval
        if found.subgroup == ALL and (bias.low > 0 or bias.high < 0):
            yield (
                f"{SIZE_WORDS[found.pair.first]} is on average {abs(found.limits.bias):.1f} mm "
                f"{'larger' if found.limits.bias > 0 else 'smaller'} than {SIZE_WORDS[found.pair.second]} "
                f"(n = {found.n}): ICC(C,1) = {_signed(found.consistency.value)} forgives this offset, "
                f"ICC(A,1) = {_signed(found.absolute.value)} does not"
            )


def _pooling(associations: Sequence[Association], *, alpha: float) -> Iterator[str]:
    """Warn when it depends on the grouping of Miller–Payne grades on which side of alpha P lies, naming the tests."""
    tables = {table.rows: table for table in associations}
    grades, pooled = tables[Variable.MILLER_PAYNE], tables[Variable.MILLER_PAYNE_POOLED]
    turned = [
        f"{five.test.words} P = {five.p:.3f} and {two.p:.3f}"
        for five, two in zip(grades.tests, pooled.tests, strict=True)
        if (five.p < alpha) != (two.p < alpha)
    ]
    if turned:
        yield (
            "Miller–Payne grade against the change in extent, grades 1 to 5 apart and then pooled as 1–3 against 4–5 "
            f"(n = {pooled.n}): {'; '.join(turned)}. The answer depends on how grades are pooled, which has to be "
            "settled before looking"
        )


def _signed(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")
