"""Versions, codecs, display, database: what is here, what is missing and how to get it."""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from calcmeasure import __version__

REPORTED = (
    "numpy", "scipy", "numba", "pydicom", "scikit-image", "SimpleITK", "opencv-python-headless", "pandas", "SQLAlchemy",
    "matplotlib", "Jinja2", "python-gdcm", "pyjpegls", "pylibjpeg-openjpeg", "pylibjpeg-rle",
)  # fmt: skip
"""Distributions whose version can change a result or decide whether a file opens."""


class Check(NamedTuple):
    """One thing looked at."""

    name: str
    ok: bool
    found: str
    advice: str = ""
    optional: bool = False


def versions() -> dict[str, str]:
    """Versions of the program and of everything that can change a number."""
    found = {"calcmeasure": __version__, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    return found | {name: _version(name) or "missing" for name in REPORTED}


def examine() -> list[Check]:
    """Look at the installation."""
    checks = [
        Check("calcmeasure", ok=True, found=__version__),
        Check("python", ok=True, found=platform.python_version()),
    ]
    checks += [_package(name, optional=False) for name in REPORTED]
    checks += [_package("napari", optional=True), _package("PyQt6", optional=True)]
    checks += _codecs()
    checks.append(Check("sqlite", ok=True, found=sqlite3.sqlite_version))
    checks.append(_display())
    return checks


def _package(name: str, *, optional: bool) -> Check:
    found = _version(name)
    advice = "pip install 'calcmeasure[napari]'" if optional else f"pip install {name}"
    return Check(name, ok=found is not None, found=found or "-", advice=advice, optional=optional)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _codecs() -> list[Check]:
    from calcmeasure.dicom.codecs import available_codecs

    return [
        Check(f"codec {name}", ok=bool(decoder), found=decoder or "-", advice="pip install calcmeasure")
        for name, decoder in available_codecs().items()
    ]


def _display() -> Check:
    name = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
    return Check("display", ok=bool(name), found=name or "-", advice="for the viewer: xvfb-run -a", optional=True)
