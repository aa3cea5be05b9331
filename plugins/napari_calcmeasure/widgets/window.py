"""The window of ``calcmeasure view``: napari with the reading room docked and the first patient hung."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calcmeasure.errors import CalcMeasureError, ErrorCode, OutputError
from napari_calcmeasure.reading.setup import ReadingSetup, records_of

if TYPE_CHECKING:
    import napari

    from napari_calcmeasure.widgets.room import ReadingRoom

WINDOW = (1720, 1040)
SCREEN = "-screen 0 1760x1080x24"
INPUT_REFUSED = 3
"""Exit code of the command line when there is nothing to show."""
PATIENCE_S = 120.0
"""How long a picture waits for what is loading."""


def open_viewer(source: Path | None, *, screenshot: Path | None = None, **setup: Any) -> int:  # noqa: ANN401
    """Open napari on a folder.

    Parameters
    ----------
    source
        Folder or file with DICOM; None for an empty case list.
    screenshot
        PNG to save the whole window into, instead of staying open. Without a screen a virtual one is used (Xvfb).
    **setup
        Fields of `ReadingSetup`. A picture names no patient unless `shows_ids` asks for it.

    Returns
    -------
    int
        Exit code: 0, or 3 when there was nothing to show.

    Raises
    ------
    CalcMeasureError
        ``E_NO_SCREEN`` when there is neither a screen nor Xvfb; when there is no store where one was named.
    OutputError
        When the picture cannot be written.
    """
    wanted = ReadingSetup(**{"shows_ids": screenshot is None, **setup})
    if not _has_screen():
        return _on_virtual_screen(source, screenshot=screenshot, setup=wanted)
    import napari

    viewer, room = build_window(source, setup=wanted, asks=screenshot is None)
    if screenshot is None:
        napari.run()
        return 0
    save_window(viewer, room, screenshot)
    shown = source is None or room.session.hanging is not None
    if not shown:
        print(room.status.sentence.text(), file=sys.stderr)  # noqa: T201
    viewer.close()
    return 0 if shown else INPUT_REFUSED


def build_window(
    source: Path | None, *, setup: ReadingSetup | None = None, asks: bool = False
) -> tuple[napari.Viewer, ReadingRoom]:
    """Make the window with the reading room docked.

    Parameters
    ----------
    source, setup
        As for `open_viewer`.
    asks
        Whether unsigned work of an earlier window, and a reader who is not known, are asked about.
    """
    import napari

    from napari_calcmeasure.widgets.room import ReadingRoom

    setup = setup or ReadingSetup()
    viewer = napari.Viewer(title="calcmeasure")
    viewer.window.resize(*WINDOW)
    room = ReadingRoom(viewer, records=records_of(setup), seed=setup.seed)
    room.session.shows_ids = setup.shows_ids
    viewer.window.add_dock_widget(room, name="Cases", area="left")
    if source is not None:
        room.open_folder(source, then=room.welcome if asks else None)
    return viewer, room


def save_window(viewer: napari.Viewer, room: ReadingRoom, path: Path) -> None:
    """Save a picture of the whole window once everything stands.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    settle(room)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        viewer.screenshot(str(path), canvas_only=False, flash=False)
    except OSError as error:
        raise OutputError(f"the picture cannot be written: {error.strerror or error}") from error


def settle(room: ReadingRoom) -> None:
    """Let Qt work until nothing loads or waits to be drawn: a picture taken before is black or half done."""
    from qtpy.QtWidgets import QApplication

    deadline = time.monotonic() + PATIENCE_S
    quiet = 0
    while quiet < 25 and time.monotonic() < deadline:
        QApplication.processEvents()
        quiet = quiet + 1 if room.is_settled else 0
        time.sleep(0.002)


def _has_screen() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _on_virtual_screen(source: Path | None, *, screenshot: Path | None, setup: ReadingSetup) -> int:
    """Take the picture in a process of its own under Xvfb; there is nobody to see a window that stays open."""
    if screenshot is None:
        raise CalcMeasureError(
            "there is no screen (DISPLAY is not set); add --screenshot PNG to save a picture of the window instead",
            code=ErrorCode.NO_SCREEN,
        )
    launcher = shutil.which("xvfb-run")
    if launcher is None:
        raise CalcMeasureError(
            "there is no screen (DISPLAY is not set) and no xvfb-run; install it: apt-get install xvfb xauth",
            code=ErrorCode.NO_SCREEN,
        )
    paths = {"source": source, "screenshot": screenshot, "store": setup.store}
    wanted = json.dumps(asdict(setup) | {name: path and str(path) for name, path in paths.items()})
    command = [launcher, "-a", "-s", SCREEN, sys.executable, "-c", _SCRIPT, wanted]
    return subprocess.run(command, check=False).returncode


_SCRIPT = """
import json, sys
from pathlib import Path
from napari_calcmeasure.widgets.window import open_viewer
wanted = json.loads(sys.argv[1])
paths = {name: wanted[name] and Path(wanted[name]) for name in ("source", "screenshot", "store")}
sys.exit(open_viewer(**{**wanted, **paths}))
"""
