"""Making ready: a layer is painted once, unseen, and is then as it was."""

from __future__ import annotations

import pytest
from napari.components import ViewerModel

from napari_calcmeasure.widgets.ink import blank
from napari_calcmeasure.widgets.rack import Place, Rack
from napari_calcmeasure.widgets.warm_up import LETTERS, REHEARSED, rehearse


@pytest.mark.parametrize("use", list(REHEARSED))
@pytest.mark.parametrize("was_visible", [False, True])
def test_a_layer_is_painted_with_something_on_it_and_left_empty(use, was_visible):
    rack = Rack(ViewerModel())
    rack.lay_in(use, blank(use, Place(), name="spare"))
    (layer,) = rack.of(use)
    layer.visible = was_visible
    painted = []
    for words in REHEARSED[use]:
        rehearse(
            layer,
            words,
            paint=lambda: painted.append((layer.visible, len(layer.data), *layer.features.get("words", []))),
        )
    assert [part[:2] for part in painted] == [(True, 1)] * len(REHEARSED[use])
    assert ["".join(word or "" for word in part[2:]) for part in painted] == list(REHEARSED[use])
    assert len(layer.data) == 0
    assert layer.visible is was_visible


def test_every_letter_is_written_once():
    assert "".join(REHEARSED["marks"]) == LETTERS
    assert len(set(LETTERS)) == len(LETTERS)
