"""Rows that stay text until they are needed: cut into cells, they are what one reading of the whole file gives."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.errors import TableError
from calcmeasure.tables import TextFormat, cells_of, read_text_table

CELLS = st.text(st.sampled_from(["a", "1", ",", ";", '"', "'", " ", "\n", "\r", "→"]), max_size=5)


def read_at_once(path, *, skipped):
    """Rows by the csv module alone, each with the number of its first line."""
    with path.open(encoding="utf-8", newline="") as file:
        for _ in range(skipped):
            next(file)
        reader, first, rows = csv.reader(file), 1 + skipped, []
        for cells in reader:
            rows += [(first, cells)] if any(cells) else []
            first = 1 + skipped + reader.line_num
    return rows[1:]


@settings(max_examples=150)
@given(
    rows=st.lists(st.lists(CELLS, max_size=4), max_size=6),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    skipped=st.integers(0, 2),
)
def test_lines_cut_one_by_one_are_the_rows_of_the_file(tmp_path_factory, rows, end, quoting, skipped):
    text = io.StringIO(newline="")
    text.write("a note\n" * skipped)
    csv.writer(text, lineterminator=end, quoting=quoting).writerows([["name", "other"], *rows])
    path = tmp_path_factory.mktemp("lines") / "t.csv"
    path.write_bytes(text.getvalue().encode("utf-8"))
    table = read_text_table(path, layout=TextFormat(separator=",", header_row=1 + skipped))
    expected = read_at_once(path, skipped=skipped)
    assert [(line, cells_of(text, table.separator)) for line, text in table.lines] == expected
    assert list(table.rows) == expected


def test_lines_may_be_gone_through_again(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('id,n\nP1,1\n\n"P\n2",2\nP3,3', encoding="utf-8")
    lines = read_text_table(path).lines
    assert list(lines) == list(lines) == [(2, "P1,1\n"), (4, '"P\n2",2\n'), (6, "P3,3")]


def test_a_cell_longer_than_any_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(f"id,n\nP1,{'1' * (csv.field_size_limit() + 1)}\n", encoding="utf-8")
    with pytest.raises(TableError, match="cannot be read"):
        list(read_text_table(path).lines)
