"""A window killed by the system at a named moment: run as ``python killed_window.py SOURCE STORE MOMENT LOG``."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from calcmeasure.store import database
from napari_calcmeasure.reading.draft_json import reading_to_bytes
from plugin.gui.mouse import pump
from plugin.gui.reader import Reader

CORNERS = ((300, 450), (300, 600), (450, 600))


def main(source, store, moment, log):
    reader = Reader(Path(source), Path(store))
    log = Path(log)
    if moment == "brush":
        reader.press("Shift-PageDown", "B")
        panel = next(one for one in reader.room.stage.canvas.visible_panels if one.target is not None)
        number = reader.viewer.dims.current_step[reader.viewer.dims.order[-3]]
        reader.point(panel, (number, 40, 100))
        reader.hand.press()
        for column in range(101, 125, 3):
            reader.point(panel, (number, 40, column))
        pump(2.5)
        end(log, reader)
    reader.press("O")
    for corner in CORNERS:
        reader.click(reader.panel("R-CC"), corner)
    if moment == "outline":
        end(log, reader)
    reader.press("Enter")
    wait(lambda: reader.reading.unfinished is None)
    reader.press("E")
    wait(lambda: reader.room.session.desk.tool == "caliper")
    reader.drag(reader.panel("L-CC"), (300, 200), (400, 260))
    wait(lambda: len(reader.reading.findings) == 2)
    log.write_bytes(reading_to_bytes(reader.reading))
    insert, rows = database._insert_version, []
    database._insert_version = lambda *a, **k: rows.append(insert(*a, **k)) or (rows[1:] and end(log, reader))
    reader.press("Control-Enter")
    sys.exit(f"not killed: {reader.sentence}")


def wait(happened):
    """Give a busy machine time to hand over what was pressed."""
    until = time.monotonic() + 10
    while not happened():
        if time.monotonic() > until:
            sys.exit("what was pressed did not arrive")
        pump(0.05)


def end(log, reader):
    log.write_bytes(reading_to_bytes(reader.reading))
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
