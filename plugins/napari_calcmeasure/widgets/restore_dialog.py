"""Unsigned work found at the start: restore it, keep it for later, or discard it after a second question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from qtpy.QtWidgets import QCheckBox, QDialogButtonBox, QPushButton, QWidget

from napari_calcmeasure.widgets.controls import label
from napari_calcmeasure.widgets.dialogs import Question

_DISCARD = "&Discard…"
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


class DraftAnswer(StrEnum):
    """What to do with a draft."""

    RESTORE = "restore"
    KEEP = "keep"
    """Leave it where it is and ask again next time."""
    DISCARD = "discard"


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One draft found.

    Parameters
    ----------
    key
        Handed back with the answer.
    patient
        As the case list shows it.
    age_s
        Seconds since it was last written.
    n_findings
        Drawn or stated in it, an unfinished drawing included.
    """

    key: str
    patient: str
    age_s: float
    n_findings: int

    @property
    def words(self) -> str:
        """One line."""
        findings = "1 finding" if self.n_findings == 1 else f"{self.n_findings} findings"
        return f"{self.patient} · {findings} · {age_words(self.age_s)}"


def age_words(age_s: float) -> str:
    """Say how long ago something was.

    Examples
    --------
    >>> age_words(7300)
    '2 hours ago'
    >>> age_words(3)
    'just now'
    """
    for length_s, unit in _UNITS:
        number = int(age_s // length_s)
        if number:
            return f"{number} {unit}{'s' if number > 1 else ''} ago"
    return "just now"


def discard_words(drafts: Sequence[DraftRow]) -> str:
    """Say what would be lost."""
    findings = sum(one.n_findings for one in drafts)
    many = "this draft" if len(drafts) == 1 else f"these {len(drafts)} drafts"
    return f"Discard {many} with {findings} finding{'s' if findings != 1 else ''}? They cannot be brought back."


class RestoreDialog(Question):
    """Asks about unsigned work. Enter restores everything; Escape keeps everything for later.

    Parameters
    ----------
    drafts
        Found beside the store.
    """

    def __init__(self, drafts: Sequence[DraftRow], *, parent: QWidget | None = None) -> None:
        heading = "There is unsigned work from before. What should happen to what is ticked?"
        super().__init__("Unsigned work", heading, accept="&Restore", parent=parent)
        self._drafts = tuple(drafts)
        self._decision = DraftAnswer.KEEP
        self.boxes = [self._box(one) for one in self._drafts]
        self.question = label(role="warning", name="Confirm")
        self.body.addWidget(self.question)
        self.discard = QPushButton(_DISCARD)
        self.discard.clicked.connect(self._on_discard)
        self.buttons.addButton(self.discard, QDialogButtonBox.ButtonRole.ActionRole)
        keep = self.buttons.button(QDialogButtonBox.StandardButton.Cancel)
        keep.setText("&Keep for later")
        self.accepted.connect(self._on_accept)
        self._ask_again()
        self.accept_button.setFocus()

    @property
    def answer(self) -> dict[str, DraftAnswer]:
        """Key of every draft to what happens to it; what is not ticked is kept."""
        pairs = zip(self._drafts, self.boxes, strict=True)
        return {one.key: self._decision if box.isChecked() else DraftAnswer.KEEP for one, box in pairs}

    def _box(self, draft: DraftRow) -> QCheckBox:
        box = QCheckBox(draft.words)
        box.setAccessibleName(draft.words)
        box.setChecked(True)
        box.toggled.connect(lambda _is_on: self._ask_again())
        self.body.addWidget(box)
        return box

    def _ticked(self) -> list[DraftRow]:
        return [one for one, box in zip(self._drafts, self.boxes, strict=True) if box.isChecked()]

    def _ask_again(self) -> None:
        """Forget a discard that was not confirmed."""
        self._is_confirming = False
        self.question.hide()
        self.discard.setText(_DISCARD)
        self.discard.setEnabled(bool(self._ticked()))
        self.accept_button.setEnabled(bool(self._ticked()))

    def _on_discard(self) -> None:
        if self._is_confirming:
            self._decision = DraftAnswer.DISCARD
            self.done(QDialogButtonBox.StandardButton.Discard.value)
            return
        self._is_confirming = True
        self.question.setText(f"⚠ {discard_words(self._ticked())}")
        self.question.show()
        self.discard.setText("Yes, &discard")

    def _on_accept(self) -> None:
        self._decision = DraftAnswer.RESTORE


def ask_restore(drafts: Sequence[DraftRow], *, parent: QWidget | None = None) -> dict[str, DraftAnswer]:
    """Ask what happens to unsigned work; without an answer everything is kept."""
    dialog = RestoreDialog(drafts, parent=parent)
    dialog.exec()
    return dialog.answer
