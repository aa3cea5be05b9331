"""Taking over by key: the finding under the cursor, as long as the cursor is on the image that is meant."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("napari")

from napari_calcmeasure.reading.adoption import WHICH_ONE
from napari_calcmeasure.reading.records import Records
from napari_calcmeasure.readings import Readings
from napari_calcmeasure.session import Session
from napari_calcmeasure.widgets.measure_actions import MeasureActions
from plugin.sessions import draw_line


class Hovered:
    """The signal of a stage: hands every cursor on to who listens."""

    def connect(self, listener):
        self.emit = listener


@pytest.fixture
def consensus(cohort, tmp_path):
    store = tmp_path / "measurements.sqlite"
    for reader, column in (("mk", 5.0), ("jb", 30.0)):
        session = Session(Readings(Records(store, reader=reader)))
        session.open_folder(cohort)
        draw_line(session, points=((20.0, column), (40.0, column)))
        assert session.readings.sign()
    session = Session(Readings(Records(store, reader="consensus")))
    session.open_folder(cohort)
    return session


def test_the_finding_under_the_cursor_is_taken_over(consensus):
    panel, other = consensus.hanging.panels[:2]
    stage = SimpleNamespace(hovered=Hovered(), active=panel)
    take_over = MeasureActions(stage, consensus, parent=None, on_found=print).table()["take_over"]
    stage.hovered.emit(other, (30.0, 6.0))
    take_over()
    assert consensus.desk.message == WHICH_ONE
    stage.hovered.emit(panel, (30.0, 6.0))
    take_over()
    (finding,) = consensus.desk.reading.findings
    assert finding.annotation.points[0] == (20.0, 5.0)
    consensus.desk.undo()
    assert consensus.desk.reading.findings == ()
