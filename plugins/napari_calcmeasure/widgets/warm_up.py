"""Makes ready what the first pictures and strokes need: without, the first volume takes seconds."""

from __future__ import annotations

import gc
import string
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from napari_calcmeasure.widgets.ink import CELL_MARKS, blank
from napari_calcmeasure.widgets.rack import SPARE, Place, fill
from napari_calcmeasure.widgets.stage import DONE, Stage
from napari_calcmeasure.widgets.timers import timer

if TYPE_CHECKING:
    from napari.layers import Layer

WANTED = (("image", 4), ("lines", 2), ("marks", 1), (CELL_MARKS, 2))
"""Layers of each use, for four mammograms or a volume in three cells; hangings that need more make more."""
WAIT_MS = 20
"""Until it is seen whether a hanging stands."""
LETTERS = f"{string.digits}{string.ascii_letters}.,:;()/%+-×·–"
"""Of the words beside drawings and above pictures."""
LETTERS_A_PAINT = 8
"""A letter takes some milliseconds when it is written for the first time."""
REHEARSED = {
    "lines": ("",),
    "marks": tuple(LETTERS[at : at + LETTERS_A_PAINT] for at in range(0, len(LETTERS), LETTERS_A_PAINT)),
    CELL_MARKS: ("",),
}
"""Words of the paints that layers of a use have before they are needed."""


class LayingIn:
    """Makes the layers that hangings need, one in each turn of the event loop, while the reader reads the case list.

    Parameters
    ----------
    stage
        They are made for; while it hangs pictures, they wait.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._steps = _lay_in(stage)
        self._timer = timer(self._step, interval_ms=0)
        self._timer.start()

    @property
    def is_done(self) -> bool:
        """Whether all are there."""
        return not self._timer.isActive()

    def stop(self) -> None:
        """Leave it at what is there: the window closes."""
        self._timer.stop()
        gc.unfreeze()

    def _step(self) -> None:
        if self._stage.is_hanging or next(self._steps, DONE) is not DONE:
            self._timer.start(WAIT_MS if self._stage.is_hanging else 0)
        else:
            spare_the_collector()


def spare_the_collector() -> None:
    """Let the collector of garbage skip all that is there now: a whole round of it takes a third of a second.

    What becomes garbage among it is freed only once the window lets go (`LayingIn.stop`).
    """
    gc.collect()
    gc.freeze()


def _lay_in(stage: Stage) -> Iterator[None]:
    yield from _lay_in_cells(stage)
    rack = stage.canvas.rack
    for use, wanted in WANTED:
        while len(rack.of(use)) < wanted:
            rack.lay_in(use, blank(use, Place(), name=SPARE))
            yield
    for use, parts in REHEARSED.items():
        for place, layer in enumerate(rack.of(use)):
            # What has been written once beside one layer is known to all.
            for words in parts if place == 0 else parts[:1]:
                if not stage.canvas.has_cells and not len(layer.data):
                    rehearse(layer, words, paint=stage.stillness.paint_unseen)
                    yield


def _lay_in_cells(stage: Stage) -> Iterator[None]:
    canvas = stage.canvas
    if not canvas.rack.of("image"):
        canvas.rack.lay_in("image", blank("image", Place(), name=SPARE))
        yield
    if canvas.is_blank:
        canvas.cells.lay_in(canvas.rack.of("image")[0])
        yield
    if not canvas.has_cells:
        yield from canvas.cells.lay_in_bar(paint=stage.stillness.paint_unseen)


def rehearse(layer: Layer, words: str, *, paint: Callable[[], None]) -> None:
    """Paint a layer once where nobody sees it: the first paint builds its shaders and writes new letters.

    Parameters
    ----------
    layer
        Of lines, or of marks with words beside them; empty, before and after.
    words
        Written beside a mark.
    paint
        Paints the canvas beside the screen.
    """
    was_visible = layer.visible
    fill(layer, np.zeros((1, *layer.data.shape[1:])))
    if words:
        layer.features = {"words": [words]}
    layer.visible = True
    paint()
    layer.visible = was_visible
    fill(layer, np.empty((0, *layer.data.shape[1:])))
