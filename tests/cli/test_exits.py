"""Exit codes."""

from __future__ import annotations

import pytest

from calcmeasure.cli.exits import ExitCode, exit_code_for, exit_code_of
from calcmeasure.errors import (
    CriteriaError,
    DetectorError,
    DicomReadError,
    ErrorCode,
    OutputError,
    StoreError,
    TableError,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CriteriaError("x"), 2),
        (DetectorError("x"), 2),
        (DicomReadError("x"), 3),
        (TableError("x"), 3),
        (OutputError("x"), 3),
        (StoreError("x"), 3),
        (StoreError("x", code=ErrorCode.STORE_BUSY), 6),
        (StoreError("x", code=ErrorCode.STORE_CHANGED), 4),
        (StoreError("x", code=ErrorCode.DISK_FULL), 7),
        (OutputError("x", code=ErrorCode.DISK_FULL), 7),
    ],
)
def test_expected_errors(error, code):
    assert exit_code_of(error) == code


def test_what_was_left_out_by_design_is_no_failure():
    assert exit_code_for([]) == ExitCode.OK
    assert exit_code_for([ErrorCode.NOT_DICOM, ErrorCode.SCOUT, ErrorCode.DERIVED]) == ExitCode.OK
    assert exit_code_for([ErrorCode.NOT_DICOM, ErrorCode.TRUNCATED]) == ExitCode.PARTIAL
