"""Numbers to words: the only place where lengths are rounded for people or turned into centimetres."""

from __future__ import annotations


def format_mm(value_mm: float | None) -> str:
    """Write a length with one decimal.

    Examples
    --------
    >>> format_mm(12.34), format_mm(0.0), format_mm(None)
    ('12.3 mm', '0 mm', 'not measurable')
    """
    if value_mm is None:
        return "not measurable"
    return "0 mm" if value_mm == 0 else f"{value_mm:.1f} mm"


def format_percent(percent: float | None) -> str:
    """Write a change with its sign.

    Examples
    --------
    >>> format_percent(-42.857), format_percent(0.0), format_percent(None)
    ('−42.9 %', '0.0 %', '')
    """
    if percent is None:
        return ""
    sign = "+" if percent > 0 else "−" if percent < 0 else ""
    return f"{sign}{abs(percent):.1f} %"


def format_flag(flag: str) -> str:
    """Write a code in words.

    Examples
    --------
    >>> format_flag("one_view_only")
    'one view only'
    """
    return flag if flag.startswith("E_") else flag.replace("_", " ")
