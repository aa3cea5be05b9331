"""An answer in the words of the response panel: its row, its rule, what to know about it."""

from __future__ import annotations

from calcmeasure.report.text import format_percent
from napari_calcmeasure.reading.comparison import Answer, Category, Length


def cells(answer: Answer) -> list[str]:
    """Give the cells of a row but for its categories: title, visit, both lengths in mm, change in mm and per cent."""
    draft = " · draft" if answer.is_draft else ""
    change_mm = "" if answer.change_mm is None else _signed(answer.change_mm)
    before, now = (words.removesuffix(" mm") for words in (answer.baseline_words, answer.value_words))
    percent = format_percent(answer.change_percent).removesuffix(" %")
    return [f"{answer.title}{draft}", answer.timepoint or "none yet", before, now, change_mm, percent]


def rule_words(category: Category) -> str:
    """Name profile, rule and how far the class is from another one."""
    words = f"{category.profile} · {category.rule}"
    if category.pixels is None:
        return words
    pixels = "1 pixel" if category.pixels == 1 else f"{category.pixels} pixels"
    return f"{words}\n    would change at ±{pixels} at each end of one line"


def not_judged(answer: Answer) -> str:
    """Say why a row has no category."""
    if not answer.before or not answer.after:
        return "There is nothing to compare yet."
    return "One of several lesions: they are judged together." if answer.lesion_id else "No profile judges this."


def note_lines(answer: Answer) -> list[str]:
    """Say which lines count, where the millimetres come from, and what is missing or to be known."""
    lines = [
        _length_words(name, lengths) for name, lengths in (("Baseline", answer.before), ("Follow-up", answer.after))
    ]
    spacing = f"Millimetres: {answer.spacing}" if answer.spacing else ""
    flags = dict.fromkeys((*answer.flags, *(flag for category in answer.categories for flag in category.flags)))
    missing = [f"Missing: {words}" for words in answer.missing]
    return [line for line in (*lines, spacing, *flags, *missing) if line]


def _signed(change_mm: float) -> str:
    """Write a change in mm with its sign.

    Examples
    --------
    >>> _signed(-2.94), _signed(0.0), _signed(1.2)
    ('−2.9', '0.0', '+1.2')
    """
    sign = "+" if round(change_mm, 1) > 0 else "−" if round(change_mm, 1) < 0 else ""
    return f"{sign}{abs(change_mm):.1f}"


def _length_words(name: str, lengths: tuple[Length, ...]) -> str:
    if len(lengths) < 2:
        return ""
    words = [
        f"{length.name} {'not measurable' if length.value_mm is None else f'{length.value_mm:.1f} mm'}"
        f"{' (counts)' if length.is_decisive else ''}"
        for length in lengths
    ]
    return f"{name}: {', '.join(words)}"
