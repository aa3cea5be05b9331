"""The installed program as other people run it: a process of its own, streams kept apart, tables read back."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

FIXED_TIME = "1700000000"
"""SOURCE_DATE_EPOCH of every run, so that two runs can be compared byte for byte."""
CLEAN_END = ("Traceback", "BrokenProcessPool", "Exception ignored")
"""Never on stderr of an expected end."""


def calcmeasure(
    *arguments: object, cwd: Path | None = None, timeout_s: float = 280, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run one verb to its end; a traceback on stderr fails the test whatever the exit code."""
    done = subprocess.run(
        command(*arguments), cwd=cwd, env=environment(**variables), capture_output=True, text=True, timeout=timeout_s
    )
    assert not any(word in done.stderr for word in CLEAN_END), done.stderr
    return done


def start(*arguments: object, **variables: str) -> subprocess.Popen[str]:
    """Start one verb in a process group of its own."""
    return subprocess.Popen(
        command(*arguments),
        env=environment(**variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "calcmeasure", *map(str, arguments)]


def environment(**variables: str) -> dict[str, str]:
    return {**os.environ, "SOURCE_DATE_EPOCH": FIXED_TIME, **variables}


def table(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def codes_by_name(out: Path) -> dict[str, str]:
    """File name to reason code, from ``skipped.csv``."""
    return {Path(row["path"]).name: row["code"] for row in table(out / "skipped.csv")}


def result_tables(out: Path) -> dict[str, bytes]:
    """Every CSV file below an output folder."""
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*.csv"))}
