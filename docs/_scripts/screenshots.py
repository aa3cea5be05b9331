"""Makes the pictures of the documentation: reads the synthetic patient CM-0001 in the real window, like the tutorial.

Usage: ``./run screenshots``. Every key is pressed and every point clicked as the tutorial says, so a step that has
stopped working is noticed here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from camera import Camera
from qtpy.QtWidgets import QDialog
from reader_hand import ReaderHand, answering

from calcmeasure.terms import Distribution, Modality, Morphology
from napari_calcmeasure.display.panel import Panel
from napari_calcmeasure.reading.setup import ReadingSetup
from napari_calcmeasure.widgets.window import build_window

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGES = REPOSITORY / "docs" / "images"
SAMPLES, READER = "sample_dicom", "mk"
CC_ENDS = ((472.7, 91.8), (371.2, 542.9))
"""The outermost calcifications of L-CC at baseline, in pixels of the stored image."""
CC_END_MOVED = (371.2, 580.0)
MLO_OUTERMOST = (532.5, 92.0)
BREAST = (300.0, 300.0)
"""A place on every mammogram without a drawing."""
LESION = (47.0, 125.0)
BESIDE_LESION = (43.0, 142.0)
EMPTY_BREAST = (40.0, 40.0)

PICTURES = (
    "open.png",
    "extent.png",
    "room.png",
    "single.png",
    "dynamic.png",
    "phase.png",
    "lesion.png",
    "sagittal.png",
    "prior.png",
    "compare.png",
    "dialog-link.png",
    "followup-mr.png",
    "answers.png",
    "dialog-reason.png",
    "dialog-export.png",
    "case-list.png",
    "dialog-restore.png",
)
"""In the order they are made."""


class Reading:
    """The steps of the tutorial, each with its pictures.

    Parameters
    ----------
    hand
        On an open window.
    scratch
        Folder for what lasts only as long as the script.
    """

    def __init__(self, hand: ReaderHand, scratch: Path) -> None:
        self.hand, self.room, self._scratch = hand, hand.room, scratch
        self._camera = Camera(hand, images=IMAGES, scratch=scratch)

    # -- the reading, step by step -------------------------------------------------------------------------------------

    def open_the_room(self) -> None:
        """Look at what hangs by itself."""
        self._camera.window("open.png")

    def measure_calcifications(self) -> None:
        """Draw one extent, have the other found and corrected, say that the right side has none."""
        hand = self.hand
        hand.press("extent")
        hand.drag(hand.panel("L-CC"), *CC_ENDS)
        hand.press("navigate")
        self._camera.window("extent.png")
        hand.click(hand.panel("L-MLO"), BREAST)
        hand.press("auto_detect")
        hand.press("marks")
        hand.click(hand.panel("L-MLO"), MLO_OUTERMOST, shift=True)
        hand.press("undo")
        hand.press("navigate")
        self._say_nothing_left()
        self._select("L-MLO")
        self._describe()
        self._camera.window("room.png")

    def look_closely(self) -> None:
        """Look at one view pixel for pixel."""
        hand = self.hand
        hand.double_click(hand.panel("L-CC"), BREAST)
        hand.press("original_pixels")
        self._camera.window("single.png")
        hand.press("invert", times=2)
        hand.press("fit")
        hand.double_click(hand.panel("L-CC"), BREAST)

    def read_dynamic(self) -> None:
        """Look at the dynamic series, choose a phase, segment the lesion."""
        hand = self.hand
        hand.press("next_item")
        hand.point_at(self._subtraction(), (self._slice(), *LESION))
        self._camera.window("dynamic.png")
        self._choose_phase(2)
        hand.point_at(self._subtraction(), (self._slice(), *LESION))
        self._camera.part("phase.png", self.room.kinetics)
        self._choose_phase(0)
        hand.press("seed")
        hand.click(self._subtraction(), (self._slice(), *LESION))
        hand.press("larger", times=2)
        hand.press("smaller", times=2)
        self._go_to_selected()
        hand.press("brush")
        hand.drag(self._subtraction(), (self._slice(), *LESION), (self._slice(), *BESIDE_LESION))
        hand.press("undo")
        hand.press("navigate")
        hand.point_at(self._subtraction(), (self._slice(), *LESION))
        self._camera.window("lesion.png")
        hand.press("next_hanging", times=2)
        hand.slide_to(self._subtraction(), (0.0, *LESION))
        self._camera.window("sagittal.png")
        hand.press("previous_hanging", times=2)

    def follow_up(self) -> None:
        """Measure the follow-up beside the baseline, and link it."""
        hand = self.hand
        hand.press("next_item")
        hand.press("next_hanging", times=3)
        for words in ("L-CC", "L-MLO"):
            hand.click(self._current(words), BREAST)
            hand.press("auto_detect")
        self._say_nothing_left()
        self._select("L-CC", timepoint="followup-1")
        self._camera.window("prior.png")
        hand.press("next_hanging", times=2)
        hand.press("prior_marks")
        self._camera.window("compare.png")
        hand.press("prior_marks")
        hand.press_with_dialog("link", self._camera.accepting("dialog-link.png"))
        hand.press("next_item")
        hand.click(self._subtraction(), (self._slice(), *EMPTY_BREAST))
        hand.press("auto_detect")
        hand.press("previous_hanging")
        self._select_mr("followup-1")
        self._camera.window("followup-mr.png")
        hand.press("next_hanging")

    def see_the_answer(self) -> None:
        """Look at the response of the calcifications."""
        table = self.room.response.table
        rows = [table.topLevelItem(place) for place in range(table.topLevelItemCount())]
        table.setCurrentItem(next(row for row in rows if row.text(0).startswith("L calcifications")))
        self.room.answers.setSizes([720, 240])
        self.hand.wait()
        self._camera.part("answers.png", self.room.answers)

    def sign_and_export(self) -> None:
        """Sign, change a signed value, export, go on to the next patient."""
        hand = self.hand
        hand.press("sign")
        self._select("L-CC", timepoint="baseline")
        hand.press("extent")
        hand.drag(hand.panel("L-CC"), CC_ENDS[1], CC_END_MOVED)
        hand.press("navigate")
        hand.press_with_dialog("sign", self._giving_a_reason)
        hand.press_with_dialog("export", self._exporting)
        hand.press("next_patient")
        self._camera.part("case-list.png", self.room.cases)

    def leave_unsigned(self) -> None:
        """Draw in the next patient and close the window without signing."""
        hand = self.hand
        hand.click(hand.panel("R-CC"), BREAST)
        hand.press("auto_detect")

    # -- answers to questions ------------------------------------------------------------------------------------------

    def _giving_a_reason(self, dialog: QDialog) -> None:
        dialog.choices[0].click()
        self._camera.accepting("dialog-reason.png")(dialog)

    def _exporting(self, dialog: QDialog) -> None:
        dialog.field.setText("export")
        self._camera.dialog("dialog-export.png", dialog)
        dialog.field.setText(str(self._scratch / "export"))
        dialog.accept()

    # -- finding things ------------------------------------------------------------------------------------------------

    def _subtraction(self) -> Panel:
        return self.hand.panel("early − pre")

    def _slice(self) -> float:
        """Slice of the current volume that is seen."""
        dims, panel = self.hand.viewer.dims, self._subtraction()
        return panel.placement.to_pixel(tuple(dims.point[-3:]))[0]

    def _current(self, words: str) -> Panel:
        panels = self.room.stage.canvas.visible_panels
        return next(one for one in panels if words in one.caption and not one.is_prior)

    def _say_nothing_left(self) -> None:
        for words in ("R-CC", "R-MLO"):
            self.hand.click(self._current(words), BREAST)
            self.hand.press("nothing_left")

    def _select(self, view: str, *, timepoint: str = "baseline") -> None:
        """Click a row of the list "On the desk"."""
        findings = self.room.session.desk.reading.findings
        mine = (one for one in findings if f"{one.annotation.laterality}-{one.annotation.view}" == view)
        self.room.go_to(next(one.key for one in mine if one.annotation.timepoint == timepoint))
        self.hand.wait()

    def _select_mr(self, timepoint: str) -> None:
        findings = self.room.session.desk.reading.findings
        mine = (one for one in findings if one.annotation.modality is Modality.MR)
        self.room.go_to(next(one.key for one in mine if one.annotation.timepoint == timepoint))
        self.hand.wait()

    def _go_to_selected(self) -> None:
        self.room.go_to(self.room.session.desk.reading.selected)
        self.hand.wait()

    def _describe(self) -> None:
        self.room.session.desk.describe(morphology=Morphology.FINE_PLEOMORPHIC, distribution=Distribution.SEGMENTAL)
        self.hand.wait()

    def _choose_phase(self, row: int) -> None:
        box = self.room.kinetics.phase_box
        box.setCurrentIndex(row)
        box.activated.emit(row)
        self.hand.wait()


def read_patient(scratch: Path) -> None:
    """Read the first patient, and leave something unsigned in the second."""
    hand = open_window(scratch)
    at_work = Reading(hand, scratch)
    at_work.open_the_room()
    at_work.measure_calcifications()
    at_work.look_closely()
    at_work.read_dynamic()
    at_work.follow_up()
    at_work.see_the_answer()
    at_work.sign_and_export()
    at_work.leave_unsigned()


def start_again(scratch: Path) -> None:
    """Open the window on the store that the first one left."""
    hand = open_window(scratch)
    camera = Camera(hand, images=IMAGES, scratch=scratch)
    with answering(camera.accepting("dialog-restore.png")):
        hand.room.welcome()


def open_window(scratch: Path) -> ReaderHand:
    """Open the window as `calcmeasure view sample_dicom --store ... --reader mk` does."""
    setup = ReadingSetup(scratch / "reading.sqlite", READER)
    return ReaderHand(*build_window(REPOSITORY / SAMPLES, setup=setup))


PARTS = {"read": read_patient, "restart": start_again}


def main() -> int:
    """Make all pictures; each part in a process of its own, since a draft belongs to the process that wrote it.

    Returns
    -------
    int
        Exit code: 1 when a picture was not made.
    """
    if len(sys.argv) > 1:
        PARTS[sys.argv[1]](Path(sys.argv[2]))
        os._exit(0)  # as a crash would: nothing is put in order at the end
    IMAGES.mkdir(exist_ok=True)
    began = time.time()
    with tempfile.TemporaryDirectory() as folder:
        places = {"XDG_DATA_HOME": f"{folder}/data", "XDG_CONFIG_HOME": f"{folder}/config"}
        for part in PARTS:
            subprocess.run([sys.executable, __file__, part, folder], check=False, env=os.environ | places)
    paths = [IMAGES / name for name in PICTURES]
    missing = [path.name for path in paths if not path.is_file() or path.stat().st_mtime < began]
    sys.stderr.write(f"not made: {', '.join(missing)}\n" if missing else "")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
