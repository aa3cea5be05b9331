"""The case list: patients, time points and images; a click shows the image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QEventLoop, Qt
from qtpy.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from calcmeasure.errors import CalcMeasureError
from napari_calcmeasure.cases import Case, Item
from napari_calcmeasure.session import Session
from napari_calcmeasure.widgets.canvas import Canvas

if TYPE_CHECKING:
    import napari

KEYS = {"PageDown": "next_patient", "PageUp": "previous_patient", ".": "next_item", ",": "previous_item"}
"""Key on the canvas to method of the session."""
_EMPTY = "Open a folder with DICOM to begin. Nothing is copied and nothing leaves this computer."
_KEY_ROLE = Qt.ItemDataRole.UserRole


class CaseListWidget(QWidget):
    """Dock widget over one `Session`.

    Parameters
    ----------
    napari_viewer
        Filled in by napari.
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.session = Session()
        self._viewer = napari_viewer
        self._canvas = Canvas(napari_viewer)
        self.tree = QTreeWidget(self)
        self.details = QLabel(_EMPTY, self)
        self._progress = QProgressBar(self)
        self._build()
        self._bind_keys()
        self.session.events.cases.connect(self._fill_tree)
        self.session.events.shown.connect(self._show_image)

    def open_folder(self, source: Path) -> bool:
        """Open a folder; an error becomes a sentence below the list.

        Returns
        -------
        bool
            Whether there was something to show.
        """
        self._progress.setVisible(True)
        try:
            self.session.open_folder(source, on_progress=self._on_progress)
        except CalcMeasureError as error:
            self.details.setText(f"⚠ {error} [{error.code}]")
            return False
        finally:
            self._progress.setVisible(False)
        return True

    def open_results(self, store: Path) -> bool:
        """Draw the measurements of a store; an error becomes a sentence below the list."""
        try:
            self.session.open_results(store)
        except CalcMeasureError as error:
            self.details.setText(f"⚠ {error} [{error.code}]")
            return False
        if self.session.shown is not None:
            self._show_image(self.session.shown)
        return True

    # -- building --------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.tree.setHeaderLabels(["Case", "What is there"])
        self.tree.setAccessibleName("Case list")
        self.tree.setToolTip(
            "Click to show. On the canvas: Page Down / Page Up next / previous patient, . and , within one."
        )
        self.tree.setUniformRowHeights(True)
        header = self.tree.header()
        if header is not None:
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.itemClicked.connect(self._on_row)
        self.tree.itemActivated.connect(self._on_row)
        self.details.setWordWrap(True)
        self.details.setAccessibleName("About the image shown")
        self.details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._progress.setVisible(False)
        layout = QVBoxLayout(self)
        layout.addLayout(self._button_row(("Open folder…", self._ask_folder), ("Open results…", self._ask_results)))
        layout.addWidget(self._progress)
        layout.addWidget(self.tree, stretch=1)
        layout.addWidget(self.details)
        steps = (("◀ Patient", self.session.previous_patient), ("Patient ▶", self.session.next_patient))
        layout.addLayout(self._button_row(*steps))
        self.setMinimumWidth(420)

    def _button_row(self, *buttons: tuple[str, Callable[[], object]]) -> QHBoxLayout:
        row = QHBoxLayout()
        for label, action in buttons:
            button = QPushButton(label, self)
            button.clicked.connect(lambda _checked=False, action=action: action())
            row.addWidget(button)
        return row

    def _bind_keys(self) -> None:
        for key, method in KEYS.items():
            self._viewer.bind_key(key, lambda _viewer, method=method: getattr(self.session, method)(), overwrite=True)

    # -- session to widget -----------------------------------------------------------------------------------------

    def _fill_tree(self, cases: tuple[Case, ...]) -> None:
        self.tree.clear()
        for case in cases:
            row = QTreeWidgetItem(self.tree, [case.name, case.patient_id])
            for visit in case.visits:
                visit_row = QTreeWidgetItem(row, [visit.timepoint, visit.dates])
                for item in visit.items:
                    _add_item(visit_row, item)
        self.tree.expandToDepth(1)

    def _show_image(self, item: Item | None) -> None:
        if item is None:
            self._canvas.clear()
            self.details.setText(_EMPTY)
            return
        QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            hanging = self.session.hang_shown()
            self._canvas.show(hanging)
        finally:
            QApplication.restoreOverrideCursor()
        problems = [f"⚠ {problem}" for problem in hanging.problems]
        self.details.setText("\n".join([f"{item.patient} · {item.timepoint} · {item.title}", *problems, *item.details]))
        self._select(item.key)

    def _select(self, key: str) -> None:
        for row in self.tree.findItems("*", Qt.MatchFlag.MatchWildcard | Qt.MatchFlag.MatchRecursive):
            if row.data(0, _KEY_ROLE) == key:
                self.tree.setCurrentItem(row)

    def _on_progress(self, done: int, total: int) -> None:
        percent = 100 * done // max(total, 1)
        if percent != self._progress.value():
            self._progress.setValue(percent)
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)

    # -- widget to session -----------------------------------------------------------------------------------------

    def _on_row(self, row: QTreeWidgetItem, _column: int = 0) -> None:
        """Show a row; a patient or a time point stands for its first image."""
        while row.data(0, _KEY_ROLE) is None and row.childCount():
            row = row.child(0)
        self.session.show(row.data(0, _KEY_ROLE))

    def _ask_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder with DICOM")
        if chosen:
            self.open_folder(Path(chosen))

    def _ask_results(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Output folder of calcmeasure run")
        if chosen:
            self.open_results(Path(chosen))


def _add_item(parent: QTreeWidgetItem, item: Item) -> None:
    row = QTreeWidgetItem(parent, [item.title, item.summary])
    row.setData(0, _KEY_ROLE, item.key)
    row.setToolTip(1, "\n".join(item.details))
    for view in item.views:
        _add_item(row, view)
