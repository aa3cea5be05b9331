"""The answer as a table: baseline to follow-up per side and lesion, a column per profile, the rule below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import (
    QAction,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QScrollArea,
    QToolButton,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from calcmeasure.report.palette import AMBER, GREEN, PAPER, SKY, VERMILION
from calcmeasure.response.criteria import load_profile, profile_names, shipped_names
from calcmeasure.terms import ExtentChange, ImmuneResponse, NonTargetStatus, Response
from napari_calcmeasure.reading.answers import Answers
from napari_calcmeasure.reading.comparison import Answer, Length
from napari_calcmeasure.widgets.answer_words import cells, not_judged, note_lines, rule_words
from napari_calcmeasure.widgets.controls import Tree

TARGET_PX = 24
"""Smallest height of anything to click on."""
LEAST_ROWS = 4
"""Header, two answers and the bar to scroll sideways are always seen."""
COLUMNS = ("Side or lesion", "Visit", "Before", "After", "Δ mm", "Δ %")
"""Lengths are in mm; the tooltip says so."""
EMPTY = "Nothing is measured yet."
_COLOURS: Mapping[str, str] = {
    ExtentChange.INCREASE: VERMILION,
    ExtentChange.DECREASE: SKY,
    ExtentChange.UNCHANGED: PAPER,
    ExtentChange.NOT_COMPARABLE: AMBER,
    Response.CR: GREEN,
    Response.PR: SKY,
    Response.SD: PAPER,
    Response.PD: VERMILION,
    Response.NE: AMBER,
    ImmuneResponse.ICR: GREEN,
    ImmuneResponse.IPR: SKY,
    ImmuneResponse.ISD: PAPER,
    ImmuneResponse.NON_ICR_NON_IUPD: PAPER,
    ImmuneResponse.IUPD: VERMILION,
    ImmuneResponse.ICPD: VERMILION,
    NonTargetStatus.NON_CR_NON_PD: PAPER,
}
"""Colour of each category; its shape and name stand beside it. One of an own profile has that of the text."""
_PLACE = Qt.ItemDataRole.UserRole


class ResponsePanel(QWidget):
    """Table of answers with the rule of the selected row below.

    Parameters
    ----------
    profiles
        Names of the profiles ticked at first; None for those of every day. All that come with the package are offered.
    """

    finding_activated = Signal(str)
    """Key of the finding to go to."""
    profiles_changed = Signal(object)
    """Names of the profiles ticked, in order."""
    row_selected = Signal(str)
    """Title of the side or lesion selected."""

    def __init__(self, profiles: Sequence[str] | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._answers = Answers(())
        self._followed = ""
        self._is_behind = False
        self.table = Tree(self)
        self.rule = _label("Rule of the selected row")
        self.notes = _label("What to know about the selected row")
        self.criteria = QToolButton(self)
        self._actions = self._criteria_menu(profile_names() if profiles is None else profiles)
        self._build_table()
        self._lay_out()
        self.show_answers(self._answers)

    @property
    def profiles(self) -> tuple[str, ...]:
        """Names of the profiles ticked."""
        return tuple(action.text() for action in self._actions if action.isChecked())

    def follow(self, key: str) -> None:
        """Select the row that rests on a finding, now or once it is there; what the reader selects since, stays."""
        if key != self._followed:
            self._followed, self._is_behind = key, bool(key)
            self._catch_up()

    def show_answers(self, answers: Answers) -> None:
        """Show the answers of one patient; the selected row stays selected where it still exists."""
        selected = self._selected()
        self._answers = answers
        labels = [*COLUMNS, *answers.profiles]
        self.table.blockSignals(True)
        self.table.clear()
        self.table.setColumnCount(len(labels))
        self.table.setHeaderLabels(labels)
        for place, answer in enumerate(answers.rows):
            self._add_row(place, answer)
        self._describe_columns()
        for column in range(len(labels)):
            self.table.resizeColumnToContents(column)
        self.table.blockSignals(False)
        self._select_again(selected)
        self._catch_up()

    # -- building --------------------------------------------------------------------------------------------------

    def _criteria_menu(self, ticked: Sequence[str]) -> tuple[QAction, ...]:
        menu = QMenu(self)
        actions = []
        for name in shipped_names():
            action = QAction(name, menu)
            action.setCheckable(True)
            action.setChecked(name in ticked)
            action.setToolTip(load_profile(name).description)
            action.toggled.connect(lambda _on: self.profiles_changed.emit(self.profiles))
            menu.addAction(action)
            actions.append(action)
        menu.setToolTipsVisible(True)
        self.criteria.setMenu(menu)
        return tuple(actions)

    def _build_table(self) -> None:
        self.table.setAccessibleName("Response: baseline to follow-up")
        self.table.setToolTip(
            "Before: baseline, mm. After: follow-up, mm. Select a row to read its rule; Enter goes to the finding."
        )
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setStyleSheet(f"QTreeView::item {{ min-height: {TARGET_PX}px; padding-right: 6px; }}")
        self.table.setAlternatingRowColors(False)
        self.table.setMinimumHeight(LEAST_ROWS * TARGET_PX)
        self.table.itemSelectionChanged.connect(self._show_row)
        self.table.itemActivated.connect(self._go_to)
        header = self.table.header()
        if header is not None:
            header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
            header.setStretchLastSection(False)

    def _lay_out(self) -> None:
        self.criteria.setText("Criteria")
        self.criteria.setAccessibleName("Criteria to judge by")
        self.criteria.setToolTip("Which criteria have a column")
        self.criteria.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.criteria.setMinimumSize(TARGET_PX * 4, TARGET_PX)
        below = QHBoxLayout()
        below.addWidget(self._words(), stretch=1)
        below.addWidget(self.criteria, alignment=Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.table, stretch=3)
        layout.addLayout(below, stretch=2)
        QWidget.setTabOrder(self.table, self.criteria)

    def _words(self) -> QScrollArea:
        """Rule and notes scroll, however long they are: the rows above keep their room."""
        inside = QWidget()
        lines = QVBoxLayout(inside)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addWidget(self.rule)
        lines.addWidget(self.notes)
        lines.addStretch(1)
        area = QScrollArea()
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setMinimumHeight(2 * TARGET_PX)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return area

    def _add_row(self, place: int, answer: Answer) -> None:
        row = QTreeWidgetItem(self.table, cells(answer))
        row.setData(0, _PLACE, place)
        row.setToolTip(1, answer.study_date or "no date")
        for column in range(2, len(COLUMNS)):
            row.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for column, name in enumerate(self._answers.profiles, start=len(COLUMNS)):
            category = answer.category_of(name)
            if category is not None:
                row.setText(column, category.label)
                row.setToolTip(column, f"{category.words}: {category.rule}")
                row.setForeground(column, QBrush(QColor(_COLOURS.get(category.category, PAPER))))
        if answer.is_draft:
            _set_italic(row)

    def _describe_columns(self) -> None:
        header = self.table.headerItem()
        if header is not None:
            for column, name in enumerate(self._answers.profiles, start=len(COLUMNS)):
                if name in shipped_names():
                    header.setToolTip(column, load_profile(name).description)

    # -- selection -------------------------------------------------------------------------------------------------

    def _answer(self) -> Answer | None:
        row = self.table.currentItem()
        place = None if row is None else row.data(0, _PLACE)
        return None if place is None else self._answers.rows[place]

    def _selected(self) -> tuple[str, str]:
        answer = self._answer()
        return ("", "") if answer is None else (answer.title, answer.timepoint)

    def _select_again(self, selected: tuple[str, str]) -> None:
        rows = self._answers.rows
        place = next((n for n, row in enumerate(rows) if (row.title, row.timepoint) == selected), 0)
        if rows:
            self.table.setCurrentItem(self.table.topLevelItem(place))
        self._show_row()

    def _catch_up(self) -> None:
        place = _place_of(self._followed, self._answers) if self._is_behind else None
        if place is not None:
            self._is_behind = False
            self.table.setCurrentItem(self.table.topLevelItem(place))

    def _show_row(self) -> None:
        answer = self._answer()
        if answer is None:
            self.rule.setText("\n".join(self._answers.missing) or EMPTY)
            self.notes.clear()
            return
        self.rule.setText("\n".join(rule_words(category) for category in answer.categories) or not_judged(answer))
        self.notes.setText("\n".join((*note_lines(answer), *self._answers.missing)))
        self.row_selected.emit(answer.title)

    def _go_to(self, row: QTreeWidgetItem, _column: int = 0) -> None:
        answer = self._answers.rows[row.data(0, _PLACE)]
        if answer.key:
            self.finding_activated.emit(answer.key)


def _place_of(key: str, answers: Answers) -> int | None:
    """Find the row that rests on a finding: as what came after, else as what was before."""
    ways = (lambda row: _keys(row.after), lambda row: _keys(row.before), lambda row: {row.key})
    return next((place for keys in ways for place, row in enumerate(answers.rows) if key in keys(row)), None)


def _keys(lengths: Sequence[Length]) -> set[str]:
    return {length.key for length in lengths}


def _label(name: str) -> QLabel:
    label = QLabel()
    label.setAccessibleName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _set_italic(row: QTreeWidgetItem) -> None:
    for column in range(row.columnCount()):
        font = row.font(column)
        font.setItalic(True)
        row.setFont(column, font)
