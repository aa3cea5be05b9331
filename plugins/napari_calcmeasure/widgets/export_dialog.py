"""What to export and where to: this patient or all, into a folder of the reader's choice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qtpy.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QRadioButton, QWidget

from napari_calcmeasure.widgets.controls import label
from napari_calcmeasure.widgets.dialogs import Question

_HINT = "Tables (CSV) and annotations (JSON). Patient ids are written as they stand in the image headers."


@dataclass(frozen=True, slots=True)
class ExportAnswer:
    """What to write, and where to.

    Parameters
    ----------
    include_unsigned
        Whether drafts are written too, marked as such.
    """

    this_patient: bool
    folder: Path
    include_unsigned: bool


def folder_problem(folder: str) -> str:
    """Say what is wrong with an output folder; empty when it can be written into or made."""
    if not folder.strip():
        return "Choose a folder."
    path = Path(folder.strip()).expanduser()
    if path.exists() and not path.is_dir():
        return "There is a file of this name; choose a folder."
    if not path.is_dir() and not path.parent.is_dir():
        return "The folder above it does not exist."
    return ""


class ExportDialog(Question):
    """Asks what to export.

    Parameters
    ----------
    folder
        Proposed; None where the reader must choose.
    """

    def __init__(self, folder: Path | None = None, *, parent: QWidget | None = None) -> None:
        super().__init__("Export", "What should be exported?", accept="Export", parent=parent)
        self.this_patient = QRadioButton("&This patient")
        self.all_patients = QRadioButton("&All patients of this reader")
        self.this_patient.setChecked(True)
        self.unsigned = QCheckBox("Include &unsigned drafts, marked as such")
        self.field = QLineEdit("" if folder is None else str(folder))
        self.field.setAccessibleName("Folder")
        self.field.textChanged.connect(lambda text: self.show_problem(folder_problem(text)))
        self.browse = QPushButton("&Browse…")
        self.browse.clicked.connect(self._browse)
        caption = QLabel("&Folder")
        caption.setBuddy(self.field)
        row = QHBoxLayout()
        for part in (caption, self.field, self.browse):
            row.addWidget(part)
        for choice in (self.this_patient, self.all_patients, self.unsigned):
            self.body.addWidget(choice)
        self.body.addLayout(row)
        self.body.addWidget(label(_HINT, role="quiet"))
        self.show_problem(folder_problem(self.field.text()), is_said=False)
        self.field.setFocus()

    @property
    def answer(self) -> ExportAnswer | None:
        """What is chosen now; None while there is no folder."""
        if folder_problem(self.field.text()):
            return None
        folder = Path(self.field.text().strip()).expanduser()
        return ExportAnswer(self.this_patient.isChecked(), folder, self.unsigned.isChecked())

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder for the export", self.field.text())
        if chosen:
            self.field.setText(chosen)


def ask_export(folder: Path | None = None, *, parent: QWidget | None = None) -> ExportAnswer | None:
    """Ask what to export; None for nothing after all. Parameters as of `ExportDialog`."""
    dialog = ExportDialog(folder, parent=parent)
    return dialog.answer if dialog.exec() else None
