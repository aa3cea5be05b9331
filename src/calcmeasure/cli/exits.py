"""Exit codes: stable, documented, one meaning each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum

from calcmeasure.errors import (
    LEFT_OUT_BY_DESIGN,
    CalcMeasureError,
    CriteriaError,
    DetectorError,
    ErrorCode,
)


class ExitCode(IntEnum):
    """What a finished command tells its caller."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    INPUT_REFUSED = 3
    SOURCE_CHANGED = 4
    PARTIAL = 5
    STORE_BUSY = 6
    DISK_FULL = 7


@contextmanager
def naming(typed: object) -> Iterator[None]:
    """Put the file a message is about before it, as the user typed it: on stderr, never into a log."""
    try:
        yield
    except CalcMeasureError as error:
        name = "store" if "://" in str(typed) else typed
        raise type(error)(f"{name}: {error.message}", code=error.code) from error


def exit_code_of(error: CalcMeasureError) -> ExitCode:
    """Exit code of an expected error that ended a command."""
    by_code = {
        ErrorCode.DISK_FULL: ExitCode.DISK_FULL,
        ErrorCode.STORE_BUSY: ExitCode.STORE_BUSY,
        ErrorCode.STORE_CHANGED: ExitCode.SOURCE_CHANGED,
    }
    if error.code in by_code:
        return by_code[error.code]
    if isinstance(error, (CriteriaError, DetectorError)):
        return ExitCode.USAGE
    return ExitCode.INPUT_REFUSED


def exit_code_for(codes: Iterable[ErrorCode]) -> ExitCode:
    """OK when everything left out was left out by design, PARTIAL when something was refused."""
    return ExitCode.OK if all(code in LEFT_OUT_BY_DESIGN for code in codes) else ExitCode.PARTIAL
