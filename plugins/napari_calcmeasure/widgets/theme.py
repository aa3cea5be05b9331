"""Colours of the reading room: near-black around the image, text that meets WCAG AA, amber for what is active.

Colours of the window are a napari theme, applied to one viewer and never to napari's settings. Colour never carries
meaning alone: a word, a symbol or a line style goes with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.components import ViewerModel

THEME_ID = "calcmeasure-reading-room"
AMBER = "#e69f00"
"""Okabe-Ito orange: what is active, focused or measured."""
SKY = "#56b4e9"
VERMILION = "#ff7f3f"
"""Warnings as text; lighter than Okabe-Ito's, which does not reach AA on this background."""
CANVAS = "#050607"
TEXT = "#e8ecef"
QUIET_TEXT = "#b4bdc4"
BACKGROUND = "#14171a"
FOREGROUND = "#1e2226"
PRIMARY = "#2a3036"
SECONDARY = "#48515a"
HIGHLIGHT = "#3b444c"
CURRENT = "#5e4200"
"""Behind a pressed or chosen button: a brown that carries light text."""

COLOURS = {
    "canvas": CANVAS,
    "console": CANVAS,
    "background": BACKGROUND,
    "foreground": FOREGROUND,
    "primary": PRIMARY,
    "secondary": SECONDARY,
    "highlight": HIGHLIGHT,
    "text": TEXT,
    "icon": "#c5ccd2",
    "warning": AMBER,
    "error": "#b3261e",
    "current": CURRENT,
}
"""Colours of the napari theme, as in the manifest."""

TARGET_HEIGHT = 26
"""Least height of a control, pixels."""

PANEL_STYLE = f"""
QLabel {{ background: transparent; }}
QLabel[role="value"] {{ font-size: 22pt; font-weight: 600; color: {TEXT}; }}
QLabel[role="title"] {{ font-weight: 600; }}
QLabel[role="quiet"] {{ color: {QUIET_TEXT}; }}
QLabel[role="warning"] {{ color: {VERMILION}; }}
QLabel[role="link"] {{ color: {SKY}; }}
QPushButton, QComboBox, QLineEdit {{ min-height: {TARGET_HEIGHT - 6}px; padding: 3px 8px; border: 1px solid {SECONDARY};
    border-radius: 3px; background-color: {PRIMARY}; }}
QPushButton:hover, QComboBox:hover {{ background-color: {HIGHLIGHT}; }}
QPushButton:checked {{ background-color: {CURRENT}; border: 1px solid {AMBER}; font-weight: 600; }}
QPushButton[role="main"] {{ border: 1px solid {AMBER}; font-weight: 600; }}
QPushButton:disabled, QComboBox:disabled, QLineEdit:disabled {{ color: #7d868d; border-color: {PRIMARY};
    background-color: {FOREGROUND}; }}
QPushButton:focus, QComboBox:focus, QLineEdit:focus, QCheckBox:focus, QRadioButton:focus, QSlider:focus,
QTreeWidget:focus, QListWidget:focus, QTextBrowser:focus {{ border: 1px solid {AMBER}; }}
QCheckBox, QRadioButton {{ min-height: {TARGET_HEIGHT}px; spacing: 6px; border: 1px solid transparent; }}
QSlider {{ min-height: {TARGET_HEIGHT}px; border: 1px solid transparent; }}
QSlider::handle:horizontal {{ background-color: {QUIET_TEXT}; }}
QTreeWidget, QListWidget, QTextBrowser {{ background-color: {FOREGROUND}; border: 1px solid {PRIMARY};
    border-radius: 3px; }}
QTreeWidget::item, QListWidget::item {{ min-height: {TARGET_HEIGHT - 2}px; }}
QTreeWidget::item:selected, QListWidget::item:selected {{ background-color: {CURRENT}; color: {TEXT}; }}
QHeaderView::section {{ background-color: {BACKGROUND}; color: {QUIET_TEXT}; padding: 3px 6px; border: 0; }}
QProgressBar {{ min-height: 18px; border: 1px solid {SECONDARY}; border-radius: 3px; text-align: center;
    background-color: {FOREGROUND}; color: {TEXT}; }}
QProgressBar::chunk {{ background-color: {CURRENT}; }}
QGroupBox {{ border: 0; margin-top: 20px; font-weight: 600; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 0; padding: 2px 0; color: {QUIET_TEXT}; }}
"""
"""Style sheet of our own panels and dialogs; works without the theme too."""

DIALOG_STYLE = f"""
QDialog {{ background-color: {BACKGROUND}; }}
QWidget {{ color: {TEXT}; }}
{PANEL_STYLE}"""
"""Style sheet of our dialogs, which do not inherit the window's theme."""


def dress(viewer: ViewerModel) -> None:
    """Give one viewer the colours of the reading room; other windows and napari's settings stay as they are."""
    from napari.utils.theme import available_themes, get_theme, register_theme

    if THEME_ID not in available_themes():
        # Normally napari has it from the manifest; not where plugins are not discovered, as in tests.
        words = {"id": THEME_ID, "label": "calcmeasure reading room", **COLOURS}
        register_theme(THEME_ID, {**get_theme("dark").model_dump(), **words}, "calcmeasure")
    viewer.theme = THEME_ID


def contrast_ratio(one: str, other: str) -> float:
    """Contrast of two colours by WCAG 2.2, 1 to 21.

    Parameters
    ----------
    one, other
        ``#rrggbb``.

    Examples
    --------
    >>> round(contrast_ratio("#000000", "#ffffff"), 1)
    21.0
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
