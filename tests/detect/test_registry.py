"""Detectors by name, with patched entry points."""

from __future__ import annotations

import logging
from importlib.metadata import EntryPoint

import pytest

from calcmeasure.detect import registry
from calcmeasure.detect.registry import CALCIFICATIONS, DEFAULT_DETECTORS, LESIONS, available_detectors, load_detector
from calcmeasure.errors import DetectorError, ErrorCode

POINTS = (
    EntryPoint("calcifications.good", "math:sqrt", registry.GROUP),
    EntryPoint("calcifications.also-good", "math:floor", registry.GROUP),
    EntryPoint("calcifications.broken", "no_such_package_at_all:detect", registry.GROUP),
    EntryPoint("calcifications.no-attribute", "math:no_such_name", registry.GROUP),
    EntryPoint("calcifications.not-callable", "math:pi", registry.GROUP),
    EntryPoint("lesions.good", "math:ceil", registry.GROUP),
)


@pytest.fixture(autouse=True)
def _patched(monkeypatch: pytest.MonkeyPatch):
    load_detector.cache_clear()
    monkeypatch.setattr(registry, "entry_points", lambda *, group: [p for p in POINTS if p.group == group])
    yield
    load_detector.cache_clear()


def test_a_detector_is_found_by_kind_and_name():
    import math

    assert load_detector("good", kind=CALCIFICATIONS) is math.sqrt
    assert load_detector("good", kind=LESIONS) is math.ceil


def test_a_detector_is_loaded_once(monkeypatch: pytest.MonkeyPatch):
    first = load_detector("good", kind=CALCIFICATIONS)
    monkeypatch.setattr(registry, "entry_points", lambda *, group: [])
    assert load_detector("good", kind=CALCIFICATIONS) is first


@pytest.mark.parametrize("name", ["unheard-of", "broken", "no-attribute", "not-callable", "", "calcifications.good"])
def test_an_unusable_name_is_refused_with_what_is_available(name: str):
    with pytest.raises(DetectorError, match="also-good, good") as caught:
        load_detector(name, kind=CALCIFICATIONS)
    assert caught.value.code is ErrorCode.DETECTOR_UNKNOWN
    assert "not-callable," not in str(caught.value)


def test_a_failing_plugin_is_logged_and_the_others_stay(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        assert available_detectors(CALCIFICATIONS) == ("also-good", "good")
    assert "calcifications.broken" in caplog.text
    assert "ModuleNotFoundError" in caplog.text


def test_an_unknown_kind_has_no_detectors():
    assert available_detectors("ultrasound") == ()
    with pytest.raises(DetectorError, match="available: none"):
        load_detector("good", kind="ultrasound")


def test_the_defaults_name_every_kind():
    assert set(DEFAULT_DETECTORS) == {CALCIFICATIONS, LESIONS}


def test_the_default_calcification_detector_is_registered(monkeypatch: pytest.MonkeyPatch):
    from importlib.metadata import entry_points

    from calcmeasure.detect.calcifications.detector import detect_calcifications

    monkeypatch.setattr(registry, "entry_points", entry_points)
    load_detector.cache_clear()
    assert load_detector(DEFAULT_DETECTORS[CALCIFICATIONS], kind=CALCIFICATIONS) is detect_calcifications
