"""The panel a reader measures with: tools, the selected finding, and everything on the desk."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidgetItem,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from calcmeasure.model.annotation import Annotation
from calcmeasure.model.measurement import Measurement
from calcmeasure.terms import Modality
from napari_calcmeasure.reading.finding import Finding, PatientReading
from napari_calcmeasure.reading.roles import role_of
from napari_calcmeasure.reading.tool import ToolName
from napari_calcmeasure.widgets.controls import Entries, action_button, label
from napari_calcmeasure.widgets.finding_card import FindingCard
from napari_calcmeasure.widgets.finding_words import row_words, try_measure
from napari_calcmeasure.widgets.sensitivity_row import SensitivityRow
from napari_calcmeasure.widgets.theme import PANEL_STYLE

TOOLS: tuple[tuple[str, ToolName, str], ...] = (
    ("navigate", ToolName.NAVIGATE, "Navigate"),
    ("extent", ToolName.CALIPER, "Line"),
    ("outline", ToolName.OUTLINE, "Outline"),
    ("marks", ToolName.MARKS, "Marks"),
    ("seed", ToolName.SEED, "Seed"),
    ("brush", ToolName.BRUSH, "Brush"),
)
"""Action whose key holds the tool, tool, and its name."""
_KEY_ROLE = Qt.ItemDataRole.UserRole


class MeasurePanel(QWidget):
    """Shows a reading and tells what the reader wants; itself it changes nothing.

    Signals: ``tool_chosen(ToolName)``; ``described(dict)`` and ``level_changed(float)`` as of `FindingCard`;
    ``brush_changed(float)`` radius in mm; ``action(str)`` of `keys.SHORTCUTS`; ``selected(str)`` key of a finding.
    """

    tool_chosen = Signal(object)
    described = Signal(object)
    level_changed = Signal(float)
    brush_changed = Signal(float)
    action = Signal(str)
    selected = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setStyleSheet(PANEL_STYLE)
        self.setAccessibleName("Measure")
        self.tools = {tool: self._tool_button(action, tool, name) for action, tool, name in TOOLS}
        self.card = FindingCard()
        self.card.described.connect(self.described)
        self.card.level_changed.connect(self.level_changed)
        self.brush = self._brush_slider()
        self.sensitivity = SensitivityRow()
        self.buttons = self._buttons()
        self.entries = Entries()
        self.entries.setAccessibleName("Findings on the desk")
        self.entries.setWordWrap(True)
        self.entries.setResizeMode(Entries.ResizeMode.Adjust)
        self.entries.itemClicked.connect(self._on_entry)
        self.entries.itemActivated.connect(self._on_entry)
        self._measured: dict[str, tuple[Annotation, Measurement | None]] = {}
        self._lay_out()

    def show_reading(
        self,
        reading: PatientReading,
        *,
        tool: ToolName = ToolName.NAVIGATE,
        can_undo: bool = False,
        can_redo: bool = False,
        link_words: str = "",
    ) -> None:
        """Show a reading.

        Parameters
        ----------
        tool
            Held now.
        can_undo, can_redo
            Whether there is a step back or forth.
        link_words
            What the selected finding was before.
        """
        chosen = reading.selected_finding
        self.tools[tool].setChecked(True)
        self._brush_row.setVisible(tool is ToolName.BRUSH)
        self.card.show_finding(
            chosen,
            self._measure(chosen, reading) if chosen else None,
            link_words=link_words,
            role=role_of(chosen, reading) if chosen else None,
        )
        self._show_entries(reading)
        self._enable(reading, can_undo=can_undo, can_redo=can_redo)

    def offer_tools(self, modality: Modality) -> None:
        """Leave only the tools that have a use: marks on mammograms, segmentation on MR."""
        self.tools[ToolName.MARKS].setEnabled(modality is Modality.MG)
        for tool in (ToolName.SEED, ToolName.BRUSH):
            self.tools[tool].setEnabled(modality is Modality.MR)

    def show_brush(self, radius_mm: float) -> None:
        """Show the brush's radius, mm, without telling it back."""
        self.brush.blockSignals(True)
        self.brush.setValue(round(radius_mm * 2))
        self.brush.blockSignals(False)
        self._show_radius(self.brush.value())

    # -- reading to widget ---------------------------------------------------------------------------------------------

    def _measure(self, finding: Finding, reading: PatientReading) -> Measurement | None:
        """Measure once for each state of an annotation: the panel is shown anew at every move of the hand."""
        kept = self._measured.get(finding.key)
        if kept is None or kept[0] is not finding.annotation:
            kept = (finding.annotation, try_measure(finding, reading))
            self._measured[finding.key] = kept
        return kept[1]

    def _show_entries(self, reading: PatientReading) -> None:
        rows = [
            (one.key, row_words(one, self._measure(one, reading), role=role_of(one, reading)))
            for one in reading.findings
        ]
        self._measured = {key: self._measured[key] for key, _ in rows}
        while self.entries.count() > len(rows):
            self.entries.takeItem(self.entries.count() - 1)
        for place, (key, text) in enumerate(rows):
            entry = self.entries.item(place)
            if entry is None:
                entry = QListWidgetItem(self.entries)
            entry.setData(_KEY_ROLE, key)
            if entry.text() != text:
                entry.setText(text)
        self.entries.setCurrentRow(next((n for n, (key, _) in enumerate(rows) if key == reading.selected), -1))
        waiting = len([one for one in reading.findings if one.state != "signed"]) + len(reading.given_up)
        self._count.setText(f"On the desk: {len(rows)}" + (f" · {waiting} to sign" if waiting else ""))

    def _enable(self, reading: PatientReading, *, can_undo: bool, can_redo: bool) -> None:
        chosen = reading.selected_finding
        self.buttons["undo"].setEnabled(can_undo)
        self.buttons["redo"].setEnabled(can_redo)
        self.buttons["delete"].setEnabled(chosen is not None)
        self.buttons["link"].setEnabled(chosen is not None)
        self.buttons["sign"].setEnabled(not reading.is_signed)

    # -- widget to reading ---------------------------------------------------------------------------------------------

    def _on_entry(self, entry: QListWidgetItem) -> None:
        self.selected.emit(entry.data(_KEY_ROLE))

    # -- building ------------------------------------------------------------------------------------------------------

    def _tool_button(self, action: str, tool: ToolName, name: str) -> QPushButton:
        button = action_button(name, action, lambda _action: self.tool_chosen.emit(tool))
        button.setCheckable(True)
        return button

    def _buttons(self) -> dict[str, QPushButton]:
        labels = (
            ("auto_detect", "Auto-detect"),
            ("nothing_left", "Nothing left"),
            ("take_over", "Take over"),
            ("not_measurable", "Not measurable…"),
            ("link", "Earlier lesion…"),
            ("undo", "Undo"),
            ("redo", "Redo"),
            ("delete", "Delete"),
            ("sign", "Sign"),
        )
        return {name: action_button(text, name, self.action.emit, is_main=name == "sign") for name, text in labels}

    def _brush_slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(1, 40)
        slider.setValue(6)
        slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        slider.setAccessibleName("Radius of the brush")
        slider.valueChanged.connect(self._on_brush)
        return slider

    def _on_brush(self, half_mm: int) -> None:
        self._show_radius(half_mm)
        self.brush_changed.emit(half_mm / 2)

    def _show_radius(self, half_mm: int) -> None:
        self._radius.setText(f"{half_mm / 2:.1f} mm")

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addLayout(self._tool_grid())
        layout.addWidget(self._brush_line())
        layout.addWidget(self.sensitivity)
        layout.addWidget(self.card)
        layout.addLayout(
            _grid([self.buttons[name] for name in ("auto_detect", "nothing_left", "take_over")], columns=3)
        )
        layout.addLayout(_grid([self.buttons[name] for name in ("not_measurable", "link")], columns=2))
        self._count = label("On the desk: 0", role="quiet", name="Number of findings")
        layout.addWidget(self._count)
        layout.addWidget(self.entries, stretch=1)
        layout.addLayout(_grid([self.buttons[name] for name in ("undo", "redo", "delete", "sign")], columns=4))

    def _tool_grid(self) -> QGridLayout:
        group = QButtonGroup(self)
        for button in self.tools.values():
            group.addButton(button)
        self.tools[ToolName.NAVIGATE].setChecked(True)
        return _grid(list(self.tools.values()), columns=3)

    def _brush_line(self) -> QWidget:
        self._brush_row = QWidget()
        self._radius = QLabel("3.0 mm")
        caption = QLabel("&Radius")
        caption.setBuddy(self.brush)
        row = QHBoxLayout(self._brush_row)
        row.setContentsMargins(0, 0, 0, 0)
        for part in (caption, self.brush, self._radius):
            row.addWidget(part)
        self._brush_row.hide()
        return self._brush_row


def _grid(buttons: list[QPushButton], *, columns: int) -> QGridLayout:
    grid = QGridLayout()
    grid.setSpacing(6)
    for place, button in enumerate(buttons):
        grid.addWidget(button, *divmod(place, columns))
        grid.setColumnStretch(place % columns, 1)
    return grid
