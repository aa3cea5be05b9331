"""Keys and buttons that measure: tools, automatic findings, statements, links, undo, signature, export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from qtpy.QtWidgets import QWidget

from calcmeasure.detect.calcifications.operating_points import OPERATING_POINTS
from calcmeasure.errors import CalcMeasureError
from calcmeasure.terms import Modality
from napari_calcmeasure.display.panel import Panel
from napari_calcmeasure.reading.desk import Desk
from napari_calcmeasure.reading.export import export_readings
from napari_calcmeasure.reading.finding import Finding, FindingState, PatientReading, Point, Target
from napari_calcmeasure.reading.preferences import remember
from napari_calcmeasure.reading.sensitivity import Sensitivity
from napari_calcmeasure.reading.signing import needs_reason
from napari_calcmeasure.reading.tool import ToolName
from napari_calcmeasure.session import Session
from napari_calcmeasure.widgets.dialogs import KeySheet, ask_not_measurable, ask_reader, ask_reason
from napari_calcmeasure.widgets.earlier_lesions import earlier_lesions
from napari_calcmeasure.widgets.export_dialog import ask_export
from napari_calcmeasure.widgets.finding_words import length_words, try_measure
from napari_calcmeasure.widgets.link_dialog import LinkAnswer, ask_link
from napari_calcmeasure.widgets.sensitivity_row import nearest_point
from napari_calcmeasure.widgets.stage import Stage

LEVEL_STEP = 0.05
BRUSH_STEP = 1.25
_TOOLS = {
    "navigate": ToolName.NAVIGATE,
    "extent": ToolName.CALIPER,
    "diameter": ToolName.CALIPER,
    "outline": ToolName.OUTLINE,
    "marks": ToolName.MARKS,
    "seed": ToolName.SEED,
    "brush": ToolName.BRUSH,
}
_NOT_HERE = {
    "extent": (Modality.MG, "The extent of calcifications is measured on mammograms; press D for a diameter."),
    "diameter": (Modality.MR, "The diameter of a lesion is measured on MR; press E for an extent."),
    "marks": (Modality.MG, "Calcifications are marked on mammograms."),
    "seed": (Modality.MR, "Lesions are segmented on MR."),
    "brush": (Modality.MR, "The brush corrects a segmented lesion on MR."),
}


class MeasureActions:
    """What a reader can do to the reading.

    Parameters
    ----------
    stage, session
        Of the window.
    parent
        For questions.
    on_found
        Called with the key of a finding that an automatic search made: it may lie on another slice.
    """

    def __init__(self, stage: Stage, session: Session, *, parent: QWidget, on_found: Callable[[str], None]) -> None:
        self._stage, self._session, self._parent, self._on_found = stage, session, parent, on_found
        self._folder: Path | None = None
        self._at: tuple[Panel | None, Point] = (None, ())
        self._sensitivity = Sensitivity()
        stage.hovered.connect(self._hover)

    def table(self) -> Mapping[str, Callable[..., object]]:
        """Give the function of every action."""
        return {name: _calling(self.take, name) for name in _TOOLS} | {
            "larger": lambda: self.resize(1),
            "smaller": lambda: self.resize(-1),
            "auto_detect": self.auto_detect,
            "take_over": self.take_over,
            "nothing_left": self.nothing_left,
            "not_measurable": self.not_measurable,
            "link": self.link,
            "finish": lambda: self._with_desk(lambda desk: desk.finish()),
            "cancel": lambda: self._with_desk(lambda desk: desk.cancel()),
            "delete": lambda: self._with_desk(lambda desk: desk.delete_selected()),
            "undo": lambda: self._with_desk(lambda desk: desk.undo()),
            "redo": lambda: self._with_desk(lambda desk: desk.redo()),
            "sign": self.sign,
            "export": self.export,
            "help": lambda: KeySheet(parent=self._parent).show(),
        }

    # -- tools ---------------------------------------------------------------------------------------------------------

    def take(self, name: str) -> None:
        """Take a tool; one that has no use on these images is refused in words."""
        desk = self._session.desk
        if desk is None:
            return
        wanted, advice = _NOT_HERE.get(name, (None, ""))
        shown = self._session.shown
        is_mr = shown is not None and shown.series is not None
        if wanted is not None and (wanted is Modality.MR) is not is_mr:
            self._session.message = advice
            return
        desk.hold(_TOOLS[name])

    def resize(self, direction: int) -> None:
        """Make the brush larger or smaller while it is held, a search more or less sensitive, or the segmentation."""
        desk, brush = self._session.desk, self._session.brush_tool
        if desk is None:
            return
        if desk.tool is ToolName.BRUSH:
            brush.radius_mm *= BRUSH_STEP**direction
            self._session.message = f"Brush radius {brush.radius_mm:.1f} mm."
            return
        point = self.sensitivity
        if point is not None:
            place = nearest_point(point) + direction
            self.set_sensitivity(OPERATING_POINTS[max(0, min(place, len(OPERATING_POINTS) - 1))].false_marks)
            return
        chosen = desk.reading.selected_finding
        if chosen is not None and chosen.mask is not None:
            # A lower threshold takes in more.
            self.set_level(chosen.mask.level - direction * LEVEL_STEP)

    def set_level(self, level: float) -> None:
        """Move the threshold of the selected segmentation."""
        desk = self._session.desk
        if desk is not None:
            desk.take(self._session.seed_tool.set_level(desk.reading, level))

    @property
    def sensitivity(self) -> float | None:
        """False marks per image at which the image that is meant was searched; None when it was not."""
        panel = self._stage.active
        target = panel.target if panel is not None else None
        return None if target is None else self._session.searches.sensitivity_of(target)

    def set_sensitivity(self, false_marks: float) -> None:
        """Group the marks of the searched image anew."""
        desk, panel = self._session.desk, self._stage.active
        if desk is None or panel is None or panel.target is None or self.sensitivity in (None, false_marks):
            return
        found = self._session.searches.at(panel.target, false_marks=false_marks)
        self._sensitivity.move(desk, found, target=panel.target, false_marks=false_marks)

    # -- statements ----------------------------------------------------------------------------------------------------

    def auto_detect(self) -> None:
        """Search the image under the cursor."""
        panel = self._panel()
        if panel is not None and panel.target is not None:
            self._session.detect(panel.target, then=lambda: self._with_desk(self._show_found))

    def _show_found(self, desk: Desk) -> None:
        self._on_found(desk.reading.selected)

    def take_over(self) -> None:
        """Take over the finding of another reader under the cursor."""
        panel = self._panel()
        if panel is not None and panel.target is not None:
            at = self._at[1] if self._at[0] is panel else None
            self._session.readings.take_over(panel.target, at=at)

    def nothing_left(self) -> None:
        """Say that nothing is on the image under the cursor: 0 mm."""
        desk, target = self._session.desk, self._target()
        if desk is not None and target is not None:
            desk.nothing_left(target)

    def not_measurable(self) -> None:
        """Say why the image under the cursor cannot be measured."""
        desk, target = self._session.desk, self._target()
        why = ask_not_measurable(parent=self._parent) if desk is not None and target is not None else None
        if desk is not None and target is not None and why is not None:
            desk.not_measurable(target, why=why)

    def link(self) -> None:
        """Say which earlier lesion the selected finding is."""
        desk = self._session.desk
        chosen = desk.reading.selected_finding if desk is not None else None
        if desk is None or chosen is None:
            self._session.message = "Select a finding first (F), then say which earlier lesion it is."
            return
        earlier = earlier_lesions(self._session.readings.visible or desk.reading, chosen)
        one = chosen.annotation
        stated = LinkAnswer(one.relation, one.from_lesions) if one.relation is not None else None
        answer = ask_link(one.lesion_id, earlier, stated=stated, parent=self._parent)
        if answer is not None:
            desk.link(answer.relation, answer.from_lesions)

    # -- signing -------------------------------------------------------------------------------------------------------

    def sign(self) -> None:
        """Sign the patient; asks for the reader once, and for a reason where a signed value changes."""
        desk = self._session.desk
        if desk is None or not self.ensure_reader():
            return
        desk = self._session.desk
        if desk is None:
            return
        reason = ""
        if needs_reason(desk.reading):
            reason = ask_reason(changes_of(desk.reading), parent=self._parent) or ""
            if not reason:
                return
        self._session.readings.sign(reason=reason)

    def ensure_reader(self) -> bool:
        """Ask who reads, unless that is known."""
        if self._session.readings.reader:
            return True
        reader = ask_reader(parent=self._parent)
        if reader is None:
            self._session.message = "Not signed: a reader id is needed."
            return False
        self._session.readings.set_reader(reader)
        try:
            remember(reader=reader)
        except CalcMeasureError as error:
            self._session.tell(error)
        return True

    def export(self) -> None:
        """Write tables and annotations of this patient or of all."""
        records, case = self._session.readings.records, self._session.case
        if records is None or case is None or not self.ensure_reader():
            return
        answer = ask_export(self._folder, parent=self._parent)
        if answer is not None:
            self._folder = answer.folder
            patient_id = case.patient_id if answer.this_patient else None
            self.export_to(answer.folder, patient_id=patient_id, include_unsigned=answer.include_unsigned)

    def export_to(self, folder: Path, *, patient_id: str | None, include_unsigned: bool) -> None:
        """Write tables and annotations into a folder and say how many."""
        session = self._session
        if session.readings.records is None:
            return
        try:
            written = export_readings(
                str(session.readings.records.store),
                folder,
                reader=session.readings.reader,
                patient_id=patient_id,
                criteria=session.criteria,
                unsigned=session.readings.unsigned if include_unsigned else (),
            )
        except CalcMeasureError as error:
            session.tell(error)
            return
        unsigned = f", {written.unsigned} of them unsigned" if written.unsigned else ""
        count = f"{_plural(written.measurements, 'measurement')}{unsigned} and {_plural(written.responses, 'response')}"
        session.message = f"{count} are in the folder chosen."

    # -- inside --------------------------------------------------------------------------------------------------------

    def _with_desk(self, act: Callable[[Desk], object]) -> None:
        if self._session.desk is not None:
            act(self._session.desk)

    def _hover(self, panel: Panel | None, point: Point) -> None:
        self._at = (panel, point)

    def _panel(self) -> Panel | None:
        panel = self._stage.active
        if panel is None:
            self._session.message = "Point at the image that is meant, then press the key again."
            return None
        if panel.target is None:
            self._session.message = f"{panel.caption} is shown and not measured; what it is about is said on the left."
            return None
        return panel

    def _target(self) -> Target | None:
        panel = self._panel()
        return panel.target if panel is not None else None


def _plural(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def changes_of(reading: PatientReading) -> list[str]:
    """One line for each signed value that signing would change."""
    changed = [one for one in reading.findings if one.signed is not None and one.state is not FindingState.SIGNED]
    lines = [f"{one.annotation.lesion_id}: {_mm(one, reading, before=True)} → {_mm(one, reading)}" for one in changed]
    return lines + [
        f"{one.annotation.lesion_id}: {_mm(one, reading, before=True)} → deleted" for one in reading.given_up
    ]


def _mm(finding: Finding, reading: PatientReading, *, before: bool = False) -> str:
    wanted = replace(finding, annotation=finding.signed) if before and finding.signed is not None else finding
    return length_words(try_measure(wanted, reading))


def _calling(function: Callable[[str], None], name: str) -> Callable[[], None]:
    return lambda: function(name)
