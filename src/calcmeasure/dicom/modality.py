"""Stored pixels of a mammogram as modality values: padding taken out, modality transform applied, polarity known.

The rules are those at the head of `calcmeasure.dicom.pixels`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calcmeasure.dicom.codecs import decode_layout
from calcmeasure.dicom.frame_layout import FrameLayout, read_layout
from calcmeasure.dicom.header import Header
from calcmeasure.dicom.lookup_tables import read_lookup_table
from calcmeasure.errors import ErrorCode, PixelError
from calcmeasure.model.imaging import Mammogram
from calcmeasure.terms import Flag, PresentationIntent

_GREY = ("MONOCHROME1", "MONOCHROME2")
_LOSSY_SYNTAXES = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 81))
"""JPEG Baseline, Extended and progressive, JPEG-LS near-lossless: always lossy, whatever the header says."""

Values = NDArray[Any]
_Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ModalityImage:
    """One picture as places in a list of values: transforms run per value, not per pixel.

    Parameters
    ----------
    header
        Of the file.
    levels
        (n,) modality value of every value a pixel can have.
    attenuation
        (n,) the same as attenuation, higher means more of it: in nepers For Processing, in modality units otherwise.
    places
        (rows, columns) each pixel's place in `levels`.
    valid
        (rows, columns) False where a pixel is padding.
    is_for_processing
        Whether the values are not meant to be looked at.
    is_inverted
        Whether high modality values are meant to be dark.
    value_range
        Modality values the format can hold, low end first.
    """

    header: Header
    levels: Values
    attenuation: Values
    places: Values
    valid: NDArray[np.bool_]
    is_for_processing: bool
    is_inverted: bool
    value_range: tuple[float, float]

    @property
    def flags(self) -> list[str]:
        """Advisory codes about the file."""
        return _header_flags(self.header)


def load_modality_image(mammogram: Mammogram) -> ModalityImage:
    """Decode a mammogram.

    Parameters
    ----------
    mammogram
        From the index; only its image reference and intent are used.

    Raises
    ------
    PixelError
        ``E_PADDING_ONLY`` when no pixel is left, ``E_PHOTOMETRIC`` for a colour image, otherwise as `decode_frames`.
    """
    header, layout = read_layout(mammogram.image.path)
    if header.text("PhotometricInterpretation") not in _GREY:
        raise PixelError("a colour image, where a grey one is needed", code=ErrorCode.PHOTOMETRIC)
    stored = decode_layout(mammogram.image.path, layout, frames=[mammogram.image.frame])[0]
    valid = _valid_pixels(stored, header, layout)
    if not valid.any():
        raise PixelError("every pixel is padding", code=ErrorCode.PADDING_ONLY)
    stored_levels, places = _levels(stored, layout)
    levels, value_range = _modality_values(stored_levels, header, layout)
    stated = mammogram.intent.value if mammogram.intent is not None else header.text("PresentationIntentType")
    is_for_processing, is_inverted = stated == PresentationIntent.FOR_PROCESSING, _is_inverted(header)
    if is_for_processing:
        attenuation = _processing_attenuation(levels, header, value_range=value_range, step=_step(value_range, layout))
    else:
        attenuation = _reversed(levels, value_range) if is_inverted else levels
    return ModalityImage(
        header, levels, attenuation, places, valid, is_for_processing, is_inverted, value_range=value_range
    )


# -- steps ---------------------------------------------------------------------------------------------------------


def _processing_attenuation(values: Values, header: Header, *, value_range: _Range, step: float) -> Values:
    sign = header.integer("PixelIntensityRelationshipSign")
    rises_with_exposure = sign == 1 if sign in (1, -1) else _is_inverted(header)
    if header.text("PixelIntensityRelationship") == "LOG":
        return _reversed(values, value_range) if rises_with_exposure else values
    exposure = values if rises_with_exposure else _reversed(values, value_range)
    return _log_attenuation(exposure, value_range, step=step)


def _levels(stored: Values, layout: FrameLayout) -> tuple[Values, Values]:
    """List the values pixels can have and each pixel's place in the list: transforms run per value, not per pixel.

    Up to 16 bits the list is everything the format can hold, otherwise what occurs in the picture.
    """
    if layout.bits_stored > 16:
        levels, index = np.unique(stored, return_inverse=True)
        return levels, index.reshape(stored.shape)
    low, high = _stored_range(layout)
    return np.arange(low, high + 1), stored - np.int32(low) if low else stored


def _stored_range(layout: FrameLayout) -> tuple[int, int]:
    low = -(1 << layout.bits_stored - 1) if layout.signed else 0
    return low, low + (1 << layout.bits_stored) - 1


def _valid_pixels(stored: Values, header: Header, layout: FrameLayout) -> NDArray[np.bool_]:
    """Tell padding: False within Pixel Padding Value ... Range Limit, both ends included (PS3.3 C.7.5.1.1.2)."""
    padding = header.integer("PixelPaddingValue")
    if padding is None:
        return np.ones(stored.shape, dtype=bool)
    limit = header.integer("PixelPaddingRangeLimit")
    ends = sorted(_as_stored(v, layout) for v in (padding, padding if limit is None else limit))
    valid: NDArray[np.bool_] = (stored < ends[0]) | (stored > ends[1])
    return valid


def _as_stored(value: int, layout: FrameLayout) -> int:
    """Undo a padding value written with the wrong sign: US for signed pixels or the reverse."""
    span = 1 << layout.bits_allocated
    if layout.signed:
        return value - span if value >= span // 2 else value
    return value + span if value < 0 else value


def _modality_values(stored: Values, header: Header, layout: FrameLayout) -> tuple[Values, _Range]:
    """Values after the modality transform, and the range the format can hold, low end first."""
    table = read_lookup_table(header, "ModalityLUTSequence", signed_input=layout.signed)
    if table is not None:
        return table.apply(stored).astype(np.float32), (0.0, float(2**table.bits - 1))
    low, high = _stored_range(layout)
    slope, intercept = header.number("RescaleSlope") or 1.0, header.number("RescaleIntercept") or 0.0
    ends = sorted((low * slope + intercept, high * slope + intercept))
    values = stored.astype(np.float32)
    if (slope, intercept) != (1.0, 0.0):
        values = (stored * slope + intercept).astype(np.float32)
    return values, (ends[0], ends[1])


def _reversed(values: Values, value_range: _Range) -> Values:
    flipped: Values = np.float32(value_range[0] + value_range[1]) - values
    return flipped


def _step(value_range: _Range, layout: FrameLayout) -> float:
    """Smallest difference two modality values can have."""
    return (value_range[1] - value_range[0]) / ((1 << layout.bits_stored) - 1)


def _log_attenuation(exposure: Values, value_range: _Range, *, step: float) -> Values:
    """Negative natural logarithm of the exposure as a fraction of the greatest one; one step is the floor."""
    zero = min(value_range[0], 0.0)
    counted = np.maximum(exposure - np.float32(zero), np.float32(step))
    logarithm: Values = np.float32(np.log(value_range[1] - zero)) - np.log(counted)
    return logarithm


def _is_inverted(header: Header) -> bool:
    """Whether high values are meant to be dark."""
    shape = header.text("PresentationLUTShape")
    if shape in ("IDENTITY", "INVERSE"):
        return shape == "INVERSE"
    return header.text("PhotometricInterpretation") == "MONOCHROME1"


def _header_flags(header: Header) -> list[str]:
    flags: list[str] = []
    if header.text("LossyImageCompression") == "01" or header.transfer_syntax in _LOSSY_SYNTAXES:
        flags.append(Flag.LOSSY)
    shape, photometric = header.text("PresentationLUTShape"), header.text("PhotometricInterpretation")
    if (shape, photometric) in (("IDENTITY", "MONOCHROME1"), ("INVERSE", "MONOCHROME2")):
        flags.append(Flag.POLARITY_CONFLICT)
    return flags
