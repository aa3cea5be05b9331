"""The window of ``calcmeasure view``: napari with the case list docked and the first patient hung."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from calcmeasure.errors import CalcMeasureError, ErrorCode, OutputError

if TYPE_CHECKING:
    import napari

    from napari_calcmeasure.widgets.case_list import CaseListWidget

WINDOW = (1560, 960)
SCREEN = "-screen 0 1600x1000x24"
INPUT_REFUSED = 3
"""Exit code of the command line when there is nothing to show."""


def open_viewer(source: Path | None, *, screenshot: Path | None = None, results: Path | None = None) -> int:
    """Open napari on a folder.

    Parameters
    ----------
    source
        Folder or file with DICOM; None for an empty case list.
    screenshot
        PNG to save the whole window into, instead of staying open. Without a screen a virtual one is used (Xvfb).
    results
        Store, or output folder of a run, whose measurements are drawn.

    Returns
    -------
    int
        Exit code: 0, or 3 when there was nothing to show.

    Raises
    ------
    CalcMeasureError
        ``E_NO_SCREEN`` when there is neither a screen nor Xvfb.
    OutputError
        When the picture cannot be written.
    """
    if not _has_screen():
        return _on_virtual_screen(source, screenshot=screenshot, results=results)
    import napari

    viewer, cases = build_window(source, results=results)
    if screenshot is None:
        napari.run()
        return 0
    save_window(viewer, screenshot)
    shown = source is None or cases.session.shown is not None
    if not shown:
        print(cases.details.text(), file=sys.stderr)  # noqa: T201
    viewer.close()
    return 0 if shown else INPUT_REFUSED


def build_window(source: Path | None, *, results: Path | None = None) -> tuple[napari.Viewer, CaseListWidget]:
    """Make the window with the case list docked; `source` and `results` as for `open_viewer`."""
    import napari

    from napari_calcmeasure.widgets.case_list import CaseListWidget

    viewer = napari.Viewer(title="calcmeasure")
    viewer.window.resize(*WINDOW)
    cases = CaseListWidget(viewer)
    viewer.window.add_dock_widget(cases, name="Case list", area="right")
    _settle()
    if source is not None and cases.open_folder(source) and results is not None:
        cases.open_results(results)
    viewer.reset_view()
    return viewer, cases


def save_window(viewer: napari.Viewer, path: Path) -> None:
    """Save a picture of the whole window.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    _settle()
    viewer.reset_view()
    _settle()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        viewer.screenshot(str(path), canvas_only=False, flash=False)
    except OSError as error:
        raise OutputError(f"the picture cannot be written: {error.strerror or error}") from error


def _settle() -> None:
    """Let Qt lay out and paint: a picture taken before is black."""
    from qtpy.QtWidgets import QApplication

    for _ in range(25):
        QApplication.processEvents()


def _has_screen() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _on_virtual_screen(source: Path | None, *, screenshot: Path | None, results: Path | None) -> int:
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
    paths = ["" if path is None else str(path) for path in (source, screenshot, results)]
    command = [launcher, "-a", "-s", SCREEN, sys.executable, "-c", _SCRIPT, *paths]
    return subprocess.run(command, check=False).returncode


_SCRIPT = """
import sys
from pathlib import Path
from napari_calcmeasure.widgets.window import open_viewer
source, screenshot, results = (Path(path) if path else None for path in sys.argv[1:])
sys.exit(open_viewer(source, screenshot=screenshot, results=results))
"""
