"""Fixtures of the plugin's tests."""

from __future__ import annotations

import pytest

pytest.importorskip("napari")

from calcmeasure.dicom.index import index_folder
from plugin import examinations


@pytest.fixture(autouse=True)
def unrehearsed(monkeypatch):
    """Windows of tests do not get ready for what nobody asks them: that takes seconds each."""
    monkeypatch.setattr("napari_calcmeasure.rehearsal.rehearse", lambda _progress, *, beside: None)


@pytest.fixture(scope="session")
def cohort(tmp_path_factory):
    return examinations.write_cohort(tmp_path_factory.mktemp("cohort"))


@pytest.fixture(scope="session")
def index(cohort):
    return index_folder([cohort])


@pytest.fixture(scope="session")
def exam(index):
    """Mammograms of the first patient's first visit."""
    return next(study for study in index.patients[0].studies if study.mammograms)


@pytest.fixture(scope="session")
def dynamic(index):
    return next(s for study in index.patients[0].studies for s in study.dynamic_series)
