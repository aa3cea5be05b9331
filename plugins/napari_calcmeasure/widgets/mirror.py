"""Keeps the panels true to the session: what changes there is shown here, and never the other way round."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from calcmeasure.errors import CalcMeasureError
from calcmeasure.measure.early_phase import EarlyPhase
from calcmeasure.response.criteria import load_profile
from calcmeasure.terms import Modality
from napari_calcmeasure.cases import Item
from napari_calcmeasure.display.drawings import belongs_to
from napari_calcmeasure.display.kinetics import curve_at, curve_of_mask
from napari_calcmeasure.display.labelled_marks import left_out_words
from napari_calcmeasure.display.opening import turned_to
from napari_calcmeasure.display.panel import Panel
from napari_calcmeasure.display.phases import phase_choices, pick_early_phase
from napari_calcmeasure.display.windows import WindowPreset
from napari_calcmeasure.reading.answers import Answers, answers
from napari_calcmeasure.reading.desk import Desk
from napari_calcmeasure.reading.finding import Finding
from napari_calcmeasure.reading.masks import holds
from napari_calcmeasure.reading.timeline import timeline
from napari_calcmeasure.widgets.case_rows import case_rows
from napari_calcmeasure.widgets.display_panel import DisplayState
from napari_calcmeasure.widgets.earlier_lesions import link_words
from napari_calcmeasure.widgets.timers import timer

if TYPE_CHECKING:
    from napari_calcmeasure.widgets.room import ReadingRoom

PANEL_MS, ANSWERS_MS, CURVE_MS, JOBS_MS, KEEP_MS = 40, 150, 100, 100, 1000
"""How long changes are gathered before panels, answers and curve follow; how often jobs and drafts are looked at."""


class Mirror(QObject):
    """Shows the session of a room in its panels."""

    def __init__(self, room: ReadingRoom) -> None:
        super().__init__()
        self._room = room
        self._desk: Desk | None = None
        self._under_cursor: tuple[Panel, tuple[float, ...]] | None = None
        self._waiting_for: Finding | None = None
        self._last: Answers | None = None
        self._panels = timer(self._show_reading, interval_ms=PANEL_MS)
        self._answers = timer(self._show_answers, interval_ms=ANSWERS_MS)
        self._curve = timer(self._show_curve, interval_ms=CURVE_MS)
        self._cases = timer(self._show_cases, interval_ms=ANSWERS_MS)
        self._jobs = timer(self.show_jobs, interval_ms=JOBS_MS, repeats=True)
        self._keeping = timer(room.session.readings.tick, interval_ms=KEEP_MS, repeats=True)
        self._keeping.start()
        self._listen()

    @property
    def is_settled(self) -> bool:
        """Whether every panel is up to date."""
        return not any(one.isActive() for one in (self._panels, self._answers, self._cases, self._curve))

    def stop(self) -> None:
        """Stop looking: the window closes."""
        # At the end of the program Qt may have taken the timers already.
        with suppress(RuntimeError):
            for one in (self._panels, self._answers, self._curve, self._cases, self._jobs, self._keeping):
                one.stop()

    def request_answers(self) -> None:
        """Work the answers out anew, soon."""
        self._answers.start()

    def show_jobs(self) -> None:
        """Show the oldest job's progress, as long as there is one."""
        running = [one for one in self._room.runner.running if one.words]
        if not running:
            self._jobs.stop()
            self._room.status.finish()
            return
        if not self._jobs.isActive():
            self._jobs.start()
        self._room.status.show_progress(running[0].words, running[0].done, total=running[0].total)

    def go_to(self, finding: Finding) -> None:
        """Show the image of a finding: its visit, then its slice."""
        room, annotation = self._room, finding.annotation
        if room.session.case is None:
            return
        is_mr = annotation.modality is Modality.MR
        items = [one for one in room.session.case.items if (one.series is not None) is is_mr]
        visit = [one for one in items if one.timepoint == annotation.timepoint]
        own = (one for one in visit if one.series and annotation.image.series_uid in one.series.series_uids)
        wanted = next(own, next(iter(visit), None))
        self._waiting_for = finding
        hanging = room.stage.canvas.hanging
        hangs = hanging is not None and any(belongs_to(annotation, panel) for panel in hanging.panels)
        if wanted is not None and not hangs and wanted.key != getattr(room.session.shown, "key", ""):
            room.session.show(wanted.key)
        else:
            self._turn_to_slice()

    # -- listening -----------------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        session, readings = self._room.session, self._room.session.readings
        session.events.cases.connect(lambda _cases: self._cases.start())
        session.events.shown.connect(self._show_item)
        session.events.message.connect(self._room.status.say)
        # Keys change the brush, and say so.
        session.events.message.connect(lambda _said: self._room.measure.show_brush(session.brush_tool.radius_mm))
        readings.events.message.connect(self._room.status.say)
        self._room.status.say(readings.message)
        readings.events.desk.connect(self._take_desk)
        readings.events.signed.connect(lambda _signed: self._cases.start())
        self._room.response.row_selected.connect(self._show_timeline)
        # A choice that changes nothing (a side cannot be taken back) must not stay on the panel.
        self._room.measure.described.connect(lambda _said: self._panels.start())
        self._room.stage.hung.connect(self._on_hung)
        self._room.stage.aimed.connect(lambda _panel: self.show_display())
        self._room.stage.aimed.connect(lambda _panel: self._panels.start())
        self._room.stage.hovered.connect(self._on_hover)

    def _take_desk(self, desk: Desk | None) -> None:
        if self._desk is not None:
            self._desk.events.reading.disconnect(self._on_reading)
            self._desk.events.tool.disconnect(self._on_tool)
            self._desk.events.message.disconnect(self._on_message)
        self._desk, self._last = desk, None
        if desk is not None:
            desk.events.reading.connect(self._on_reading)
            desk.events.tool.connect(self._on_tool)
            desk.events.message.connect(self._on_message)
            self._room.stage.hand.hold(desk.tool)
        self._on_reading()

    def _on_reading(self, _reading: object = None) -> None:
        # The lesion under the cursor may be another one now, without a move of the hand.
        curve = () if self._under_cursor is None else (self._curve,)
        for one in (self._panels, self._answers, self._cases, *curve):
            if not one.isActive():
                one.start()

    def _on_tool(self, _tool: object) -> None:
        if self._desk is not None:
            self._room.stage.hand.hold(self._desk.tool)
        self._panels.start()

    def _on_message(self, message: str) -> None:
        self._room.status.say(message)

    def _on_hover(self, panel: Panel | None, point: tuple[float, ...]) -> None:
        is_volume = panel is not None and len(panel.shape) == 3
        self._under_cursor = (panel, point) if panel is not None and is_volume else None
        if self._under_cursor is not None and not self._curve.isActive():
            self._curve.start()

    def _on_hung(self, _hanging: object) -> None:
        if self._room.session.shown is not None:
            self._show_phases(self._room.session.shown)
        self.show_display()
        self._turn_to_slice()
        self._panels.start()

    # -- showing -------------------------------------------------------------------------------------------------------

    def _show_item(self, item: Item | None) -> None:
        if item is None:
            return
        self._room.cases.select(item.key)
        self._room.measure.offer_tools(Modality.MG if item.series is None else Modality.MR)
        self._show_phases(item)
        self._room.kinetics.setVisible(item.series is not None)

    def _show_phases(self, item: Item) -> None:
        choices = None
        if item.series is not None and self._desk is not None:
            choices = phase_choices(item.series, chosen=self._room.session.phase_chosen(item))
        self._room.kinetics.show_phases(choices)

    def _follow_phase(self) -> None:
        """Hang the series anew when a choice of phase was undone or done again."""
        session, item = self._room.session, self._room.session.shown
        if self._desk is None or item is None or item.series is None:
            return
        if session.phase_chosen(item) != session.phase_hung:
            self._show_phases(item)
            session.hang(session.look)

    def _switched_on(self, window: WindowPreset | None) -> set[str]:
        canvas = self._room.stage.canvas
        switches = {
            "marks_shown": canvas.shows_drawings,
            "prior_marks": self._room.stage.shows_prior_marks,
            "invert": canvas.is_inverted,
            "sigmoid": window is not None and window.is_sigmoid,
            "flip_horizontal": canvas.camera.is_flipped(horizontally=True),
            "flip_vertical": canvas.camera.is_flipped(horizontally=False),
        }
        return {name for name, is_on in switches.items() if is_on}

    def _show_cases(self) -> None:
        session = self._room.session
        blinding = session.readings.blinding
        is_blinded = blinding.hide_auto or blinding.hide_readers or blinding.hide_priors
        self._room.cases.show_cases(case_rows(session), is_blinded=is_blinded, seed=session.seed)
        if session.shown is not None:
            self._room.cases.select(session.shown.key)

    def _show_reading(self) -> None:
        if self._desk is None:
            return
        self._follow_phase()
        self._room.measure.show_brush(self._room.session.brush_tool.radius_mm)
        self._show_sensitivity()
        reading = self._room.session.readings.visible or self._desk.reading
        chosen = reading.selected_finding
        self._room.response.follow(reading.selected)
        self._room.measure.show_reading(
            reading,
            tool=self._desk.tool,
            can_undo=self._desk.can_undo,
            can_redo=self._desk.can_redo,
            link_words=link_words(chosen, reading) if chosen is not None else "",
        )

    def _show_sensitivity(self) -> None:
        active = self._room.stage.active
        target = active.target if active is not None else None
        labels = () if target is None else self._room.session.searches.left_out(target)[1]
        self._room.measure.sensitivity.show_point(self._room.hand_work.sensitivity, left_out=left_out_words(labels))

    def _show_answers(self) -> None:
        if self._desk is None or self._room.session.readings.blinding.hide_priors:
            return
        profiles = [load_profile(name) for name in self._room.session.criteria]
        self._last = answers(self._desk.reading, profiles=profiles, before=self._last)
        self._show_timeline()
        self._room.response.show_answers(self._last)

    def _show_timeline(self, selected: str = "") -> None:
        if self._last is not None:
            profiles = [load_profile(name) for name in self._room.session.criteria]
            self._room.timeline.show_plots(timeline(self._last, profiles=profiles, selected=selected))

    def show_display(self) -> None:
        """Show how the images are looked at now."""
        session, stage = self._room.session, self._room.stage
        hanging, active = stage.canvas.hanging, stage.active
        if hanging is None:
            return
        window = stage.canvas.window_of(active) if active is not None else None
        state = DisplayState(
            protocols=tuple(look.words for look in session.looks),
            protocol=session.look.words,
            presets=tuple(preset.name for preset in active.presets) if active is not None else (),
            preset=window.name if window is not None else "",
            switched_on=frozenset(self._switched_on(window)),
            disabled=frozenset() if session.prior is not None else frozenset({"prior_marks"}),
            facts=active.facts if active is not None else (),
            problems=hanging.problems,
        )
        self._room.display.show_state(state)

    def _show_curve(self) -> None:
        item, place = self._room.session.shown, self._under_cursor
        if item is None or item.series is None or place is None:
            return
        volumes = self._room.session.pictures.volumes.find(item.series)
        if volumes is None:
            return
        early = self._early(item)
        lesion = self._lesion_under(*place)
        if lesion is None or lesion.mask is None:
            kinetics = curve_at(volumes, item.series, point_zrc=place[1], early=early)
        else:
            kinetics = curve_of_mask(volumes, item.series, mask=lesion.mask, early=early)
        self._room.kinetics.show_curve(kinetics)

    def _early(self, item: Item) -> EarlyPhase | None:
        if item.series is None or self._desk is None:
            return None
        try:
            return pick_early_phase(item.series, choice=self._room.session.phase_chosen(item))
        except CalcMeasureError:
            return None

    def _lesion_under(self, panel: Panel, point: tuple[float, ...]) -> Finding | None:
        """Find the segmented lesion under the cursor."""
        if self._desk is None:
            return None
        here = (one for one in self._desk.reading.findings if belongs_to(one.annotation, panel))
        return next((one for one in here if one.mask is not None and holds(one.mask, point)), None)

    def _turn_to_slice(self) -> None:
        finding, self._waiting_for = self._waiting_for, None
        hanging = self._room.stage.canvas.hanging
        place = turned_to(hanging, finding.annotation) if finding is not None and hanging is not None else None
        if place is not None:
            self._room.viewer.dims.set_point(*place)
