"""What is installed: names that can change a number, what is missing, and advice for it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError

import pytest

from calcmeasure import __version__
from calcmeasure.cli import doctor
from calcmeasure.cli.doctor import REPORTED, Check, examine, versions


def without(*missing):
    """Stand-in for the lookup of installed distributions."""

    def look_up(name):
        if name in missing:
            raise PackageNotFoundError(name)
        return "1.2.3"

    return look_up


def by_name(checks):
    return {check.name: check for check in checks}


def test_versions_of_everything_that_can_change_a_number(monkeypatch):
    monkeypatch.setattr(doctor, "version", without("python-gdcm"))
    found = versions()
    assert list(found)[:3] == ["calcmeasure", "python", "sqlite"]
    assert found["calcmeasure"] == __version__
    assert {name: found[name] for name in REPORTED} == dict.fromkeys(REPORTED, "1.2.3") | {"python-gdcm": "missing"}


@pytest.mark.parametrize(
    ("name", "optional", "advice"),
    [
        ("numpy", False, "pip install numpy"),
        ("opencv-python-headless", False, "pip install opencv-python-headless"),
        ("napari", True, "pip install 'calcmeasure[napari]'"),
        ("PyQt6", True, "pip install 'calcmeasure[napari]'"),
    ],
)
def test_a_missing_package_comes_with_advice(monkeypatch, name, optional, advice):
    monkeypatch.setattr(doctor, "version", without(name))
    checks = by_name(examine())
    assert checks[name] == Check(name, ok=False, found="-", advice=advice, optional=optional)
    assert checks["scipy"].ok
    assert checks["scipy"].found == "1.2.3"


@pytest.mark.parametrize(
    ("wayland", "x11", "found"),
    [(None, ":0", ":0"), ("wayland-1", ":0", "wayland-1"), ("wayland-1", None, "wayland-1"), (None, None, None)],
)
def test_a_display_is_looked_for_but_not_needed(monkeypatch, wayland, x11, found):
    for variable, value in (("WAYLAND_DISPLAY", wayland), ("DISPLAY", x11)):
        monkeypatch.delenv(variable, raising=False)
        if value:
            monkeypatch.setenv(variable, value)
    display = by_name(examine())["display"]
    assert (display.ok, display.found, display.optional) == (found is not None, found or "-", True)
    assert "xvfb-run" in display.advice


def test_a_codec_without_a_decoder_is_missing(monkeypatch):
    monkeypatch.setattr("calcmeasure.dicom.codecs.available_codecs", lambda: {"JPEG 2000": "", "RLE": "own"})
    checks = by_name(examine())
    assert (checks["codec JPEG 2000"].ok, checks["codec JPEG 2000"].found) == (False, "-")
    assert not checks["codec JPEG 2000"].optional
    assert (checks["codec RLE"].ok, checks["codec RLE"].found) == (True, "own")


def test_every_name_is_looked_at_once():
    names = [check.name for check in examine()]
    assert len(names) == len(set(names))
    assert {"calcmeasure", "python", "sqlite", "display", "napari", "PyQt6", *REPORTED} <= set(names)
    assert any(name.startswith("codec ") for name in names)
