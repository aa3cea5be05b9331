"""One file's header as plain text values: what every rule of this package reads, whoever parsed it."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import pydicom
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException
from pydicom.multival import MultiValue

_VALUE_ERRORS = (
    ArithmeticError,
    AttributeError,
    BytesLengthException,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Header:
    """Attributes of one DICOM data set (or sequence item) by keyword.

    Parameters
    ----------
    path
        The file; the parent's for an item.
    transfer_syntax
        UID from the file meta information; empty for an item.
    values
        Keyword to raw text values, one per value of the attribute, as the file spells them.
        An attribute that is present but empty maps to an empty tuple.
    sequences
        Keyword to items.
    """

    path: Path
    transfer_syntax: str
    values: Mapping[str, tuple[str, ...]]
    sequences: Mapping[str, tuple[Header, ...]] = field(default_factory=dict)

    @classmethod
    def from_dataset(cls, dataset: Dataset, path: Path) -> Header:
        """Take a header from a parsed data set; pixel data, private and unreadable elements are left out."""
        meta = getattr(dataset, "file_meta", None)
        syntax = str(getattr(meta, "TransferSyntaxUID", "") or "")
        values: dict[str, tuple[str, ...]] = {}
        sequences: dict[str, tuple[Header, ...]] = {}
        for element in _readable_elements(dataset):
            if not element.keyword or element.tag.group == 0x7FE0:
                continue
            if element.VR == "SQ":
                sequences[element.keyword] = tuple(cls.from_dataset(item, path) for item in element.value)
            else:
                values[element.keyword] = _as_texts(element.value)
        return cls(path, syntax, values, sequences)

    @classmethod
    def read(cls, path: Path) -> Header:
        """Read a whole header with pydicom: slow, complete; sequences included."""
        return cls.from_dataset(pydicom.dcmread(path, stop_before_pixels=True), path)

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.values or keyword in self.sequences

    def texts(self, keyword: str) -> tuple[str, ...]:
        """All values as text, stripped; empty when absent."""
        return tuple(text.strip(" \0") for text in self.values.get(keyword, ()))

    def text(self, keyword: str) -> str:
        """First value as text; empty when absent."""
        texts = self.texts(keyword)
        return texts[0] if texts else ""

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """All values as floats; empty when absent or when any of them is not a finite number."""
        return _finite_numbers(self.texts(keyword))

    def number(self, keyword: str) -> float | None:
        """First value as a float; None when absent or not a finite number."""
        numbers = self.numbers(keyword)
        return numbers[0] if numbers else None

    def integer(self, keyword: str) -> int | None:
        """First value as an int; None when absent or not whole."""
        number = self.number(keyword)
        return None if number is None or number != int(number) else int(number)

    def items(self, keyword: str) -> tuple[Header, ...]:
        """Items of a sequence; empty when absent."""
        return self.sequences.get(keyword, ())

    def item(self, keyword: str) -> Header:
        """First item of a sequence; an empty header when absent."""
        return next(iter(self.items(keyword)), Header(self.path, "", {}))


def _readable_elements(dataset: Dataset) -> Iterator[DataElement]:
    """Elements whose value can be converted: one malformed value does not cost the whole header."""
    for tag in sorted(dataset.keys()):
        if tag.is_private:
            continue
        try:
            element = dataset[tag]
        except _VALUE_ERRORS:
            continue
        yield element


@lru_cache(maxsize=2**15)
def _finite_numbers(texts: tuple[str, ...]) -> tuple[float, ...]:
    """Slices of a series repeat most of their numbers, and several rules ask for the same ones."""
    try:
        numbers = tuple(float(text) for text in texts)
    except ValueError:
        return ()
    return numbers if all(math.isfinite(n) for n in numbers) else ()


def _as_texts(value: object) -> tuple[str, ...]:
    if value is None or value == "" or isinstance(value, bytes):
        return ()
    if isinstance(value, (MultiValue, list, tuple)):
        return tuple(_as_text(v) for v in value)
    return (_as_text(value),)


def _as_text(value: object) -> str:
    original = getattr(value, "original_string", None)
    return original if isinstance(original, str) else str(value)  # a PersonName keeps bytes there
