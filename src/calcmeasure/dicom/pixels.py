"""A mammogram's pixels in two forms: attenuation to detect on, and a display copy to look at.

Order of steps (PS3.3 C.7.6.3, C.11.1, C.11.2): padding is taken out of the stored values, then the modality transform,
then for display the VOI transform, then polarity, once. Which way attenuation runs is decided as follows.

- For Presentation: the way the picture is meant to look. Presentation LUT Shape decides when present (INVERSE: high
  values dark), Photometric Interpretation otherwise (MONOCHROME1: high values dark). MONOCHROME1 with INVERSE is the
  regular pair and inverts once; a pair that contradicts itself is flagged. These values are taken as they are.
- For Processing: by physics. Pixel Intensity Relationship Sign -1 means that higher values are less X-ray intensity, +1
  that they are more; without it, polarity decides as above. Unless the relationship is LOG, values are proportional to
  exposure; attenuation is the negative logarithm of the exposure relative to the largest the format can hold. The
  display copy is then drawn from the attenuation, because raw values are not meant to be looked at.

Reversing maps v to lowest + highest - v over the range the format can hold, so the same picture stored either way gives
the same numbers.
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
from calcmeasure.dicom.voi import Grey, VoiFunction, Window, window_from_pixels
from calcmeasure.errors import ErrorCode, PixelError
from calcmeasure.model.imaging import Mammogram
from calcmeasure.terms import Flag, PresentationIntent

_GREY = ("MONOCHROME1", "MONOCHROME2")
_LOSSY_SYNTAXES = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 81))
"""JPEG Baseline, Extended and progressive, JPEG-LS near-lossless: always lossy, whatever the header says."""

Values = NDArray[Any]
_Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class MammogramPixels:
    """One mammogram, ready to detect on and to show.

    Parameters
    ----------
    attenuation
        (rows, columns) float32; higher means more X-ray attenuation, about logarithmic for both intents. For Processing
        images are in nepers (0 is the least attenuation the format can hold), others in modality units. Padding holds
        the lowest valid value.
    display
        (rows, columns) uint8 as a reader expects it: dense tissue bright, background and padding black.
    valid
        (rows, columns) False where a pixel is padding.
    flags
        Advisory codes.
    """

    attenuation: NDArray[np.float32]
    display: NDArray[np.uint8]
    valid: NDArray[np.bool_]
    flags: tuple[str, ...]


def load_mammogram(mammogram: Mammogram) -> MammogramPixels:
    """Decode a mammogram and bring it into the one form that the rest works on.

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
    return _Mapping.read(header, layout, mammogram.intent).apply(stored)


@dataclass(frozen=True, slots=True)
class _Mapping:
    """How stored values of one image become attenuation and grey."""

    header: Header
    layout: FrameLayout
    is_for_processing: bool

    @classmethod
    def read(cls, header: Header, layout: FrameLayout, intent: PresentationIntent | None) -> _Mapping:
        stated = intent.value if intent is not None else header.text("PresentationIntentType")
        return cls(header, layout, stated == PresentationIntent.FOR_PROCESSING)

    def apply(self, stored: Values) -> MammogramPixels:
        valid = _valid_pixels(stored, self.header, self.layout)
        if not valid.any():
            raise PixelError("every pixel is padding", code=ErrorCode.PADDING_ONLY)
        flags = _header_flags(self.header)
        levels, index = _levels(stored, self.layout)
        values, value_range = _modality_values(levels, self.header, self.layout)
        if self.is_for_processing:
            scale, grey = self._processing_attenuation(values, value_range), None
        else:
            inverted = _is_inverted(self.header)
            scale = _reversed(values, value_range) if inverted else values
            grey = self._stated_grey(values, inverted=inverted)
            flags += [Flag.WINDOW_GUESSED] if grey is None else []
        attenuation = scale.astype(np.float32, copy=False)[index]
        if grey is None:
            grey = _windowed(scale, window_from_pixels(attenuation[valid]))
        display = np.rint(grey * 255).astype(np.uint8)[index]
        if not valid.all():
            attenuation[~valid], display[~valid] = attenuation[valid].min(), 0
        return MammogramPixels(attenuation, display, valid, tuple(flags))

    def _stated_grey(self, values: Values, *, inverted: bool) -> Grey | None:
        """Grey after the VOI transform and polarity; None when the header states no usable window or table."""
        table = read_lookup_table(self.header, "VOILUTSequence", signed_input=bool(values.min() < 0))
        window = _first_window(self.header)
        if table is None and window is None:
            return None
        grey = table.apply_as_grey(values) if table is not None else _windowed(values, window)
        return 1 - grey if inverted else grey

    def _processing_attenuation(self, values: Values, value_range: _Range) -> Values:
        sign = self.header.integer("PixelIntensityRelationshipSign")
        rises_with_exposure = sign == 1 if sign in (1, -1) else _is_inverted(self.header)
        if self.header.text("PixelIntensityRelationship") == "LOG":
            return _reversed(values, value_range) if rises_with_exposure else values
        exposure = values if rises_with_exposure else _reversed(values, value_range)
        return _log_attenuation(exposure, value_range, step=_step(value_range, self.layout))


# -- steps ---------------------------------------------------------------------------------------------------------


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


def _windowed(values: Values, window: Window | None) -> Grey:
    return np.zeros(values.shape, np.float32) if window is None else window.apply(values)


def _first_window(header: Header) -> Window | None:
    centre, width = header.number("WindowCenter"), header.number("WindowWidth")
    if centre is None or width is None:
        return None
    functions = {f.value: f for f in VoiFunction}
    window = Window(centre, width, functions.get(header.text("VOILUTFunction"), VoiFunction.LINEAR))
    return window if window.is_usable else None


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
