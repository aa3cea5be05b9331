"""Colours: readable by WCAG AA, the same in the manifest, and in our window only."""

from __future__ import annotations

import pytest

pytest.importorskip("napari")

from napari.components import ViewerModel
from napari.settings import get_settings
from npe2 import PluginManifest

from napari_calcmeasure.widgets import theme
from napari_calcmeasure.widgets.theme import contrast_ratio

AA_TEXT, AA_GRAPHICS = 4.5, 3.0
BEHIND_TEXT = ("BACKGROUND", "FOREGROUND", "PRIMARY", "HIGHLIGHT", "CURRENT", "CANVAS")


@pytest.mark.parametrize(("one", "ratio"), [("#ffffff", 21.0), ("#777777", 4.69), ("#000000", 1.0)])
def test_contrast_is_wcags(one, ratio):
    assert contrast_ratio(one, "#000000") == pytest.approx(ratio, abs=0.01)
    assert contrast_ratio("#000000", one) == contrast_ratio(one, "#000000")


@pytest.mark.parametrize("behind", BEHIND_TEXT)
def test_text_is_readable(behind):
    assert contrast_ratio(theme.TEXT, getattr(theme, behind)) >= AA_TEXT


@pytest.mark.parametrize("behind", ["BACKGROUND", "FOREGROUND"])
@pytest.mark.parametrize("colour", ["QUIET_TEXT", "VERMILION", "SKY", "AMBER"])
def test_coloured_text_is_readable(colour, behind):
    assert contrast_ratio(getattr(theme, colour), getattr(theme, behind)) >= AA_TEXT


@pytest.mark.parametrize("behind", ["BACKGROUND", "PRIMARY", "CURRENT"])
def test_the_ring_of_the_focus_is_seen(behind):
    assert contrast_ratio(theme.AMBER, getattr(theme, behind)) >= AA_GRAPHICS


def test_the_manifest_has_the_same_colours():
    manifest = PluginManifest.from_distribution("calcmeasure")
    (listed,) = manifest.contributions.themes
    assert listed.id == theme.THEME_ID
    colours = {name: colour.as_hex(format="long") for name, colour in listed.colors if colour is not None}
    assert colours == theme.COLOURS


def test_only_one_viewer_is_dressed():
    before = get_settings().appearance.theme
    ours, other = ViewerModel(), ViewerModel()
    theme.dress(ours)
    assert ours.theme == theme.THEME_ID
    assert other.theme == before
    assert get_settings().appearance.theme == before
    theme.dress(ours)
