"""The study's numbers and categories in words: rounded half up as SPSS prints them, sizes in cm where papers do."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite, isinf, isnan

from calcmeasure.stats.agreement import Icc
from calcmeasure.stats.interval import Interval
from calcmeasure.stats.summary import Mean, Median, Share
from calcmeasure.study.variables import ALL, Comparison, Pair, Variable

NOTHING = "–"
"""Of a category without a case."""
MINUS = "−"

VARIABLE_WORDS = {
    Variable.AGE: "Age (years)",
    Variable.REGIMEN: "Neoadjuvant treatment regimen",
    Variable.HISTOLOGY: "Histological type before treatment",
    Variable.SUBTYPE: "Molecular subtype",
    Variable.PCR: "Pathological complete response",
    Variable.SURGERY: "Type of surgery",
    Variable.GRADE: "Tumour grade before treatment",
    Variable.LESION_TYPE_MG: "Mammography before treatment: lesion type",
    Variable.MORPHOLOGY: "Mammography before treatment: shape of calcifications",
    Variable.DISTRIBUTION: "Mammography before treatment: distribution of calcifications",
    Variable.MORPHOLOGY_CHANGE: "Shape of calcifications that changed under treatment",
    Variable.DISTRIBUTION_CHANGE: "Distribution of calcifications that changed under treatment",
    Variable.EXTENT_BASELINE: "Extent of calcifications before treatment",
    Variable.EXTENT_FOLLOWUP: "Extent of calcifications after treatment",
    Variable.EXTENT_CHANGE: "Change in the extent of calcifications",
    Variable.LESION_TYPE_MRI: "MRI before treatment: lesion type",
    Variable.LESIONS: "MRI before treatment: number of lesions",
    Variable.DIAMETER_BASELINE: "Lesion diameter on MRI before treatment",
    Variable.DIAMETER_FOLLOWUP: "Lesion diameter on MRI after treatment",
    Variable.MRI_COMPLETE_RESPONSE: "Complete response on MRI after treatment",
    Variable.RECIST: "Response on MRI",
    Variable.MILLER_PAYNE: "Miller–Payne grade",
    Variable.MILLER_PAYNE_POOLED: "Miller–Payne grade, pooled",
    Variable.RESIDUAL: "Type of residual tumour in the specimen",
    Variable.PATHOLOGY_SIZE: "Size of the residual tumour in the specimen",
}
PAIR_WORDS = {
    Pair.EXTENT_PATHOLOGY: "extent of calcifications and specimen",
    Pair.DIAMETER_PATHOLOGY: "lesion diameter on MRI and specimen",
    Pair.EXTENT_DIAMETER: "extent of calcifications and lesion diameter on MRI",
}
PAIR_HEADS = {
    Pair.EXTENT_PATHOLOGY: "MG and specimen",
    Pair.DIAMETER_PATHOLOGY: "MRI and specimen",
    Pair.EXTENT_DIAMETER: "MG and MRI",
}
COMPARISON_WORDS = {
    Comparison.EXTENT: "Extent of calcifications: before → after treatment",
    Comparison.DIAMETER: "Lesion diameter on MRI: before → after treatment",
    Comparison.EXTENT_PATHOLOGY: "After treatment: extent of calcifications → specimen",
    Comparison.DIAMETER_PATHOLOGY: "After treatment: lesion diameter on MRI → specimen",
}
_CATEGORY_WORDS = {
    "calcifications": "Microcalcifications only",
    "calcifications+mass": "Microcalcifications with mass",
    "fine-linear": "Fine linear or fine-linear branching",
    "diffuse": "Diffuse (scattered)",
    "unchanged": "No change",
    "CR": "Complete response",
    "PR": "Partial response",
    "SD": "Stable disease",
    "PD": "Progressive disease",
    "none": "No residual tumour",
    "invasive": "Invasive carcinoma",
    "invasive+dcis": "Invasive carcinoma and DCIS",
    "dcis": "DCIS only",
    "1-3": "1 to 3",
    "4-5": "4 and 5",
}
_VOCABULARY = frozenset(
    {"yes", "no", "single", "multiple", "decrease", "increase", "mass", "non-mass", "focus", "amorphous", "round",
     "coarse-heterogeneous", "fine-pleomorphic", "vascular", "coarse", "regional", "grouped", "linear", "segmental"}
)  # fmt: skip
"""Our own codes that only need a capital letter and blanks; anything else stays as the table spells it."""


def category_words(category: Hashable) -> str:
    """Name a category; text of the cohort table stays as it is.

    Examples
    --------
    >>> category_words("fine-pleomorphic"), category_words("CR"), category_words("IDC + DCIS")
    ('Fine pleomorphic', 'Complete response', 'IDC + DCIS')
    >>> category_words(("coarse-heterogeneous", "amorphous"))
    'Coarse heterogeneous → amorphous'
    """
    if isinstance(category, tuple):
        before, after = map(category_words, category)
        return f"{before} → {after[0].lower()}{after[1:]}"
    code = str(category)
    if code in _VOCABULARY:
        words = code if code == "non-mass" else code.replace("-", " ")
        return words[0].upper() + words[1:]
    return _CATEGORY_WORDS.get(code, code)


def subgroup_words(name: str) -> str:
    """Name a subgroup.

    Examples
    --------
    >>> subgroup_words("all"), subgroup_words("HR+/HER2-")
    ('All', 'HR+/HER2-')
    """
    return "All" if name == ALL else name


def reason_words(code: str) -> str:
    """Put the reason of an exclusion into words; ``results.json`` keeps the code.

    Examples
    --------
    >>> reason_words("poor_image_quality"), reason_words("E_NO_FOLLOWUP")
    ('poor image quality', 'no follow-up')
    """
    return code.removeprefix("E_").lower().replace("_", " ").replace("followup", "follow-up")


def fixed(value: float, decimals: int) -> str:
    """Write a number with so many decimals, halves rounded up and a true minus sign.

    Examples
    --------
    >>> fixed(6.25, 1), fixed(-0.0184, 3), fixed(float("nan"), 1)
    ('6.3', '−0.018', '–')
    """
    if not isfinite(value):
        return NOTHING if isnan(value) else "∞" if value > 0 else f"{MINUS}∞"
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return f"{MINUS if rounded < 0 else ''}{abs(rounded):f}"


def cm(value_mm: float) -> str:
    """Write a length in mm as cm with one decimal, and nothing as a bare 0.

    Examples
    --------
    >>> cm(28.0), cm(28.5), cm(0.0)
    ('2.8', '2.9', '0')
    """
    return "0" if value_mm == 0 else fixed(float(Decimal(repr(float(value_mm))) / 10), 1)


def mm(value_mm: float) -> str:
    """Write a length in mm with one decimal, and nothing as a bare 0.

    Examples
    --------
    >>> mm(28.04), mm(0.0)
    ('28.0', '0')
    """
    return "0" if value_mm == 0 else fixed(value_mm, 1)


def count_percent(share: Share) -> str:
    """Write n (%); of nothing only the 0.

    Examples
    --------
    >>> count_percent(Share("yes", 52, 127)), count_percent(Share("yes", 0, 15)), count_percent(Share("yes", 0, 0))
    ('52 (40.9)', '0', '–')
    """
    if not share.total:
        return NOTHING
    return f"{share.count} ({fixed(share.percent, 1)})" if share.count else "0"


def median_cm(summary: Median, *, between: str = "–") -> str:
    """Write median (IQR) in cm, or why there is none."""
    return _median(summary, cm, between) if summary.n else "no case"


def median_mm(summary: Median, *, between: str = "–") -> str:
    """Write median (IQR) in mm, or why there is none."""
    return _median(summary, mm, between) if summary.n else "no case"


def mean_sd(summary: Mean) -> str:
    """Write mean ± SD, or why there is none.

    Examples
    --------
    >>> mean_sd(Mean(49.94, 9.31, 127, 0)), mean_sd(Mean(50.0, float("nan"), 1, 0))
    ('49.9 ± 9.3', '50.0 (one case: no SD)')
    """
    if not summary.n:
        return "no case"
    return f"{fixed(summary.value, 1)} " + ("(one case: no SD)" if summary.n == 1 else f"± {fixed(summary.sd, 1)}")


def p_words(p: float) -> str:
    """Write a P value with three decimals.

    Examples
    --------
    >>> p_words(0.0848), p_words(0.00001), p_words(float("nan"))
    ('0.085', '<0.001', 'not defined')
    """
    if isnan(p):
        return "not defined"
    return "<0.001" if p < 0.001 else fixed(p, 3)


def p_equals(p: float) -> str:
    """Write a P value as part of a sentence.

    Examples
    --------
    >>> p_equals(0.0848), p_equals(0.00001), p_equals(float("nan"))
    ('P = 0.085', 'P < 0.001', 'P not defined')
    """
    said = p_words(p)
    return f"P < {said[1:]}" if said.startswith("<") else f"P {said}" if isnan(p) else f"P = {said}"


def with_interval(value: float, interval: Interval, *, decimals: int) -> str:
    """Write an estimate with its interval; an interval that does not exist is said, not drawn.

    Examples
    --------
    >>> with_interval(0.0972, Interval(-0.078, 0.266, 0.95, "F"), decimals=3)
    '0.097 (−0.078 to 0.266)'
    """
    shown = fixed(value, decimals)
    if isnan(interval.low) or isnan(interval.high):
        return f"{shown} (no interval)"
    return f"{shown} ({fixed(interval.low, decimals)} to {fixed(interval.high, decimals)})"


def percent_interval(interval: Interval) -> str:
    """Write the interval of a proportion in per cent.

    Examples
    --------
    >>> percent_interval(Interval(0.8363, 0.9628, 0.95, "Wilson"))
    '83.6–96.3'
    """
    if isnan(interval.low) or isinf(interval.high):
        return NOTHING
    return f"{fixed(100 * interval.low, 1)}–{fixed(100 * interval.high, 1)}"


def _median(summary: Median, write: Callable[[float], str], between: str) -> str:
    return f"{write(summary.value)} ({write(summary.q1)}{between}{write(summary.q3)})"


def icc_words(found: Icc) -> str:
    """Write an ICC with its interval, or why there is none."""
    if found.n < 2:
        return "one case only" if found.n else "no case"
    return "no variation" if isnan(found.value) else with_interval(found.value, found.interval, decimals=3)
