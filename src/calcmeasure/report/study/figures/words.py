"""What the figures call things: the same word for the same thing on every axis and in every caption."""

from __future__ import annotations

from calcmeasure.study.variables import Pair, Variable
from calcmeasure.terms import Quantity

SHORT_SIZES = {
    Variable.EXTENT_FOLLOWUP: "MG",
    Variable.DIAMETER_FOLLOWUP: "MRI",
    Variable.PATHOLOGY_SIZE: "specimen",
}
QUANTITY_TITLES = {
    Quantity.CALCIFICATION_EXTENT: "Extent of microcalcifications on mammography",
    Quantity.LESION_DIAMETER: "Diameter of the enhancing lesion on MRI",
}
ABBREVIATIONS = {
    "MG": "mammography",
    "MRI": "magnetic resonance imaging",
    "NAT": "neoadjuvant treatment",
    "ICC": "intraclass correlation coefficient",
    "CI": "confidence interval",
    "HR": "hormone receptor",
    "HER2": "human epidermal growth factor receptor 2",
    "TN": "triple negative",
    "pCR": "pathological complete response",
    "AUC": "area under the curve",
    "PPV": "positive predictive value",
    "NPV": "negative predictive value",
    "CR": "complete response",
    "PR": "partial response",
    "SD": "stable disease",
    "PD": "progressive disease",
    "NE": "not evaluable",
    "MLO": "mediolateral oblique",
    "CC": "craniocaudal",
}


def abbreviations(*names: str) -> str:
    """Spell out abbreviations as the last sentence of a caption.

    Examples
    --------
    >>> abbreviations("MG", "CI")
    'MG, mammography; CI, confidence interval.'
    """
    return "; ".join(f"{name}, {ABBREVIATIONS[name]}" for name in names) + "."


def lower(words: str) -> str:
    """Go on with words that began a sentence.

    Examples
    --------
    >>> lower("Lesion diameter on MRI")
    'lesion diameter on MRI'
    """
    return words[:1].lower() + words[1:]


def pair_title(pair: Pair) -> str:
    """Name two sizes that are compared.

    Examples
    --------
    >>> pair_title(Pair.EXTENT_PATHOLOGY)
    'MG and specimen'
    """
    return f"{SHORT_SIZES[pair.first]} and {SHORT_SIZES[pair.second]}"


def left_out_words(count: int, *, lacking: str) -> str:
    """Say how many rows a figure does not show; empty when it shows them all.

    Examples
    --------
    >>> left_out_words(2, lacking="one of the two sizes"), left_out_words(0, lacking="a date")
    ('2 included cases lack one of the two sizes. ', '')
    """
    return f"{count} included {'case lacks' if count == 1 else 'cases lack'} {lacking}. " if count else ""
