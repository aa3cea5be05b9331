from __future__ import annotations

import importlib
import subprocess
import sys
from importlib.metadata import entry_points

import pytest
from npe2 import PluginManifest


@pytest.fixture(scope="module")
def manifest():
    return PluginManifest.from_distribution("calcmeasure")


def test_name_is_the_distributions_and_commands_start_with_it(manifest):
    # With another name napari does not show the plugin at all.
    assert manifest.name == "calcmeasure"
    assert all(command.id.startswith("calcmeasure.") for command in manifest.contributions.commands)


def test_every_command_points_to_something_callable(manifest):
    manifest.validate_imports()
    for command in manifest.contributions.commands:
        module, _, name = command.python_name.partition(":")
        assert callable(getattr(importlib.import_module(module), name))


def test_every_contribution_names_a_known_command(manifest):
    known = {command.id for command in manifest.contributions.commands}
    parts = (manifest.contributions.readers, manifest.contributions.widgets, manifest.contributions.sample_data)
    used = [one.command for part in parts for one in part]
    assert set(used) <= known
    assert len(used) == 4


def test_reader_claims_dicom_names_and_folders_only(manifest):
    (reader,) = manifest.contributions.readers
    assert reader.accepts_directories
    assert "*" not in reader.filename_patterns
    assert "*.dcm" in reader.filename_patterns


def test_the_command_line_finds_the_viewer():
    (viewer,) = entry_points(group="calcmeasure.viewers")
    assert viewer.value == "napari_calcmeasure.widgets.window:open_viewer"
    assert callable(viewer.load())


@pytest.mark.parametrize("module", ["reader", "samples", "keys", "cases", "widgets.window", "widgets.entrance"])
def test_importing_the_plugin_is_light(module):
    """No napari, Qt, pydicom or compiled kernels until there is something to show."""
    code = f"import sys, napari_calcmeasure.{module}; print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"napari", "qtpy", "pydicom", "numba", "sqlalchemy", "pandas"}.isdisjoint(loaded)
