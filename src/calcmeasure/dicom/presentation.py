"""A mammogram to look at: modality values in a compact array, and every way its header offers to show them.

Only limits and a grey curve change when a reader picks another window; the array stays. Polarity is told once, beside
the choices, and is not applied to the values: what the header calls a window is then found in the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calcmeasure.dicom.header import Header
from calcmeasure.dicom.lookup_tables import read_lookup_tables
from calcmeasure.dicom.modality import ModalityImage, load_modality_image
from calcmeasure.dicom.voi import Grey, LookupTable, VoiFunction, Window, window_from_pixels
from calcmeasure.model.imaging import Mammogram
from calcmeasure.terms import Flag

Values = NDArray[Any]


class VoiOrigin(StrEnum):
    """Where a way of showing an image comes from."""

    TABLE = "table"
    """An item of the VOI LUT Sequence."""
    WINDOW = "window"
    """A pair of Window Center and Window Width."""
    FROM_PIXELS = "from the pixels"
    """A window over most of the breast's values."""
    FULL_RANGE = "full range"
    """From the lowest to the highest value in the image."""


@dataclass(frozen=True, slots=True)
class VoiChoice:
    """One way of showing an image.

    Parameters
    ----------
    name
        The header's explanation; a plain word where it gives none. Unique among the choices of an image.
    origin
        Who offers it.
    transform
        Modality values to grey, before polarity.
    """

    name: str
    origin: VoiOrigin
    transform: Window | LookupTable

    def apply(self, values: Values) -> Grey:
        """Map modality values to grey 0-1, before polarity."""
        if isinstance(self.transform, Window):
            return self.transform.apply(values)
        return self.transform.apply_as_grey(values)


@dataclass(frozen=True, slots=True, eq=False)
class DisplayValues:
    """A mammogram as it is shown.

    Parameters
    ----------
    values
        (rows, columns) uint16, int16 or float32, as stored, nothing mirrored: modality values; attenuation in nepers
        For Processing, whose raw values are not meant to be looked at. Padding holds the value that is shown darkest.
    padding
        (rows, columns) True where a pixel is padding; None when there is none.
    choices
        At least one; the first is how `load_mammogram` draws its display copy.
    is_inverted
        Whether grey is to be turned round after the choice's transform.
    flags
        Advisory codes, those of `load_mammogram`.
    """

    values: Values
    padding: NDArray[np.bool_] | None
    choices: tuple[VoiChoice, ...]
    is_inverted: bool
    flags: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        """Size of the arrays in bytes."""
        return self.values.nbytes + (0 if self.padding is None else self.padding.nbytes)


def load_display_values(mammogram: Mammogram) -> DisplayValues:
    """Decode a mammogram to be looked at.

    Parameters
    ----------
    mammogram
        From the index; only its image reference and intent are used.

    Raises
    ------
    PixelError
        As `load_mammogram`.
    """
    image = load_modality_image(mammogram)
    levels = _compact(image.attenuation if image.is_for_processing else image.levels)
    is_inverted = image.is_inverted and not image.is_for_processing
    values, padding = levels[image.places], None
    if not image.valid.all():
        padding = ~image.valid
        values[padding] = levels.max() if is_inverted else levels.min()
    stated = stated_choices(image)
    flags = image.flags + ([Flag.WINDOW_GUESSED] if not stated and not image.is_for_processing else [])
    shown = values if padding is None else values[image.valid]
    return DisplayValues(values, padding, (*stated, *_own_choices(image, shown)), is_inverted, tuple(flags))


def stated_choices(image: ModalityImage) -> tuple[VoiChoice, ...]:
    """Usable tables and windows of the header: tables first, each in the header's order; none For Processing."""
    if image.is_for_processing:
        return ()
    tables = read_lookup_tables(image.header, "VOILUTSequence", signed_input=bool(image.levels.min() < 0))
    choices = [
        *(VoiChoice(table.explanation or "table", VoiOrigin.TABLE, table) for table in tables),
        *(VoiChoice(one.explanation or "window", VoiOrigin.WINDOW, one) for one in _windows(image.header)),
    ]
    return tuple(_with_unique_names(choices))


def _windows(header: Header) -> list[Window]:
    """Usable windows in the header's order."""
    functions = {f.value: f for f in VoiFunction}
    function = functions.get(header.text("VOILUTFunction"), VoiFunction.LINEAR)
    words = header.texts("WindowCenterWidthExplanation")
    pairs = enumerate(zip(header.numbers("WindowCenter"), header.numbers("WindowWidth"), strict=False))
    found = [Window(c, w, function, explanation=words[n] if n < len(words) else "") for n, (c, w) in pairs]
    return [window for window in found if window.is_usable]


def _with_unique_names(choices: list[VoiChoice]) -> Iterator[VoiChoice]:
    """Tell choices of one name apart by numbers: window 1, window 2."""
    names = [choice.name for choice in choices]
    for place, choice in enumerate(choices):
        if names.count(choice.name) == 1:
            yield choice
        else:
            number = names[: place + 1].count(choice.name)
            yield VoiChoice(f"{choice.name} {number}", choice.origin, choice.transform)


def _own_choices(image: ModalityImage, shown: Values) -> Iterator[VoiChoice]:
    """Ours: most of the breast's values, and all of the image's."""
    is_inverted = image.is_inverted and not image.is_for_processing
    window = _window_over_breast(image)
    if window is not None:
        centre = sum(image.value_range) - window.centre if is_inverted else window.centre
        moved = Window(centre, window.width, window.function)
        yield VoiChoice(VoiOrigin.FROM_PIXELS.value, VoiOrigin.FROM_PIXELS, moved)
    low, high = float(shown.min()), float(shown.max())
    if low == high:  # an even picture is black, as in the display copy
        low, high = (low - 1, high) if is_inverted else (low, high + 1)
    full = Window((low + high) / 2, high - low, VoiFunction.LINEAR_EXACT)
    yield VoiChoice(VoiOrigin.FULL_RANGE.value, VoiOrigin.FULL_RANGE, full)


def _window_over_breast(image: ModalityImage) -> Window | None:
    """`window_from_pixels` of the attenuation, without a copy of the whole picture."""
    places = image.places[image.valid]
    sample = places[:: max(1, places.size // 200_000)]
    return window_from_pixels(image.attenuation.astype(np.float32, copy=False)[sample])


def _compact(levels: Values) -> Values:
    """Whole numbers of 16 bits where nothing is lost, float32 otherwise."""
    for kind in (np.uint16, np.int16):
        limits = np.iinfo(kind)
        fits = limits.min <= levels.min() and levels.max() <= limits.max
        if fits and np.array_equal(levels, np.rint(levels)):
            return levels.astype(kind)
    return levels.astype(np.float32)
