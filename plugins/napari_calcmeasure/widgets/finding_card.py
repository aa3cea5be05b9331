"""The selected finding: its length large, where it comes from in words, and what the reader says about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from calcmeasure.model.measurement import Measurement
from calcmeasure.terms import Laterality, LesionRole, Modality
from napari_calcmeasure.reading.finding import Finding
from napari_calcmeasure.reading.roles import has_status
from napari_calcmeasure.widgets import finding_words as words
from napari_calcmeasure.widgets.controls import Choice, label, say
from napari_calcmeasure.widgets.role_words import ROLES, SITES, STATUSES, role_choices

NOTHING_SELECTED = "Nothing selected"
HOW_TO_BEGIN = "Draw with one of the tools, press A to search automatically, or click a finding."
SIDES: tuple[tuple[Laterality | None, str], ...] = (
    (None, "not said"),
    (Laterality.RIGHT, "right"),
    (Laterality.LEFT, "left"),
)
_ENTRIES: Mapping[str, Sequence[tuple[StrEnum | None, str]]] = {
    "morphology": words.MORPHOLOGIES,
    "distribution": words.DISTRIBUTIONS,
    "lesion_type": words.LESION_TYPES,
    "laterality": SIDES,
    "role": ROLES,
    "site": SITES,
    "status": STATUSES,
}


class FindingCard(QWidget):
    """Shows one finding and tells what the reader changes about it; itself it changes nothing.

    Signals: ``described(dict)`` with one descriptor by name (``morphology``, ``distribution``, ``lesion_type``,
    ``laterality``, ``role``, ``site``, ``status``); ``level_changed(float)`` 0-1.
    """

    described = Signal(object)
    level_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.value = label(role="value", name="Length")
        self.state = label(role="title", name="State of the finding")
        self.state.setWordWrap(False)
        self.state.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.size_line = label(name="Further sizes")
        self.place = label(role="quiet", name="Image measured")
        self.source = label(role="quiet", name="Source of the millimetres")
        self.link = label(role="link", name="Earlier lesion")
        self.warning = label(role="warning", name="Warnings")
        self.morphology = self._choice("Morphology", "morphology")
        self.distribution = self._choice("Distribution", "distribution")
        self.lesion_type = self._choice("Kind of lesion", "lesion_type")
        self.side = self._choice("Side", "laterality")
        self.role = self._choice("Followed as", "role")
        self.site = self._choice("Organ the lesion lies in", "site")
        self.status = self._choice("What became of the non-target lesion", "status")
        self.level = self._slider()
        self._form = QFormLayout()
        self._lay_out()
        self.show_finding(None, None)

    def show_finding(
        self,
        finding: Finding | None,
        measured: Measurement | None,
        *,
        link_words: str = "",
        role: LesionRole | None = None,
    ) -> None:
        """Show a finding.

        Parameters
        ----------
        finding
            None when nothing is selected.
        measured
            None while the drawing does not measure to anything.
        link_words
            Such as ``= R-C1, baseline 44.3 mm``.
        role
            What the lesion is followed as, perhaps since baseline.
        """
        self.value.setText(words.length_words(measured) if finding else NOTHING_SELECTED)
        self.state.setText(words.STATE_WORDS[finding.state] if finding else "")
        say(self.size_line, words.size_words(measured) if finding else HOW_TO_BEGIN)
        say(self.place, f"{finding.annotation.lesion_id} · {words.place_words(finding)}" if finding else "")
        say(self.source, words.source_words(finding) if finding else "")
        say(self.link, link_words if finding else "")
        say(self.warning, words.warning_words(measured))
        self._show_descriptors(finding)
        self._show_role(finding, role=role)
        self._show_level(finding)

    def _show_descriptors(self, finding: Finding | None) -> None:
        one = finding.annotation if finding else None
        is_mg = one is not None and one.modality is Modality.MG
        is_mr = one is not None and one.modality is Modality.MR
        self.morphology.put(words.MORPHOLOGIES, value=one.morphology if one else None)
        self.distribution.put(words.DISTRIBUTIONS, value=one.distribution if one else None)
        self.lesion_type.put(words.LESION_TYPES, value=one.lesion_type if one else None)
        self.side.put(SIDES, value=one.laterality if one else None)
        self._form.setRowVisible(self.morphology, is_mg)
        self._form.setRowVisible(self.distribution, is_mg)
        self._form.setRowVisible(self.lesion_type, is_mr)
        self._form.setRowVisible(self.side, is_mr)

    def _show_role(self, finding: Finding | None, *, role: LesionRole | None) -> None:
        one = finding.annotation if finding else None
        is_mr = one is not None and one.modality is Modality.MR
        self.role.put(role_choices(one), value=one.role if one else None)
        self.site.put(SITES, value=one.site if one else None)
        self.status.put(STATUSES, value=one.status if one else None)
        self._form.setRowVisible(self.role, is_mr)
        self._form.setRowVisible(self.site, is_mr)
        self._form.setRowVisible(self.status, is_mr and finding is not None and has_status(finding, role=role))

    def _show_level(self, finding: Finding | None) -> None:
        mask = finding.mask if finding and words.is_seeded(finding) else None
        self._form.setRowVisible(self.level, mask is not None)
        # While the hand is on the slider it is ahead of what comes back.
        if mask is not None and not self.level.isSliderDown():
            self.level.blockSignals(True)
            self.level.setValue(round(mask.level * 100))
            self.level.blockSignals(False)

    def _choice(self, name: str, key: str) -> Choice:
        return Choice(name, lambda value: self._tell(key, value))

    def _tell(self, key: str, value: Any) -> None:  # noqa: ANN401 - Qt hands enums back as plain text
        entries = _ENTRIES[key]
        self.described.emit({key: next((one for one, _ in entries if one == value), None)})

    def _slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(2, 98)
        slider.setPageStep(5)
        slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        slider.setAccessibleName("Threshold of the segmentation")
        slider.setToolTip("How bright a voxel must be: left for a larger lesion, right for a smaller one")
        slider.valueChanged.connect(lambda percent: self.level_changed.emit(percent / 100))
        return slider

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.value, stretch=1)
        top.addWidget(self.state)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(top)
        for line in (self.size_line, self.place, self.source, self.link, self.warning):
            layout.addWidget(line)
        rows: tuple[tuple[str, QWidget], ...] = (
            ("&Morphology", self.morphology),
            ("Distri&bution", self.distribution),
            ("&Kind", self.lesion_type),
            ("&Side", self.side),
            ("Followed &as", self.role),
            ("Lo&cation", self.site),
            ("Stat&us", self.status),
            ("&Threshold", self.level),
        )
        self._form.setVerticalSpacing(6)
        self._form.setContentsMargins(0, 6, 0, 0)
        for text, control in rows:
            caption = QLabel(text)
            caption.setBuddy(control)
            self._form.addRow(caption, control)
        layout.addLayout(self._form)
