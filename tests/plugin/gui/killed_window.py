"""A window killed by the system at a named moment: run as ``python killed_window.py SOURCE STORE MOMENT LOG``."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from calcmeasure.store import database
from napari_calcmeasure.reading.draft_json import reading_from_bytes, reading_to_bytes
from napari_calcmeasure.reading.drafts import drafts_beside
from plugin.gui.reader import Reader
from plugin.reading.test_kill import is_same_work

CORNERS = ((300, 450), (300, 600), (450, 600))


def main(source, store, moment, log):
    reader = Reader(Path(source), Path(store))
    log, drafts = Path(log), drafts_beside(Path(store))
    if moment == "brush":
        reader.press("Shift-PageDown", "B")
        panel = next(one for one in reader.room.stage.canvas.visible_panels if one.target is not None)
        number = reader.viewer.dims.current_step[reader.viewer.dims.order[-3]]
        reader.point(panel, (number, 40, 100))
        reader.hand.press()
        for column in range(101, 125, 3):
            reader.point(panel, (number, 40, column))
        reader.wait_until(lambda: is_kept(reader.reading, drafts), "the stroke in a draft")
        end(log, reader)
    reader.press("O")
    for corner in CORNERS:
        reader.click(reader.panel("R-CC"), corner)
    if moment == "outline":
        end(log, reader)
    reader.press("Enter")
    assert reader.reading.unfinished is None
    reader.press("E")
    reader.drag(reader.panel("L-CC"), (300, 200), (400, 260))
    assert len(reader.reading.findings) == 2
    log.write_bytes(reading_to_bytes(reader.reading))
    insert, rows = database._insert_version, []
    database._insert_version = lambda *a, **k: rows.append(insert(*a, **k)) or (rows[1:] and end(log, reader))
    reader.press("Control-Enter")
    sys.exit(f"not killed: {reader.sentence}")


def is_kept(reading, drafts):
    """Whether what is under the hand is on disk."""
    return any(is_same_work(reading_from_bytes(one.read_bytes()), reading) for one in drafts.glob("*.draft"))


def end(log, reader):
    log.write_bytes(reading_to_bytes(reader.reading))
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
