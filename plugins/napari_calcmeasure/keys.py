"""Every key of the reading room in one table: what it does, in words, and a sheet to print. No Qt and no napari."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from html import escape


class Group(StrEnum):
    """Parts of the sheet, in reading order."""

    NAVIGATE = "Navigate"
    LOOK = "Look"
    MEASURE = "Measure"
    SIGN = "Sign"


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One action and its keys.

    Parameters
    ----------
    action
        Name of the action.
    keys
        napari key bindings; the first is the one to teach.
    words
        What it does, in a few words.
    is_held
        Whether it lasts while the key is down: the action is called with True at the press and False at the release.
    """

    action: str
    keys: tuple[str, ...]
    words: str
    group: Group
    is_held: bool = False


_G = Group
SHORTCUTS: tuple[Shortcut, ...] = (
    Shortcut("next_patient", ("PageDown",), "Next patient", _G.NAVIGATE),
    Shortcut("previous_patient", ("PageUp",), "Previous patient", _G.NAVIGATE),
    Shortcut("next_item", ("Shift-PageDown",), "Next examination of the patient", _G.NAVIGATE),
    Shortcut("previous_item", ("Shift-PageUp",), "Previous examination of the patient", _G.NAVIGATE),
    Shortcut("next_view", ("Tab",), "Next image", _G.NAVIGATE),
    Shortcut("previous_view", ("Shift-Tab",), "Previous image", _G.NAVIGATE),
    Shortcut("next_hanging", (".",), "Next hanging", _G.NAVIGATE),
    Shortcut("previous_hanging", (",",), "Previous hanging", _G.NAVIGATE),
    Shortcut("next_phase", ("]",), "Next phase", _G.NAVIGATE),
    Shortcut("previous_phase", ("[",), "Previous phase", _G.NAVIGATE),
    Shortcut("next_slice", ("Up",), "Next slice", _G.NAVIGATE),
    Shortcut("previous_slice", ("Down",), "Previous slice", _G.NAVIGATE),
    Shortcut("next_quadrant", ("Q",), "Next quadrant of a single view", _G.NAVIGATE),
    Shortcut("window_1", ("F1",), "First window of the list", _G.LOOK),
    Shortcut("window_2", ("F2",), "Second window", _G.LOOK),
    Shortcut("window_3", ("F3",), "Third window", _G.LOOK),
    Shortcut("window_4", ("F4",), "Fourth window", _G.LOOK),
    Shortcut("window_5", ("F5",), "Fifth window", _G.LOOK),
    Shortcut("full_range", ("F6",), "Full range of values", _G.LOOK),
    Shortcut("header_window", ("F7",), "Window of the image header", _G.LOOK),
    Shortcut("sigmoid", ("W",), "Sigmoid curve on or off", _G.LOOK),
    Shortcut("invert", ("I",), "Black for white", _G.LOOK),
    Shortcut("flip_horizontal", ("H",), "Mirror left and right (picture only)", _G.LOOK),
    Shortcut("flip_vertical", ("V",), "Mirror up and down (picture only)", _G.LOOK),
    Shortcut("original_pixels", ("1",), "One image pixel to one screen pixel", _G.LOOK),
    Shortcut("fit", ("=",), "Fit to the window", _G.LOOK),
    Shortcut("pan", ("Space",), "Pan with the left button although a tool is held", _G.LOOK, is_held=True),
    Shortcut("loupe", ("G",), "Twice as large", _G.LOOK, is_held=True),
    Shortcut("hide_marks", ("M",), "Hide everything drawn", _G.LOOK, is_held=True),
    Shortcut("flicker_prior", ("P",), "Show the earlier visit in place", _G.LOOK, is_held=True),
    Shortcut("prior_marks", ("Shift-P",), "Lay the earlier visit's marks over, on or off", _G.LOOK),
    Shortcut("navigate", ("Z",), "Put the tool down: pan, zoom, select", _G.MEASURE),
    Shortcut("extent", ("E",), "Extent of calcifications: a line", _G.MEASURE),
    Shortcut("diameter", ("D",), "Diameter of a lesion: a line", _G.MEASURE),
    Shortcut("outline", ("O",), "Outline, corner by corner", _G.MEASURE),
    Shortcut("marks", ("K",), "Mark calcifications one by one (Shift takes away)", _G.MEASURE),
    Shortcut("seed", ("S",), "Segment the lesion clicked", _G.MEASURE),
    Shortcut("brush", ("B",), "Brush on a segmented lesion (Shift erases)", _G.MEASURE),
    Shortcut("larger", ("Shift-Up",), "Larger segmentation or brush; a more sensitive search", _G.MEASURE),
    Shortcut("smaller", ("Shift-Down",), "Smaller segmentation or brush; a less sensitive search", _G.MEASURE),
    Shortcut("auto_detect", ("A",), "Find it automatically", _G.MEASURE),
    Shortcut("take_over", ("T",), "Take over another reader's finding", _G.MEASURE),
    Shortcut("nothing_left", ("N",), "Nothing left: 0 mm", _G.MEASURE),
    Shortcut("not_measurable", ("X",), "Not measurable, with the reason", _G.MEASURE),
    Shortcut("link", ("L",), "Which earlier lesion this is", _G.MEASURE),
    Shortcut("next_finding", ("F",), "Select the next finding", _G.MEASURE),
    Shortcut("previous_finding", ("Shift-F",), "Select the previous finding", _G.MEASURE),
    Shortcut("finish", ("Enter",), "Finish the drawing", _G.MEASURE),
    Shortcut("cancel", ("Escape",), "Give up the drawing", _G.MEASURE),
    Shortcut("delete", ("Delete", "Backspace"), "Delete the selected finding", _G.MEASURE),
    Shortcut("undo", ("Control-Z",), "Undo", _G.MEASURE),
    Shortcut("redo", ("Control-Shift-Z", "Control-Y"), "Redo", _G.MEASURE),
    Shortcut("sign", ("Control-Enter",), "Sign the patient", _G.SIGN),
    Shortcut("export", ("Control-Shift-E",), "Export tables and annotations", _G.SIGN),
    Shortcut("help", ("?", "/"), "This sheet", _G.SIGN),
)
"""All keys; no key stands twice."""

BLOCKED: tuple[str, ...] = (
    *"234567CRY",
    "Shift-A",
    "Shift-L",
    "Shift-V",
    "Control-E",
    "Control-G",
    "Control-T",
    "Control-Alt-T",
    "Control-Delete",
    "Control-Backspace",
    "Shift-Alt-Up",
    "Shift-Alt-Down",
)
"""Keys of napari that would delete, hide or rearrange what the reader looks at: they do nothing in the reading room."""

_SPOKEN = {"Control": "Ctrl", "PageDown": "Page Down", "PageUp": "Page Up", "Escape": "Esc", "Up": "↑", "Down": "↓"}


def shortcut(action: str) -> Shortcut:
    """Look an action up.

    Raises
    ------
    KeyError
        When there is no such action.
    """
    return _BY_ACTION[action]


_BY_ACTION = {one.action: one for one in SHORTCUTS}


def key_words(key: str) -> str:
    """Spell a key as it is printed on keyboards.

    Examples
    --------
    >>> key_words("Control-Shift-Z")
    'Ctrl + Shift + Z'
    >>> key_words("PageDown")
    'Page Down'
    """
    return " + ".join(_SPOKEN.get(part, part) for part in key.split("-"))


def with_key(words: str, action: str) -> str:
    """Add the key of an action to a tooltip.

    Examples
    --------
    >>> with_key("Draw a line", "extent")
    'Draw a line (E)'
    """
    return f"{words} ({key_words(shortcut(action).keys[0])})"


def sheet(*, as_html: bool = False) -> str:
    """Write all keys as text for a terminal, or as one page of HTML to print.

    Parameters
    ----------
    as_html
        A whole document with its style inside and nothing to load from elsewhere.
    """
    return _PAGE.format(body=sheet_body()) if as_html else "\n\n".join(_text_part(group) for group in Group) + "\n"


def sheet_body() -> str:
    """Write the tables of the sheet in HTML, without a document around them."""
    return "\n".join(_html_part(group) for group in Group)


def sheet_markdown() -> str:
    """Write the tables of the sheet in Markdown."""
    return "\n\n".join(_markdown_part(group) for group in Group) + "\n"


def _rows(group: Group) -> Iterator[tuple[tuple[str, ...], str]]:
    """Keys as printed and words, of one group."""
    for one in SHORTCUTS:
        if one.group is group:
            words = f"{one.words} (while held)" if one.is_held else one.words
            yield tuple(key_words(key) for key in one.keys), words


def _text_part(group: Group) -> str:
    lines = [f"  {' or '.join(keys):28}{words}" for keys, words in _rows(group)]
    return "\n".join([str(group), *lines])


def _markdown_part(group: Group) -> str:
    rows = [f"| {' or '.join(f'`{key}`' for key in keys)} | {words} |" for keys, words in _rows(group)]
    return "\n".join([f"## {group}", "", "| key | what it does |", "| --- | --- |", *rows])


def _html_part(group: Group) -> str:
    rows = "\n".join(_html_row(keys, words) for keys, words in _rows(group))
    return f'<h2>{group}</h2>\n<table width="100%">\n{rows}\n</table>'


def _html_row(keys: tuple[str, ...], words: str) -> str:
    return f'<tr><td width="38%">{_html_keys(keys)}</td><td>{escape(words, quote=False)}</td></tr>'


def _html_keys(keys: tuple[str, ...]) -> str:
    return " or ".join(f"<kbd>{escape(key)}</kbd>" for key in keys)


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Keys of the calcmeasure reading room</title>
<style>
body {{ font: 10pt/1.35 sans-serif; columns: 2; column-gap: 12mm; margin: 12mm; color: #101418; background: #fff; }}
h1 {{ column-span: all; font-size: 15pt; margin: 0 0 4mm; }}
h2 {{ font-size: 11pt; margin: 4mm 0 1mm; break-after: avoid; }}
table {{ border-collapse: collapse; }}
tr {{ break-inside: avoid; }}
td {{ border-top: 1px solid #c5ccd2; padding: 0.6mm 2mm 0.6mm 0; vertical-align: top; }}
kbd {{ font: 9pt monospace; white-space: nowrap; border: 1px solid #8c959c; border-radius: 2px; padding: 0 1mm; }}
@page {{ size: A4; margin: 12mm; }}
@media print {{ body {{ margin: 0; font-size: 9pt; }} }}
</style>
</head>
<body>
<h1>Keys of the calcmeasure reading room</h1>
{body}
</body>
</html>
"""
