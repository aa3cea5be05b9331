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

import numpy as np
from numpy.typing import NDArray

from calcmeasure.dicom.modality import ModalityImage, load_modality_image
from calcmeasure.dicom.presentation import stated_choices
from calcmeasure.dicom.voi import Grey, window_from_pixels
from calcmeasure.model.imaging import Mammogram
from calcmeasure.terms import Flag


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
    image = load_modality_image(mammogram)
    stated = _stated_grey(image)
    flags = image.flags + ([Flag.WINDOW_GUESSED] if stated is None and not image.is_for_processing else [])
    attenuation = image.attenuation.astype(np.float32, copy=False)[image.places]
    grey = _guessed_grey(image, attenuation) if stated is None else stated
    display = np.rint(grey * 255).astype(np.uint8)[image.places]
    if not image.valid.all():
        attenuation[~image.valid], display[~image.valid] = attenuation[image.valid].min(), 0
    return MammogramPixels(attenuation, display, image.valid, tuple(flags))


def _stated_grey(image: ModalityImage) -> Grey | None:
    """Grey after the VOI transform and polarity; None when the header states no usable window or table."""
    choice = next(iter(stated_choices(image)), None)
    if choice is None:
        return None
    grey = choice.apply(image.levels)
    return 1 - grey if image.is_inverted else grey


def _guessed_grey(image: ModalityImage, attenuation: NDArray[np.float32]) -> Grey:
    window = window_from_pixels(attenuation[image.valid])
    return np.zeros(image.levels.shape, np.float32) if window is None else window.apply(image.attenuation)
