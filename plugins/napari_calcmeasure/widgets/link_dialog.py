"""Which earlier lesion a finding continues: Enter takes the likeliest, a digit another, a letter another relation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QButtonGroup, QCheckBox, QRadioButton, QWidget

from calcmeasure.terms import LesionRelation
from napari_calcmeasure.widgets.controls import label
from napari_calcmeasure.widgets.dialogs import Question

RELATIONS: tuple[tuple[LesionRelation, str, str], ...] = (
    (LesionRelation.SAME, "S", "Same lesion, seen again"),
    (LesionRelation.SPLIT, "P", "Part of a lesion that fell apart"),
    (LesionRelation.MERGED, "M", "Merged: several lesions became one"),
    (LesionRelation.NEW, "N", "New: not seen before"),
    (LesionRelation.GONE, "G", "Gone: looked for, and not there (0 mm)"),
)
"""Relation, its key, and words."""
_FIRST_CHOSEN = (LesionRelation.SAME, LesionRelation.SPLIT, LesionRelation.MERGED, LesionRelation.GONE)


@dataclass(frozen=True, slots=True)
class EarlierLesion:
    """A lesion of an earlier visit.

    Parameters
    ----------
    lesion_id
        Such as ``R-C1``.
    timepoint
        The last visit it was measured at.
    length_mm
        At that visit; None when it could not be measured.
    place
        Where, such as ``CC, MLO`` or ``slice 41``.
    """

    lesion_id: str
    timepoint: str
    length_mm: float | None
    place: str = ""

    @property
    def words(self) -> str:
        """One line: identifier, length, visit and place."""
        length = "not measurable" if self.length_mm is None else f"{self.length_mm:.1f} mm"
        place = f" · {self.place}" if self.place else ""
        return f"{self.lesion_id} · {length} · {self.timepoint}{place}"


@dataclass(frozen=True, slots=True)
class LinkAnswer:
    """What a reader stated; `from_lesions` is empty for a new lesion."""

    relation: LesionRelation
    from_lesions: tuple[str, ...]


def link_problem(relation: LesionRelation, chosen: Sequence[str]) -> str:
    """Say what is wrong with a statement; empty when it makes sense.

    Examples
    --------
    >>> link_problem(LesionRelation.MERGED, ["R-C1"])
    'Choose at least two lesions that merged.'
    """
    if relation is LesionRelation.MERGED and len(chosen) < 2:
        return "Choose at least two lesions that merged."
    if relation is LesionRelation.NEW:
        return ""
    if relation is not LesionRelation.MERGED and len(chosen) != 1:
        return "Choose one earlier lesion."
    return ""


class LinkDialog(Question):
    """Asks which earlier lesion a finding is.

    Parameters
    ----------
    finding
        The finding in words.
    earlier
        The likeliest first; it is chosen to begin with.
    stated
        What the reader said before, to begin with; None for the same lesion, or new when there is nothing earlier.
    """

    def __init__(
        self,
        finding: str,
        earlier: Sequence[EarlierLesion],
        *,
        stated: LinkAnswer | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Earlier lesion", f"Which earlier lesion is {finding}?", accept="Link", parent=parent)
        self._earlier = tuple(earlier)
        self.boxes = [self._box(number, one) for number, one in enumerate(self._earlier, start=1)]
        if not self._earlier:
            self.body.addWidget(label("No earlier lesion is known on this side.", role="quiet"))
        self.body.addWidget(label("It is", role="quiet"))
        self._group = QButtonGroup(self)
        self.relations = {one: self._radio(one, key, words) for one, key, words in RELATIONS}
        self._begin(stated or LinkAnswer(LesionRelation.SAME, ()))
        self.accept_button.setFocus()
        self._check()

    @property
    def answer(self) -> LinkAnswer | None:
        """What is stated now; None while it makes no sense."""
        relation, chosen = self.relation, self._chosen()
        if link_problem(relation, chosen):
            return None
        return LinkAnswer(relation, () if relation is LesionRelation.NEW else chosen)

    @property
    def relation(self) -> LesionRelation:
        """The relation chosen now."""
        return next((one for one, radio in self.relations.items() if radio.isChecked()), LesionRelation.SAME)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose by digit and letter; a digit for the same lesion answers at once."""
        text = event.text().upper()
        relation = next((one for one, key, _ in RELATIONS if key == text), None)
        if relation is not None:
            self.relations[relation].setChecked(True)
            if relation is LesionRelation.NEW:
                self.accept()
        elif text.isdecimal() and 1 <= int(text) <= len(self.boxes):
            self._press(int(text) - 1)
        else:
            super().keyPressEvent(event)

    def _begin(self, stated: LinkAnswer) -> None:
        """Choose what was stated, as far as it can be; the likeliest lesion where none was named."""
        self.relations[stated.relation if self._earlier else LesionRelation.NEW].setChecked(True)
        named = [place for place, one in enumerate(self._earlier) if one.lesion_id in stated.from_lesions]
        for place in named or range(min(len(self.boxes), 1)):
            self.boxes[place].setChecked(True)

    def _press(self, place: int) -> None:
        self.boxes[place].click() if self.relation is LesionRelation.MERGED else self.boxes[place].setChecked(True)
        if self.relation is LesionRelation.SAME:
            self.accept()

    def _box(self, number: int, lesion: EarlierLesion) -> QCheckBox:
        box = QCheckBox(f"{number}   {lesion.words}" if number <= 9 else lesion.words)
        box.setAccessibleName(lesion.words)
        box.toggled.connect(lambda is_on, number=number: self._on_box(number - 1, is_on))
        self.body.addWidget(box)
        return box

    def _radio(self, relation: LesionRelation, key: str, words: str) -> QRadioButton:
        radio = QRadioButton(f"{key}   {words}")
        radio.setAccessibleName(words)
        radio.setEnabled(bool(self._earlier) or relation is LesionRelation.NEW)
        radio.toggled.connect(self._on_relation)
        self._group.addButton(radio)
        self.body.addWidget(radio, alignment=Qt.AlignmentFlag.AlignLeft)
        return radio

    def _chosen(self) -> tuple[str, ...]:
        pairs = zip(self._earlier, self.boxes, strict=True)
        return tuple(lesion.lesion_id for lesion, box in pairs if box.isChecked())

    def _on_box(self, place: int, is_on: bool) -> None:
        if is_on and self.relation is not LesionRelation.MERGED:
            for other, box in enumerate(self.boxes):
                box.setChecked(box.isChecked() and other == place)
        self._check()

    def _on_relation(self, is_on: bool) -> None:
        if not is_on:
            return
        checked = [box for box in self.boxes if box.isChecked()]
        if self.relation in _FIRST_CHOSEN and self.relation is not LesionRelation.MERGED:
            for box in checked[1:]:
                box.setChecked(False)
        for box in self.boxes:
            box.setEnabled(self.relation is not LesionRelation.NEW)
        self._check()

    def _check(self) -> None:
        self.show_problem(link_problem(self.relation, self._chosen()))


def ask_link(
    finding: str,
    earlier: Sequence[EarlierLesion],
    *,
    stated: LinkAnswer | None = None,
    parent: QWidget | None = None,
) -> LinkAnswer | None:
    """Ask which earlier lesion a finding is; None to leave it open. Parameters as of `LinkDialog`."""
    dialog = LinkDialog(finding, earlier, stated=stated, parent=parent)
    return dialog.answer if dialog.exec() else None
