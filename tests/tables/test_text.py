"""Foreign tables: encodings, separators and locales that spreadsheets really write, and cells that name their line."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.errors import TableError
from calcmeasure.tables import TextFormat, as_number, read_text_table

PLAIN = "patient_id,value_mm,note\nP1,12.5,früh\nP2,0,\n"
LOCALE = "patient_id;value_mm;note\nP1;12,5;früh\nP2;0;\n"


@pytest.mark.parametrize(
    ("text", "encoding", "decimal"),
    [
        (PLAIN, "utf-8", "."),
        (PLAIN, "utf-8-sig", "."),
        (PLAIN, "cp1252", "."),
        (PLAIN, "utf-16", "."),
        (PLAIN, "utf-16-le", "."),
        (PLAIN, "utf-16-be", "."),
        (PLAIN, "utf-32", "."),
        (LOCALE, "cp1252", ","),
        (LOCALE, "utf-8-sig", ","),
        (LOCALE.replace(";", "\t"), "utf-16", ","),
        (LOCALE.replace(";", "|"), "utf-8", ","),
        ("sep=;\n" + LOCALE, "utf-8", ","),
        (LOCALE.replace("\n", "\r\n"), "cp1252", ","),
        (LOCALE.replace("\n", "\r"), "cp1252", ","),
    ],
)
def test_reads_what_spreadsheets_write(tmp_path, text, encoding, decimal):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    table = read_text_table(path)
    assert table.header == ("patient_id", "value_mm", "note")
    cells = [row for _, row in table.rows]
    assert cells[0][2] == "früh"
    assert [as_number(row[1], decimal=table.decimal) for row in cells] == [12.5, 0.0]
    assert table.decimal == decimal


def test_rows_carry_the_line_they_begin_on(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('a,b\n1,"two\nlines"\n\n,\n2,x\n', encoding="utf-8")
    table = read_text_table(path)
    assert [line for line, _ in table.rows] == [2, 6]
    assert [line for line, _ in table.rows] == [2, 6], "rows can be gone through again"


def test_the_header_may_stand_lower(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("Export of 2024\n\nid;mm\nP1;3,5\n", encoding="utf-8")
    table = read_text_table(path, layout=TextFormat(header_row=3))
    assert (table.header, table.decimal) == (("id", "mm"), ",")
    assert list(table.rows) == [(4, ["P1", "3,5"])]


def test_what_was_found_out_is_told(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(LOCALE.encode("cp1252"))
    assert [note.split()[-1] for note in read_text_table(path).notes] == ["cp1252", "';'", "commas"]
    path.write_text(PLAIN, encoding="utf-8")
    assert read_text_table(path).notes == ()


def test_mixed_numbers_are_not_taken_for_decimal_commas(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id;mm\nP1;3,5\nP2;3.5\n", encoding="utf-8")
    assert read_text_table(path).decimal == "."


def test_commas_in_quoted_names_do_not_count(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('"a, b, c";"d, e";f\n1;2;3\n', encoding="utf-8")
    assert read_text_table(path).header == ("a, b, c", "d, e", "f")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00\xd8\x00\xd8", b"a,b\n\x81\xff"])
def test_what_is_no_text_is_refused(tmp_path, content):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(TableError):
        list(read_text_table(path).rows)


def test_a_missing_file_and_a_wrong_encoding_are_refused(tmp_path):
    with pytest.raises(TableError, match="No such file"):
        read_text_table(tmp_path / "none.csv")
    (tmp_path / "t.csv").write_text(PLAIN, encoding="utf-8")
    with pytest.raises(TableError):
        read_text_table(tmp_path / "t.csv", layout=TextFormat(encoding="ascii"))


@pytest.mark.parametrize(
    ("text", "decimal", "words"),
    [
        ("12,5", ".", "comma"),
        ("12.5", ",", "point"),
        ("1.234,5", ",", "point"),
        ("1,234.5", ".", "number"),
        ("1_000", ".", "number"),
        ("nan", ".", "number"),
        ("1e999", ".", "number"),
        ("=1+1", ".", "number"),
        ("", ".", "number"),
        ("12 mm", ".", "number"),
        ("ca. 20", ",", "number"),
        (".", ",", "point"),
    ],
)
def test_numbers_of_another_locale_are_never_guessed(text, decimal, words):
    with pytest.raises(ValueError, match=words):
        as_number(text, decimal=decimal)


@settings(max_examples=60)
@given(
    rows=st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8), min_size=2, max_size=2
        ).filter(any),
        max_size=8,
    )
)
def test_any_text_comes_back(rows, tmp_path_factory):
    file = io.StringIO(newline="")
    csv.writer(file).writerows([["name", "other"], *rows])
    path = tmp_path_factory.mktemp("any") / "t.csv"
    path.write_bytes(file.getvalue().encode("utf-8"))
    assert [cells for _, cells in read_text_table(path).rows] == rows
