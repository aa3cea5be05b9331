"""The reading room: case list and display on the left, measuring on the right, answers below, images between."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import QDockWidget, QFileDialog, QMainWindow, QPushButton, QSplitter, QVBoxLayout, QWidget

from calcmeasure.errors import CalcMeasureError
from calcmeasure.terms import Laterality
from napari_calcmeasure import rehearsal
from napari_calcmeasure.detection import Searches
from napari_calcmeasure.display.decoded import DecodedImages
from napari_calcmeasure.display.hanging import Look, Pictures, look_at
from napari_calcmeasure.display.panel import Panel
from napari_calcmeasure.jobs import SideProcess
from napari_calcmeasure.reading.preferences import remember
from napari_calcmeasure.reading.records import Records
from napari_calcmeasure.readings import Readings
from napari_calcmeasure.session import Session
from napari_calcmeasure.widgets.case_tree import CaseTree
from napari_calcmeasure.widgets.display_panel import DisplayPanel
from napari_calcmeasure.widgets.entrance import offer_drafts, usual_criteria, usual_readings
from napari_calcmeasure.widgets.keyboard import bind, catch_window_keys
from napari_calcmeasure.widgets.kinetics_panel import KineticsPanel
from napari_calcmeasure.widgets.look_actions import LookActions
from napari_calcmeasure.widgets.measure_actions import MeasureActions
from napari_calcmeasure.widgets.measure_panel import MeasurePanel
from napari_calcmeasure.widgets.mirror import Mirror
from napari_calcmeasure.widgets.response_panel import ResponsePanel
from napari_calcmeasure.widgets.stage import Stage
from napari_calcmeasure.widgets.status import StatusLine
from napari_calcmeasure.widgets.theme import dress
from napari_calcmeasure.widgets.timeline import Timeline
from napari_calcmeasure.widgets.warm_up import LayingIn, spare_the_collector
from napari_calcmeasure.widgets.workers import ThreadRunner

if TYPE_CHECKING:
    import napari

NAPARI_DOCKS = ("layer list", "layer controls")
"""Docks of napari that a reading does not need; the Window menu brings them back."""
LEFT_WIDTH, RIGHT_WIDTH, BELOW_HEIGHT, TIMELINE_WIDTH = 330, 370, 210, 320
ASKING = ("sign", "export", "link", "not_measurable")
"""Actions that may ask a question and wait for the answer."""


class ReadingRoom(QWidget):
    """The left-hand dock; makes the right-hand and the lower one itself.

    Parameters
    ----------
    napari_viewer
        Filled in by napari.
    records
        Where readings are kept; None for this user's own store, as from napari's Plugins menu.
    seed
        Shuffles the case list.
    """

    def __init__(
        self, napari_viewer: napari.Viewer, *, records: Records | None = None, seed: int | None = None
    ) -> None:
        super().__init__()
        self.viewer = napari_viewer
        self.runner = ThreadRunner(lambda _running: self.mirror.show_jobs(), is_still=lambda: self._is_still)
        self.decoding, self.searching = SideProcess(), SideProcess()
        self.session = Session(
            Readings(records) if records else usual_readings(),
            criteria=usual_criteria(),
            seed=seed,
            runner=self.runner,
            pictures=Pictures(DecodedImages(do_large=self.decoding.do)),
            searches=Searches(self.searching.do),
        )
        self.stage = Stage(napari_viewer, self.session, on_open=self._open_alone, beside=lambda: self)
        self.cases, self.display, self.status = CaseTree(), DisplayPanel(), StatusLine()
        self.measure, self.kinetics = MeasurePanel(), KineticsPanel()
        self.response, self.timeline = ResponsePanel(self.session.criteria), Timeline()
        self.look = LookActions(napari_viewer, self.stage, self.session)
        self.hand_work = MeasureActions(self.stage, self.session, parent=self, on_found=self.go_to)
        looks = {name: self._then_shown(look) for name, look in self.look.table().items()}
        self.actions_by_name = {**looks, **self.hand_work.table(), **self._steps_between_findings()}
        self._is_placed = False
        self.mirror = Mirror(self)
        self._lay_out()
        self._connect()
        spare_the_collector()
        self.laying_in = LayingIn(self.stage)
        ready = partial(rehearsal.rehearse, beside=self.searching.do)
        self.runner.start("Getting ready", ready, done=lambda _none: None, failed=self.session.tell)

    # -- folders -------------------------------------------------------------------------------------------------------

    def open_folder(self, source: Path, *, then: Callable[[], None] | None = None) -> None:
        """Open a folder; an error becomes a sentence below the list."""
        self.session.open_folder(source, then=then)

    def welcome(self) -> None:
        """Ask about what an earlier window left behind."""
        offer_drafts(self.session)

    def ask_folder(self) -> None:
        """Ask for a folder and open it."""
        chosen = QFileDialog.getExistingDirectory(self, "Folder with DICOM")
        if chosen:
            self.open_folder(Path(chosen), then=self.welcome)

    def act(self, name: str) -> None:
        """Do what a button or key says."""
        self.actions_by_name[name]()

    @property
    def is_settled(self) -> bool:
        """Whether nothing loads, waits to be drawn or waits to be shown: for pictures and tests."""
        return self._is_still and not any(job.words for job in self.runner.running)

    @property
    def _is_still(self) -> bool:
        """Whether nothing waits to be drawn or shown."""
        return self.stage.is_settled and self.mirror.is_settled and self.laying_in.is_done

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """When the window closes: everything unsigned is on disk before it is gone."""
        if event.type() == QEvent.Type.Close:
            self.session.readings.keep_all()
        return bool(super().eventFilter(watched, event))

    def hideEvent(self, event: QHideEvent) -> None:
        """Without the room, keys are napari's own again; when the whole window has gone, so are the drafts."""
        super().hideEvent(event)
        self.keyboard.release()
        if self._is_placed and not self.window().isVisible():
            self._leave()

    def _leave(self) -> None:
        """Let go of the drafts: they are on disk, for this or another window to restore."""
        self.session.readings.keep_all()
        for part in (self.runner, self.stage, self.mirror, self.laying_in):
            part.stop()
        for side in (self.decoding, self.searching):
            side.close()
        if self.session.readings.records is not None:
            self.session.readings.records.close()

    # -- building ------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        open_button = QPushButton("Open folder…")
        open_button.setToolTip("Look through a folder with DICOM; nothing is copied and nothing leaves this computer")
        open_button.clicked.connect(lambda _checked=False: self.ask_folder())
        layout.addWidget(open_button)
        layout.addWidget(self.cases, stretch=3)
        layout.addWidget(self.display, stretch=0)
        layout.addWidget(self.status)
        self.right = QWidget()
        column = QVBoxLayout(self.right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.measure, stretch=2)
        column.addWidget(self.kinetics, stretch=1)
        self.answers = QSplitter()
        self.answers.setAccessibleName("Answers")
        self.answers.addWidget(self.response)
        self.answers.addWidget(self.timeline)
        self.timeline.setMaximumWidth(TIMELINE_WIDTH)
        self.viewer.window.add_dock_widget(self.right, name="Measure", area="right")
        self.viewer.window.add_dock_widget(self.answers, name="Response", area="bottom")
        dress(self.viewer)

    def _connect(self) -> None:
        for panel in (self.cases, self.measure):
            panel.action.connect(self.act)
        self.cases.chosen.connect(self.session.show)
        self.display.protocol_chosen.connect(self._choose_protocol)
        self.display.preset_chosen.connect(self.look.use_preset_named)
        self.display.switched.connect(self._switch)
        self.measure.tool_chosen.connect(self._hold)
        self.measure.described.connect(self._describe)
        self.measure.level_changed.connect(self.hand_work.set_level)
        self.measure.brush_changed.connect(self._set_brush)
        self.measure.sensitivity.moved.connect(self.hand_work.set_sensitivity)
        self.measure.selected.connect(self.go_to)
        self.response.finding_activated.connect(self.go_to)
        self.response.profiles_changed.connect(self._set_criteria)
        self.kinetics.phase_chosen.connect(self.session.choose_phase)
        self.status.cancelled.connect(self.runner.cancel_all)

    def showEvent(self, event: QShowEvent) -> None:
        """Take the keys; in a window for the first time, arrange the docks around the images."""
        super().showEvent(event)
        self.keyboard = bind(self.viewer, {name: _for_key(name, act) for name, act in self.actions_by_name.items()})
        window = self.window()
        if isinstance(window, QMainWindow) and not self._is_placed:
            self._is_placed = True
            window.installEventFilter(self)
            self._arrange(window)
            catch_window_keys(window, self.actions_by_name)

    def _arrange(self, window: QMainWindow) -> None:
        """Hide what a reading does not need, and give the images the room."""
        docks = window.findChildren(QDockWidget)
        for dock in docks:
            if dock.objectName().lower() in NAPARI_DOCKS:
                dock.hide()
        window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        own = {dock.widget(): dock for dock in docks}
        sides = [(own[one], width) for one, width in ((self, LEFT_WIDTH), (self.right, RIGHT_WIDTH)) if one in own]
        window.resizeDocks([dock for dock, _ in sides], [width for _, width in sides], Qt.Orientation.Horizontal)
        if self.answers in own:
            window.resizeDocks([own[self.answers]], [BELOW_HEIGHT], Qt.Orientation.Vertical)

    def _then_shown(self, look: Callable[..., object]) -> Callable[..., None]:
        """Have the display panel follow what a key does to the picture."""

        def act(*held: bool) -> None:
            look(*held)
            self.mirror.show_display()

        return act

    def _steps_between_findings(self) -> dict[str, Callable[[], None]]:
        """Keys that select a finding, and show the slice it lies on."""

        def step(*, backwards: bool) -> None:
            if self.session.desk is not None:
                self.session.desk.select_next(backwards=backwards, among=self.session.readings.visible)
                self.go_to(self.session.desk.reading.selected)

        return {
            "next_finding": lambda: step(backwards=False),
            "previous_finding": lambda: step(backwards=True),
        }

    # -- what the panels ask for ---------------------------------------------------------------------------------------

    def go_to(self, key: str) -> None:
        """Select a finding and show the image it lies on."""
        desk = self.session.desk
        finding = desk.reading.find(key) if desk is not None else None
        if desk is not None and finding is not None:
            desk.select(key)
            self.mirror.go_to(finding)

    def _open_alone(self, panel: Panel) -> None:
        """Show the image that was double-clicked alone; again, and all hang as before."""
        if len(panel.shape) != 2:
            return
        if self.session.look.protocol == look_at(panel).protocol:
            self.session.hang(Look())
        else:
            self.session.hang(look_at(panel))

    def _choose_protocol(self, name: str) -> None:
        chosen = next((look for look in self.session.looks if look.words == name), None)
        self.session.hang(chosen or Look(name))

    def _switch(self, name: str, is_on: bool) -> None:
        if name == "marks_shown":
            self.stage.canvas.show_drawings(visible=is_on)
        else:
            self.act(name)

    def _hold(self, tool: object) -> None:
        if self.session.desk is not None:
            self.session.desk.hold(tool)  # type: ignore[arg-type]

    def _describe(self, descriptors: dict[str, object]) -> None:
        desk = self.session.desk
        if desk is None:
            return
        side = descriptors.pop("laterality", None)
        if side:
            desk.set_side(Laterality(str(side)))
        if descriptors:
            desk.describe(**descriptors)  # type: ignore[arg-type]

    def _set_brush(self, radius_mm: float) -> None:
        self.session.brush_tool.radius_mm = radius_mm

    def _set_criteria(self, names: tuple[str, ...]) -> None:
        self.session.criteria = names
        try:
            remember(criteria=names)
        except CalcMeasureError as error:
            self.session.tell(error)
        self.mirror.request_answers()


def _for_key(name: str, act: Callable[..., object]) -> Callable[..., object]:
    """Let a question wait until the key press is over: the canvas takes no key before, and breaks at the next one."""
    return (lambda: QTimer.singleShot(0, act)) if name in ASKING else act
