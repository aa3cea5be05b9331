"""Column mappings as data: what another program's table calls our columns, its units and its words (TOML)."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

from calcmeasure.errors import ErrorCode, TableError
from calcmeasure.report.cell_values import CellError, readable_columns
from calcmeasure.report.row_reader import Column, RowReader
from calcmeasure.tables import TextFormat, TextTable

MAPPINGS = ("ispy1",)
"""Names of the mappings that come with the package."""

UNITS_MM = {"mm": Decimal(1), "cm": Decimal(10)}
"""Millimetres in one unit of length a table may be in."""

_FORMAT = "calcmeasure-mapping"
_MAX_BYTES = 100_000
_EMPTY_LENGTH = ("no-visit", "not-measurable")
_SECTIONS = {
    "table": ("sheet", "header_row", "encoding", "separator", "decimal"),
    "columns": None,
    "units": ("length",),
    "values": None,
    "defaults": None,
    "missing": ("texts", "empty_length"),
}
"""Sections and the fields they may have; None where these are columns."""


@dataclass(frozen=True, slots=True)
class TableMapping:
    """How a table of another program becomes measurements.

    Parameters
    ----------
    name, description, source
        Of the mapping; the source says who defines the columns.
    columns
        Our column to theirs, the same for every visit.
    visits
        Where visits stand side by side: the columns of each, and what is not a column of it. Empty for a table with
        one row per measurement.
    unit
        What lengths are in, one of `UNITS_MM`.
    values
        Our column to: their word to ours.
    defaults
        Cells, by our column, that the table does not have.
    layout
        How its text is read.
    sheet
        Of a workbook.
    nothing
        Texts that stand for an empty cell.
    is_visit
        An empty length means that the visit did not take place, rather than that nothing could be measured.
    """

    name: str
    description: str
    source: str
    columns: Mapping[str, str]
    unit: str
    visits: Sequence[Mapping[str, str]] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    layout: TextFormat = field(default_factory=TextFormat)
    sheet: str = ""
    nothing: frozenset[str] = frozenset()
    is_visit: bool = False

    @property
    def sha256(self) -> str:
        """Hash of everything but the words about it."""
        content = asdict(self) | {"nothing": sorted(self.nothing), "description": "", "source": ""}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def load_mapping(name_or_path: str | Path) -> TableMapping:
    """Load a mapping by name, or an own one from a ``.toml`` file.

    Raises
    ------
    TableError
        With `ErrorCode.MAPPING` if there is none, or naming the field that does not follow the schema.

    Examples
    --------
    >>> load_mapping("ispy1").columns["patient_id"]
    'SUBJECTID'
    """
    if str(name_or_path).endswith(".toml"):
        return parse_mapping(_text_of(Path(name_or_path)))
    if name_or_path not in MAPPINGS:
        raise _invalid(f"no column mapping is called {str(name_or_path)!r}; there are {', '.join(MAPPINGS)}, "
                       "or give a .toml file")  # fmt: skip
    place = resources.files("calcmeasure.report") / "mappings" / f"{name_or_path}.toml"
    return parse_mapping(place.read_text(encoding="utf-8"))


def parse_mapping(text: str) -> TableMapping:
    """Turn TOML text into a mapping.

    Raises
    ------
    TableError
        With `ErrorCode.MAPPING`, naming the field that is missing, unknown or of the wrong kind.
    """
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _invalid(f"column mapping: the file must be valid TOML ({error})") from error
    _check(content)
    missing = content.get("missing", {})
    empty_length = missing.get("empty_length", "not-measurable")
    if empty_length not in _EMPTY_LENGTH:
        raise _wrong("missing.empty_length", " or ".join(_EMPTY_LENGTH))
    return TableMapping(
        **{name: _word(content, name) for name in ("name", "description", "source")},
        columns=_columns(content.get("columns"), "columns"),
        unit=_unit(content),
        visits=tuple(_columns(visit, "visits") for visit in content.get("visits", ())),
        values={column: _words(own, f"values.{column}") for column, own in content.get("values", {}).items()},
        defaults=_columns(content.get("defaults", {}), "defaults"),
        layout=_layout(content.get("table", {})),
        sheet=str(content.get("table", {}).get("sheet", "")),
        nothing=frozenset(map(str, missing.get("texts", ()))),
        is_visit=empty_length == "no-visit",
    )


def visits_of(mapping: TableMapping, table: TextTable, *, path: Path) -> Iterator[RowReader]:
    """Give one reader for a table with a row per measurement, or one per visit where they stand side by side.

    In a visit, a text that is no column of the table is what its cells would say (``timepoint = "baseline"``).

    Parameters
    ----------
    mapping
        Of the table.
    table
        With the header as in the file.
    path
        The table; for what is left out.

    Raises
    ------
    TableError
        If the table lacks a column of the mapping, or a default cannot be read.
    """
    absent = sorted(title for title in mapping.columns.values() if title not in table.header)
    if absent:
        raise TableError(f"the table lacks the column(s) {', '.join(absent)} of the mapping {mapping.name!r}")
    for visit in mapping.visits or ({},):
        named = {ours: title for ours, title in visit.items() if title in table.header}
        columns = {**mapping.columns, **named}
        if "value_mm" not in columns:
            raise TableError(f"the mapping {mapping.name!r} names no column of the table for value_mm")
        constants = {**mapping.defaults, **{ours: text for ours, text in visit.items() if ours not in named}}
        try:
            yield RowReader(
                path,
                tuple(Column(ours, table.header.index(title), title) for ours, title in columns.items()),
                len(table.header),
                constants=constants,
                values=mapping.values,
                decimal=table.decimal,
                mm_per_unit=UNITS_MM[mapping.unit],
                nothing=mapping.nothing,
                is_visit=mapping.is_visit,
                separator=table.separator,
            )
        except CellError as error:
            raise _invalid(f"column mapping {mapping.name!r}: a constant {error}") from error


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise _invalid(f"column mapping: the file must have at most {_MAX_BYTES} bytes")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise _invalid(f"the column mapping cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise _invalid("column mapping: the file must be UTF-8 text") from error


def _check(content: Mapping[str, Any]) -> None:
    if content.get("format") != _FORMAT or content.get("format_version") != 1:
        raise _wrong("format", f"{_FORMAT!r}, and format_version 1")
    known = {"format", "format_version", "name", "description", "source", "visits", *_SECTIONS}
    for section, own in content.items():
        if section not in known:
            raise _wrong(section, f"one of {', '.join(sorted(known))}")
        allowed = _SECTIONS.get(section)
        if section in _SECTIONS and not isinstance(own, dict):
            raise _wrong(section, "a table")
        for name in own if allowed else ():
            if name not in (allowed or ()):
                raise _wrong(f"{section}.{name}", f"one of {', '.join(allowed or ())}")
    if not isinstance(content.get("visits", []), list):
        raise _wrong("visits", "a list of tables, [[visits]]")


def _columns(content: object, section: str) -> dict[str, str]:
    words = _words(content, section)
    known = readable_columns()
    for name in words:
        if name not in known:
            raise _wrong(f"{section}.{name}", f"one of {', '.join(sorted(known))}")
    return words


def _words(content: object, section: str) -> dict[str, str]:
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise _wrong(section, "a table of texts")
    return content


def _word(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _wrong(name, "a text")
    return value


def _unit(content: Mapping[str, Any]) -> str:
    unit = content.get("units", {}).get("length")
    if unit not in UNITS_MM:
        raise _wrong("units.length", f"one of {', '.join(UNITS_MM)}: lengths are never guessed")
    return str(unit)


def _layout(content: Mapping[str, Any]) -> TextFormat:
    row = content.get("header_row", 1)
    if not isinstance(row, int) or isinstance(row, bool) or row < 1:
        raise _wrong("table.header_row", "a whole number from 1")
    if content.get("decimal", "") not in ("", ".", ","):
        raise _wrong("table.decimal", "'.' or ','")
    texts = {name: str(content.get(name, "")) for name in ("encoding", "separator", "decimal")}
    return TextFormat(**texts, header_row=row)


def _wrong(name: str, expected: str) -> TableError:
    return _invalid(f"column mapping: {name} must be {expected}")


def _invalid(words: str) -> TableError:
    return TableError(words, code=ErrorCode.MAPPING)
