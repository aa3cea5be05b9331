"""The time written into rows: UTC, whole seconds, and fixed by SOURCE_DATE_EPOCH."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import pytest

from calcmeasure.store.clock import utc_now


@pytest.mark.parametrize(
    ("epoch", "written"),
    [
        ("0", "1970-01-01T00:00:00Z"),
        ("1582934400", "2020-02-29T00:00:00Z"),
        ("1700000000", "2023-11-14T22:13:20Z"),
        ("4102444799", "2099-12-31T23:59:59Z"),
    ],
)
def test_source_date_epoch_replaces_the_clock(monkeypatch, epoch, written):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    assert utc_now() == written


@pytest.mark.parametrize("epoch", [None, ""])
def test_without_it_the_clock_is_read_in_utc(monkeypatch, epoch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    if epoch is not None:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    written = datetime.strptime(utc_now(), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert abs(written.timestamp() - time.time()) < 60


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/St_Johns"])
def test_the_zone_of_the_machine_does_not_matter(monkeypatch, zone):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert utc_now() == "2023-11-14T22:13:20Z"
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


def test_sorts_as_text(monkeypatch):
    moments = []
    for epoch in (999_999_999, 1_000_000_000, 1_700_000_000):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(epoch))
        moments.append(utc_now())
    assert moments == sorted(moments)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment) for moment in moments)
