"""Names and scale bars: where they stand, whatever of their picture is seen, and in which colours."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.report.palette import INK, PAPER
from napari_calcmeasure.display.captions import EDGE_PX, View, frame_layers
from napari_calcmeasure.display.scale_bars import Area
from plugin.widgets import pictures

PANELS = pictures.pair_hanging().panels
"""Two pictures of 6 × 4 mm."""


def by_name(view=None, panels=PANELS):
    return {keywords["name"]: (data, keywords) for data, keywords, _ in frame_layers(panels, view=view)}


def light(layer):
    """Places and words that are written in the light colour."""
    data, keywords = layer
    chosen = [n for n, colour in enumerate(keywords["text"]["color"]) if colour == PAPER]
    return {keywords["features"]["words"][n]: tuple(data[n]) for n in chosen}


def test_every_word_has_a_dark_edge_all_around():
    layer = by_name(View(Area((0.0, 6.0), (0.0, 8.0)), 100.0))["words lower left"]
    data, keywords = layer
    for words, place in light(layer).items():
        dark = [
            data[n] - place
            for n, (text, colour) in enumerate(
                zip(keywords["features"]["words"], keywords["text"]["color"], strict=True)
            )
            if text == words and colour == INK
        ]
        step = EDGE_PX / 100.0
        assert np.allclose(sorted(map(tuple, dark)), [(-step, -step), (-step, step), (step, -step), (step, step)])
    colours = keywords["text"]["color"]
    assert colours == sorted(colours, key=[INK, PAPER].index), "what is drawn last is seen"


@pytest.mark.parametrize(
    ("area", "corner"),
    [
        (Area((-10.0, 20.0), (-10.0, 20.0)), (-0.05, -0.05)),
        (Area((2.0, 3.0), (1.0, 1.5)), (2.0, 1.0)),
        (Area((50.0, 60.0), (50.0, 60.0)), (-0.05, -0.05)),
    ],
    ids=["all is seen", "a part", "nothing"],
)
def test_a_name_stands_in_the_corner_of_what_is_seen(area, corner):
    panel = pictures.mammogram_panel()
    layers = by_name(View(area, 10.0), [panel])
    assert light(layers["words lower left"])[panel.caption] == pytest.approx(corner)


def test_a_bar_stays_in_what_is_seen_and_says_its_own_length():
    part = Area((2.0, 3.0), (1.0, 2.0))
    layers = by_name(View(part, 500.0), [pictures.mammogram_panel()])
    lines = np.concatenate(layers["scale bars"][0])
    assert part.rows[0] < lines[:, 0].min() < lines[:, 0].max() < part.rows[1]
    assert part.columns[0] < lines[:, 1].min() < lines[:, 1].max() < part.columns[1]
    assert list(light(layers["words upper left"])) == ["0.2 mm"]
    assert np.ptp(lines[:, 1]) == pytest.approx(0.2)
    widths = layers["scale bars"][1]["edge_width"]
    assert min(widths[: len(widths) // 2]) > max(widths[len(widths) // 2 :]), "on a wider dark line"


def test_layers_are_the_same_whatever_is_seen():
    def kinds(view):
        return [(name, len(data)) for name, (data, _) in by_name(view).items()]

    assert (
        kinds(None)
        == kinds(View(Area((2.0, 2.1), (1.0, 1.1)), 5000.0))
        == kinds(View(Area((9.0, 10.0), (0.0, 1.0)), 1.0))
    )


def test_a_view_is_what_the_canvas_holds():
    assert View.around((10.0, 20.0), zoom=2.0, size=(8, 12)) == View(Area((8.0, 12.0), (17.0, 23.0)), 2.0)
