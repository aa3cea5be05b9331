"""DICOM dates and times as seconds, read tolerantly: what files really hold, not only what the standard allows.

Rules
-----
* A time may lack its seconds or minutes, carry any number of decimals, use colons, or say ``240000`` or ``235960``.
* A value that cannot be a time gives None; nothing is made up. Callers report it as ``E_TIME_UNKNOWN``.
* A date decides what follows what. Without dates, a series that spans more than 12 hours crossed midnight once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

DAY_S = 86_400.0
HALF_DAY_S = DAY_S / 2
EARLIEST_YEAR = 1900

_TIME = re.compile(r"(\d{1,2})(?::?(\d{2}))?(?::?(\d{2}))?(?:[.,](\d+))?")
_DATE = re.compile(r"(\d{4})[-./]?(\d{2})[-./]?(\d{2})")
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})")
_DATETIME = re.compile(r"(\d{8})(\d[\d:.,]*)([+-]\d{2}:?\d{2})?")


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time on a scanner's clock.

    Parameters
    ----------
    clock_s
        Local seconds after midnight of `day`.
    day
        Ordinal of the local date; None when no date is known.
    offset_s
        Local time minus UTC; None when not stated.
    """

    clock_s: float
    day: int | None = None
    offset_s: float | None = None


def parse_time_s(text: str) -> float | None:
    """Seconds after midnight of a DICOM TM value; None when it is not a time.

    Parameters
    ----------
    text
        ``HHMMSS.FFFFFF`` with parts missing from the right, or with colons. ``240000`` is the end of the day and
        second 60 a leap second: both are kept as they count.

    Examples
    --------
    >>> parse_time_s("12:34:56"), parse_time_s("0101"), parse_time_s("noon")
    (45296.0, 3660.0, None)
    """
    match = _TIME.fullmatch(text.strip(" \0"))
    if match is None or len(match[1]) != 2 or (match[4] and not match[3]):
        return None
    hour, minute, second = (int(part or 0) for part in match.groups()[:3])
    seconds = hour * 3600 + minute * 60 + second + float(f"0.{match[4] or 0}")
    return seconds if minute < 60 and second <= 60 and seconds <= DAY_S else None


def parse_day(text: str) -> int | None:
    """Ordinal of a DICOM DA value (also ``YYYY-MM-DD`` and the old ``YYYY.MM.DD``); None when it is not a date.

    Examples
    --------
    >>> parse_day("20240301") - parse_day("20240228")
    2
    """
    match = _DATE.fullmatch(text.strip(" \0"))
    if match is None or int(match[1]) < EARLIEST_YEAR:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3])).toordinal()
    except ValueError:
        return None


def parse_offset_s(text: str) -> float | None:
    """Seconds east of UTC of a ``+HHMM`` offset (the suffix of DT, or Timezone Offset From UTC)."""
    match = _OFFSET.fullmatch(text.strip(" \0"))
    if match is None or int(match[2]) > 14 or int(match[3]) > 59:
        return None
    seconds = int(match[2]) * 3600.0 + int(match[3]) * 60.0
    return -seconds if match[1] == "-" else seconds


def parse_datetime(text: str, *, offset_s: float | None = None) -> Moment | None:
    """Point in time of a DICOM DT value; None when it holds no date or no time of day.

    Parameters
    ----------
    text
        ``YYYYMMDDHHMMSS.FFFFFF&ZZXX``; a value without a time of day tells no phase time and gives None.
    offset_s
        Used when the value carries no offset of its own.
    """
    match = _DATETIME.fullmatch(text.strip(" \0"))
    if match is None:
        return None
    day, clock_s = parse_day(match[1]), parse_time_s(match[2])
    if day is None or clock_s is None:
        return None
    own_offset_s = parse_offset_s(match[3]) if match[3] else None
    return Moment(clock_s, day, own_offset_s if own_offset_s is not None else offset_s)


def moment(time_text: str, date_text: str = "", *, offset_s: float | None = None) -> Moment | None:
    """Point in time of a TM value and, when there is one, its DA value."""
    clock_s = parse_time_s(time_text)
    return None if clock_s is None else Moment(clock_s, parse_day(date_text), offset_s)


def elapsed_s(moments: Sequence[Moment]) -> tuple[tuple[float, ...], bool] | None:
    """Seconds of each moment after the earliest one.

    Parameters
    ----------
    moments
        Of one acquisition, in any order.

    Returns
    -------
    (seconds, crossed midnight), or None when the moments cannot belong to one acquisition
        Dates are used when every moment has one, and offsets when every moment has one. Without dates a span of
        more than 12 hours is unwrapped once; if more than 12 hours remain, the times are not usable.
    """
    if not moments:
        return None
    dated = all(m.day is not None for m in moments)
    zoned = all(m.offset_s is not None for m in moments)
    seconds = [_absolute_s(m, dated=dated, zoned=zoned) for m in moments]
    one_day = not dated or len({m.day for m in moments}) == 1
    crossed = not one_day
    if one_day and max(seconds) - min(seconds) > HALF_DAY_S:
        # Also when all dates are equal: some writers repeat the study's date after midnight.
        noon = min(seconds) + HALF_DAY_S
        seconds = [s + DAY_S if s < noon else s for s in seconds]
        crossed = True
    first = min(seconds)
    relative = tuple(round(s - first, 6) for s in seconds)
    return None if max(relative) > HALF_DAY_S else (relative, crossed)


def nearest_offset_s(clock_s: float, reference_clock_s: float) -> float:
    """Seconds from one time of day to another by the shorter way round the clock, -12 to +12 hours.

    Examples
    --------
    >>> nearest_offset_s(10.0, 86_390.0)
    20.0
    """
    return (clock_s - reference_clock_s + HALF_DAY_S) % DAY_S - HALF_DAY_S


def _absolute_s(value: Moment, *, dated: bool, zoned: bool) -> float:
    day_s = DAY_S * (value.day or 0) if dated else 0.0
    return value.clock_s + day_s - ((value.offset_s or 0.0) if zoned else 0.0)
