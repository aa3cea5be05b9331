"""The case list as a tree of plain rows: patients, visits, examinations, and how far each is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QHeaderView, QTreeWidgetItem, QVBoxLayout, QWidget

from napari_calcmeasure.widgets.controls import Tree, action_button, label, say
from napari_calcmeasure.widgets.theme import PANEL_STYLE

EMPTY = "Open a folder with DICOM to begin. Nothing is copied and nothing leaves this computer."
_KEY_ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class ItemRow:
    """Something that can be shown.

    Parameters
    ----------
    key
        Of the item in the case list.
    title, summary
        What it is, and the facts that matter most.
    n_signed, n_waiting
        Measurements signed, and drawn but not signed.
    details
        Sentences for the tooltip.
    views
        Rows below it.
    """

    key: str
    title: str
    summary: str = ""
    n_signed: int = 0
    n_waiting: int = 0
    details: tuple[str, ...] = ()
    views: tuple[ItemRow, ...] = ()


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One time point of a patient."""

    timepoint: str
    dates: str
    items: tuple[ItemRow, ...]


@dataclass(frozen=True, slots=True)
class PatientRow:
    """One patient.

    Parameters
    ----------
    name
        Surrogate such as ``P1``.
    patient_id
        Shown beside it; empty in a blinded reading.
    is_signed
        Whether the reader is done with this patient.
    """

    name: str
    patient_id: str
    visits: tuple[VisitRow, ...]
    is_signed: bool = False


def progress_words(n_signed: int, n_waiting: int) -> str:
    """Say how far something is read, with a symbol and words.

    Examples
    --------
    >>> progress_words(2, 1)
    '○ 1 unsigned'
    >>> progress_words(2, 0)
    '✓ 2 signed'
    >>> progress_words(0, 0)
    ''
    """
    if n_waiting:
        return f"○ {n_waiting} unsigned"
    return f"✓ {n_signed} signed" if n_signed else ""


def patient_words(patient: PatientRow) -> str:
    """Say how far a patient is read."""
    items = [item for visit in patient.visits for item in visit.items]
    n_signed, n_waiting = sum(item.n_signed for item in items), sum(item.n_waiting for item in items)
    if patient.is_signed and not n_waiting:
        return "✓ signed"
    return progress_words(n_signed, n_waiting) or "not read"


class CaseTree(QWidget):
    """Shows rows and tells which was chosen.

    Signals: ``chosen(str)`` key of an item; ``action(str)`` of `keys.SHORTCUTS`.
    """

    chosen = Signal(str)
    action = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setStyleSheet(PANEL_STYLE)
        self.badge = label(role="quiet", name="Order and blinding")
        self.empty = label(EMPTY, role="quiet")
        self.tree = Tree()
        self.tree.setAccessibleName("Case list")
        self.tree.setHeaderLabels(["Case", "What is there", "Read"])
        self.tree.setUniformRowHeights(True)
        self.tree.setIndentation(11)
        self.tree.setMinimumHeight(160)
        self._size_columns()
        self.tree.itemClicked.connect(self._on_row)
        self.tree.itemActivated.connect(self._on_row)
        self._lay_out()
        self.show_cases(())

    def show_cases(self, patients: Sequence[PatientRow], *, is_blinded: bool = False, seed: int | None = None) -> None:
        """Show a case list; what was open stays open.

        Parameters
        ----------
        is_blinded
            Whether other readers, automatic marks and earlier visits are hidden.
        seed
            Of a shuffled order; None for the order of the folder.
        """
        current, folded = self.current, self._folded()
        self.tree.clear()
        for patient in patients:
            self._add_patient(patient, is_blinded=is_blinded)
        for row in self._rows():
            row.setExpanded(row.data(0, _KEY_ROLE) is None and row.text(0) not in folded)
        self.select(current)
        say(self.badge, _badge(is_blinded=is_blinded, seed=seed))
        self.empty.setVisible(not patients)
        self.tree.setVisible(bool(patients))

    @property
    def current(self) -> str:
        """Key of the row that is marked; empty for none."""
        row = self.tree.currentItem()
        return "" if row is None else row.data(0, _KEY_ROLE) or ""

    def select(self, key: str) -> None:
        """Mark the row of an item without telling it back; unfold what is above it."""
        for row in self._rows():
            if key and row.data(0, _KEY_ROLE) == key:
                self.tree.setCurrentItem(row)
                self.tree.scrollToItem(row)

    def _add_patient(self, patient: PatientRow, *, is_blinded: bool) -> None:
        shown_id = "" if is_blinded else patient.patient_id
        row = _row(self.tree, (patient.name, shown_id, patient_words(patient)))
        for visit in patient.visits:
            visit_row = _row(row, (visit.timepoint, visit.dates, ""))
            for item in visit.items:
                _add_item(visit_row, item)

    def _on_row(self, row: QTreeWidgetItem, _column: int = 0) -> None:
        """Tell a row; a patient or a visit stands for its first item."""
        while row.data(0, _KEY_ROLE) is None and row.childCount():
            row = row.child(0)
        if row.data(0, _KEY_ROLE):
            self.chosen.emit(row.data(0, _KEY_ROLE))

    def _rows(self) -> Iterator[QTreeWidgetItem]:
        waiting = [self.tree.topLevelItem(place) for place in range(self.tree.topLevelItemCount())]
        while waiting:
            row = waiting.pop(0)
            yield row
            waiting += [row.child(place) for place in range(row.childCount())]

    def _folded(self) -> set[str]:
        """Names of patients folded away."""
        tops = (self.tree.topLevelItem(place) for place in range(self.tree.topLevelItemCount()))
        return {row.text(0) for row in tops if not row.isExpanded()}

    def _size_columns(self) -> None:
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)

    def _lay_out(self) -> None:
        steps = QHBoxLayout()
        for text, action in (("◀ Patient", "previous_patient"), ("Patient ▶", "next_patient")):
            steps.addWidget(action_button(text, action, self.action.emit))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        layout.addWidget(self.badge)
        layout.addWidget(self.empty)
        layout.addWidget(self.tree, stretch=1)
        layout.addLayout(steps)


def _badge(*, is_blinded: bool, seed: int | None) -> str:
    parts = [] if seed is None else [f"⤨ Shuffled, seed {seed}"]
    if is_blinded:
        parts.append("◉ Blinded: no other readers, no automatic marks, no earlier visits")
    return " · ".join(parts)


def _row(parent: QWidget | QTreeWidgetItem, texts: tuple[str, str, str]) -> QTreeWidgetItem:
    row = QTreeWidgetItem(parent, list(texts))
    for column in (1, 2):
        row.setToolTip(column, texts[column])
    return row


def _add_item(parent: QTreeWidgetItem, item: ItemRow) -> None:
    row = _row(parent, (item.title, item.summary, progress_words(item.n_signed, item.n_waiting)))
    row.setData(0, _KEY_ROLE, item.key)
    if item.details:
        row.setToolTip(1, "\n".join(item.details))
    for view in item.views:
        _add_item(row, view)
