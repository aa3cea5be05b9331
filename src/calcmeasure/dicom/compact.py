"""A header as the bytes it came in: decoded value by value, only when asked for.

Thousands of slices share a folder and a handful of their values are ever read. Bytes are also what travels between
processes and into the index cache. What slices have in common, the layout of their elements and most values, is worked
out once.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import dictionary_VR, keyword_for_tag

from calcmeasure.dicom.guard import PixelElement
from calcmeasure.dicom.header import Header
from calcmeasure.dicom.prefixes import PrefixReader

_SYNTAX_TAG = 0x00020010
_CHARSET_TAG = 0x00080005
_SIGNED_TAG = 0x00280103
_NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "UV": "Q", "SV": "q"}
_TEXT = {"LO", "PN", "SH", "UC"}
_LONG_TEXT = {"LT", "ST", "UT", "UR"}
_TEXT_OR_LONG = _TEXT | _LONG_TEXT
_PLAIN = {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI"}
_DELIMITERS = {0x0D, 0x0A, 0x09, 0x0C}
_SHORT_VALUE = 128
"""Longer values are decoded each time: few are read, and the memo stays small."""


_TWO_U32 = struct.Struct("<2I")
_Slot = tuple[int, int, str]
"""Of one element: where the bounds of its value stand, where all values start, value representation."""


class CompactValues(Mapping[str, tuple[str, ...]]):
    """Values of the plain public elements of a header, by keyword, decoded on access.

    Parameters
    ----------
    raw
        Packed elements as of `tag_walk.walk_prefixes`.
    """

    __slots__ = ("_raw", "_slots")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._slots: Mapping[str, _Slot] | None = None

    def __reduce__(self) -> tuple[object, ...]:
        return (CompactValues, (self._raw,))

    def __getitem__(self, keyword: str) -> tuple[str, ...]:
        return _read_values(*self._coded(self._layout[keyword]))

    def __contains__(self, keyword: object) -> bool:
        return keyword in self._layout

    def __iter__(self) -> Iterator[str]:
        return iter(self._layout)

    def __len__(self) -> int:
        return len(self._layout)

    @property
    def raw(self) -> bytes:
        """The bytes given."""
        return self._raw

    def signature(self, *, equal: tuple[int, ...], present: tuple[int, ...]) -> tuple[object, ...]:
        """Build a key of the raw values of some tags and the mere presence of others."""
        return (*map(self._bytes, equal), *(bool(self._bytes(tag).strip(b" \0")) for tag in present))

    @property
    def transfer_syntax(self) -> str:
        """UID from the file meta information."""
        return self._bytes(_SYNTAX_TAG).decode("ascii", "replace").strip(" \0")

    def stripped(self, keyword: str) -> tuple[str, ...]:
        """All values as text, stripped; empty when absent."""
        slot = self._layout.get(keyword)
        if slot is None:
            return ()
        value, vr, charset = self._coded(slot)
        return (_strip_short_values if len(value) <= _SHORT_VALUE else _strip_values)(value, vr, charset)

    @property
    def _layout(self) -> Mapping[str, _Slot]:
        if self._slots is None:
            self._slots = _read_layout(self._raw[: 2 + 6 * _count(self._raw)])
        return self._slots

    def _coded(self, slot: _Slot) -> tuple[bytes, str, str]:
        """Raw value, value representation and, where it matters, the names of the character sets."""
        bounds_at, values_at, vr = slot
        start, end = _TWO_U32.unpack_from(self._raw, bounds_at)
        value = self._raw[values_at + start : values_at + end]
        if vr in _TEXT_OR_LONG and not (value.isascii() and b"\x1b" not in value):
            return value, vr, self._bytes(_CHARSET_TAG).decode("ascii", "replace").rstrip(" \0")
        if vr == "US or SS":
            vr = "SS" if self._bytes(_SIGNED_TAG)[:1] == b"\1" else "US"
        return value, vr, ""

    def _bytes(self, tag: int) -> bytes:
        """Raw value of a tag; empty when absent."""
        n = _count(self._raw)
        place = _read_tags(self._raw[: 2 + 4 * n]).get(tag)
        return b"" if place is None else self._coded((2 + 6 * n + 4 * place, 6 + 10 * n, ""))[0]


class CompactHeader(Header):
    """Header of a file with plain elements only, its path and values made when asked for.

    Parameters
    ----------
    path
        The file.
    transfer_syntax
        UID from the file meta information.
    raw
        Packed elements as of `tag_walk.walk_prefixes`.
    """

    __slots__ = ("_file",)
    _file: str | Path
    values: CompactValues

    def __init__(self, path: str | Path, transfer_syntax: str, raw: bytes) -> None:
        _set(self, "_file", path)
        _set(self, "transfer_syntax", transfer_syntax)
        _set(self, "values", CompactValues(raw))
        _set(self, "sequences", _NO_SEQUENCES)

    def __reduce__(self) -> tuple[object, ...]:
        return (CompactHeader, (str(self._file), self.transfer_syntax, self.values.raw))

    @property
    def path(self) -> Path:
        """The file."""
        file = self._file
        if isinstance(file, str):
            file = Path(file)
            _set(self, "_file", file)
        return file

    def texts(self, keyword: str) -> tuple[str, ...]:
        """All values as text, stripped; empty when absent."""
        return self.values.stripped(keyword)


_set = object.__setattr__  # the base class is frozen
_NO_SEQUENCES: Mapping[str, tuple[Header, ...]] = {}


def read_compact(path: Path, file_size: int) -> tuple[Header, PixelElement] | None:
    """Read the plain public elements up to group 0028 from the first bytes of a file.

    Parameters
    ----------
    path
        A regular file.
    file_size
        Bytes.

    Returns
    -------
    tuple or None
        Header without sequences, and where the pixels lie; None for anything out of the ordinary.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    walked = PrefixReader(n_files=0).read_one(str(path), file_size)
    return None if walked is None else (unpack_header(path, walked.raw), walked.pixels)


def unpack_header(path: str | Path, raw: bytes) -> CompactHeader:
    """Make the header of a file from its packed elements."""
    return CompactHeader(path, CompactValues(raw).transfer_syntax, raw)


def _count(raw: bytes) -> int:
    return raw[0] | raw[1] << 8


@lru_cache(maxsize=1024)
def _read_tags(head: bytes) -> Mapping[int, int]:
    """Place of every tag."""
    n = _count(head)
    return {tag: place for place, tag in enumerate(struct.unpack_from(f"<{n}I", head, 2))}


@lru_cache(maxsize=1024)
def _read_layout(head: bytes) -> Mapping[str, _Slot]:
    """Every element with a keyword and a plain value, in the order of the file."""
    n = _count(head)
    codes = struct.unpack_from(f"<{n}H", head, 2 + 4 * n)
    named = [(place, tag, _vr_name(tag, codes[place])) for tag, place in _read_tags(head[: 2 + 4 * n]).items()]
    return {
        keyword_for_tag(tag): (2 + 6 * n + 4 * place, 6 + 10 * n, vr)
        for place, tag, vr in named
        if tag != _SYNTAX_TAG and vr not in ("SQ", "") and keyword_for_tag(tag)
    }


def _vr_name(tag: int, code: int) -> str:
    if code:
        return chr(code & 0xFF) + chr(code >> 8)
    try:
        return dictionary_VR(tag)
    except KeyError:
        return ""


def _strip_values(value: bytes, vr: str, charset: str) -> tuple[str, ...]:
    return tuple(text.strip(" \0") for text in _read_values(value, vr, charset))


_strip_short_values = lru_cache(maxsize=2**15)(_strip_values)


def _read_values(value: bytes, vr: str, charset: str) -> tuple[str, ...]:
    """Decode a raw value; `charset` is empty when plain ASCII is enough."""
    if vr in _NUMBERS:
        return _read_numbers(value, _NUMBERS[vr])
    if vr == "AT":
        parts = _read_numbers(value, "H")
        pairs = zip(parts[::2], parts[1::2], strict=False)
        return tuple(f"({int(group):04X},{int(element):04X})" for group, element in pairs)
    if vr in _PLAIN:
        return _split_text(value.decode("latin-1"), vr)
    return _split_text(_read_text(value, charset), vr) if vr in _TEXT_OR_LONG else ()


def _read_text(value: bytes, charset: str) -> str:
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # text outside its own character set is shown with replacement characters
        return decode_bytes(value, list(_encodings(charset)), _DELIMITERS)


def _split_text(text: str, vr: str) -> tuple[str, ...]:
    text = text.rstrip(" \0")
    if not text:
        return ()
    if vr in _LONG_TEXT:
        return (text,)
    padding = " \0=" if vr == "PN" else " \0"
    return tuple(part.strip(" \0").rstrip(padding) for part in text.split("\\"))


@lru_cache(maxsize=64)
def _encodings(names: str) -> tuple[str, ...]:
    return tuple(convert_encodings(names.split("\\") if names else ""))


def _read_numbers(value: bytes, letter: str) -> tuple[str, ...]:
    size = struct.calcsize(letter)
    return tuple(str(n) for n in struct.unpack(f"<{len(value) // size}{letter}", value[: len(value) // size * size]))
