"""Windows with a reader in front of them, on a copy of two sample patients."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytest.importorskip("napari")

from plugin.gui.mouse import has_xdotool
from plugin.gui.reader import Reader

SAMPLE = Path(__file__).parents[3] / "sample_dicom"


@pytest.fixture(autouse=True)
def real_pointer():
    """Without a pointer to move there is nobody to read."""
    if not has_xdotool():
        pytest.skip("needs xdotool and an X display: apt-get install xdotool xvfb")


@pytest.fixture(scope="session", autouse=True)
def own_home(tmp_path_factory):
    """No test may read or write this user's own readings and preferences."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name)))
        yield


@pytest.fixture(scope="session")
def patients(tmp_path_factory):
    folder = tmp_path_factory.mktemp("patients")
    for name in ("CM-0001", "CM-0004"):
        shutil.copytree(SAMPLE / name, folder / name)
    return folder


@pytest.fixture
def sit_down(qapp):
    """Open a window and give the reader before it; all are closed at the end."""
    readers = []

    def sit(*args, **setup):
        readers.append(Reader(*args, **setup))
        return readers[-1]

    yield sit
    for reader in readers:
        reader.close()
