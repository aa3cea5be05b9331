"""Tables 1 to 5 of a study in print: one layout for CSV and page, every number with its n, each with its method."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from calcmeasure.report.study import words
from calcmeasure.stats.summary import Mean, Median, Share, Shares
from calcmeasure.study.results import Agreement, Association, Description, ResidualSizes, StudyResults
from calcmeasure.study.variables import Pair, Variable
from calcmeasure.tables import as_text_cell


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table.

    Parameters
    ----------
    section
        The group of lines it belongs to; empty in a table without groups.
    label
        What the line is about; empty in the line that heads its section.
    cells
        In the order of the columns.
    """

    section: str
    label: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StudyTable:
    """A table as it is printed.

    Parameters
    ----------
    name
        Of its file, without an extension.
    title
        What it shows.
    heads
        Heads of the section column, the label column and the columns of cells.
    lines
        In order.
    method
        How its numbers were made, in a sentence or two.
    footnotes
        What a reader must know to read it.
    """

    name: str
    title: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    method: str
    footnotes: tuple[str, ...] = ()

    def to_csv(self) -> str:
        """Write as CSV: one header row, printed cells; a text that would run as a formula begins with ``'``."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        start = 0 if self.has_sections else 1
        writer.writerow(self.heads[start:])
        cells = ((line.section, line.label, *line.cells)[start:] for line in self.lines)
        writer.writerows([as_text_cell(cell) for cell in line] for line in cells)
        return text.getvalue()

    @property
    def has_sections(self) -> bool:
        """Whether its lines come in groups."""
        return any(line.section for line in self.lines)


def paper_tables(results: StudyResults) -> tuple[StudyTable, ...]:
    """Lay out Tables 1 to 5.

    Parameters
    ----------
    results
        Of the study.

    Returns
    -------
    tuple of StudyTable
        ``table1`` to ``table5``.
    """
    return (
        _described("table1", "Table 1. Patients and tumours", results.patients),
        _subtype_table(results.association(Variable.SUBTYPE)),
        _described("table3", "Table 3. Mammography and MRI before and after treatment", results.findings),
        _response_table(results),
        _size_table(results),
    )


def _described(name: str, title: str, descriptions: Sequence[Description]) -> StudyTable:
    lines = [line for description in descriptions for line in _description_lines(description)]
    return StudyTable(
        name=name,
        title=title,
        heads=("characteristic", "category", "value", "n", "missing"),
        lines=tuple(lines),
        method=(
            "Values are n (%) of the cases known, mean ± SD, or median (IQR); quartiles are interpolated at rank "
            "p·(n + 1), as SPSS does. Missing values are counted, never taken for 0."
        ),
    )


def _description_lines(description: Description) -> Iterator[Line]:
    section, summary = words.VARIABLE_WORDS[description.variable], description.summary
    yield Line(section, "", ("" if summary.n else "no case", str(summary.n), str(summary.missing)))
    if summary.n:
        yield from (Line(section, label, (value, "", "")) for label, value in _values(summary))


def _values(summary: Shares | Median | Mean) -> Iterator[tuple[str, str]]:
    if isinstance(summary, Shares):
        yield from ((words.category_words(s.category), words.count_percent(s)) for s in summary.shares)
        if not summary.shares:
            yield "none", "0"
    elif isinstance(summary, Median):
        yield "median (IQR), cm", words.median_cm(summary)
        yield "median (IQR), mm", words.median_mm(summary)
    else:
        yield "mean ± SD", words.mean_sd(summary)


def _subtype_table(table: Association) -> StudyTable:
    """Complete response down, subtypes across, as Table 2 of the study; per cent of each row."""
    across = [Share(name, total, table.n) for name, total in zip(table.row_categories, table.row_totals, strict=True)]
    section = words.VARIABLE_WORDS[Variable.PCR]
    lines = [Line(section, "", (str(table.n), *("" for _ in across), *_p_cells(table)))]
    for category, counts in zip(table.column_categories, zip(*table.counts, strict=True), strict=True):
        lines.append(Line(section, words.category_words(category), _count_cells(counts)))
    return StudyTable(
        name="table2",
        title="Table 2. Molecular subtype and pathological complete response",
        heads=("variable", "category", "n", *map(_share_head, across), *_P_HEADS),
        lines=tuple(lines),
        method=f"Values are n (% of the row). {_P_METHOD}",
        footnotes=_test_footnotes([table]),
    )


def _response_table(results: StudyResults) -> StudyTable:
    change = next(d.summary for d in results.findings if d.variable is Variable.EXTENT_CHANGE)
    across = change.shares if isinstance(change, Shares) else ()
    tables = [table for table in results.associations if table.columns is Variable.EXTENT_CHANGE]
    return StudyTable(
        name="table4",
        title="Table 4. Change in the extent of calcifications, response on MRI and findings in the specimen",
        heads=("variable", "category", "n", *map(_share_head, across), *_P_HEADS),
        lines=tuple(line for table in tables for line in _association_lines(table)),
        method=f"Values are n (% of the row). {_P_METHOD}",
        footnotes=_test_footnotes(tables),
    )


_P_HEADS = ("χ²", "df", "P, exact Pearson", "P, Pearson asymptotic", "P, Freeman–Halton")
_P_METHOD = (
    "P values are two-sided, each under the name of its test; an exact one counts every table with the same margins, "
    "or a seeded sample of them where a footnote says Monte Carlo."
)


def _association_lines(table: Association) -> Iterator[Line]:
    section = words.VARIABLE_WORDS[table.rows]
    yield Line(section, "", (str(table.n), *("" for _ in table.column_categories), *_p_cells(table)))
    for category, counts in zip(table.row_categories, table.counts, strict=True):
        yield Line(section, words.category_words(category), _count_cells(counts))


def _count_cells(counts: Sequence[int]) -> tuple[str, ...]:
    total = sum(counts)
    shares = (words.count_percent(Share("", count, total)) for count in counts)
    return (str(total), *shares, *("" for _ in _P_HEADS))


def _p_cells(table: Association) -> tuple[str, ...]:
    chi2, df = table.asymptotic.statistic, table.asymptotic.df
    statistic = (words.NOTHING, words.NOTHING) if chi2 is None else (words.fixed(chi2, 3), str(df))
    return (*statistic, *(words.p_words(test.p) for test in (table.exact, table.asymptotic, table.freeman_halton)))


def _test_footnotes(tables: Sequence[Association]) -> tuple[str, ...]:
    return tuple(f"{words.VARIABLE_WORDS[table.rows]}: {note}." for table in tables for note in _table_notes(table))


def _table_notes(table: Association) -> Iterator[str]:
    if table.left_out:
        yield f"{table.left_out} case(s) left out because one of the two variables is not known"
    yield from dict.fromkeys(note for test in table.tests for note in test.notes)


def _share_head(share: Share) -> str:
    percent = f" ({words.fixed(share.percent, 1)} %)" if share.total else ""
    return f"{words.category_words(share.category)}, n = {share.count}{percent}"


def _size_table(results: StudyResults) -> StudyTable:
    found = {(agreement.subgroup, agreement.pair): agreement for agreement in results.agreement}
    level = words.fixed(100 * results.settings.level, 0)
    sizes = (Variable.EXTENT_FOLLOWUP, Variable.DIAMETER_FOLLOWUP, Variable.PATHOLOGY_SIZE)
    return StudyTable(
        name="table5",
        title="Table 5. Size of what is left: mammography, MRI and specimen",
        heads=(
            "subgroup",
            "agreement",
            "n",
            *(f"{words.VARIABLE_WORDS[size]}, cm" for size in sizes),
            *(f"ICC, {words.PAIR_HEADS[pair]}" for pair in Pair),
        ),
        lines=tuple(
            line for own in results.sizes for line in _size_lines(own, [found[own.subgroup, pair] for pair in Pair])
        ),
        method=(
            f"Sizes are median (IQR), 1 cm = 10 mm; ICC with its {level} % interval. ICC(C,1): two-way, consistency, "
            "single measures, forgives a constant offset between methods. ICC(A,1): two-way, absolute agreement, "
            "single measures, does not."
        ),
        footnotes=(
            "MG: extent of calcifications on mammography; MRI: diameter of the enhancing lesion; specimen: size of the "
            "residual tumour; all after treatment.",
            "[n = …] stands where sizes are missing and replaces the n of the subgroup.",
        ),
    )


def _size_lines(sizes: ResidualSizes, agreements: Sequence[Agreement]) -> Iterator[Line]:
    section, cases = words.subgroup_words(sizes.subgroup), sizes.cases
    medians = [
        words.median_cm(summary, between=" to ") + _own_n(summary.n, cases)
        for summary in (sizes.extent, sizes.diameter, sizes.pathology)
    ]
    yield Line(section, "", (str(cases), *medians, *("" for _ in agreements)))
    for label, found in (
        ("ICC(C,1), consistency", [agreement.consistency for agreement in agreements]),
        ("ICC(A,1), agreement", [agreement.absolute for agreement in agreements]),
    ):
        cells = (words.icc_words(icc) + _own_n(icc.n, cases) for icc in found)
        yield Line(section, label, ("", *("" for _ in medians), *cells))


def _own_n(n: int, cases: int) -> str:
    return "" if n == cases else f" [n = {n}]"
