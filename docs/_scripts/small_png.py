"""Pictures small enough for a repository: fewer pixels, and a palette that keeps the greys and the drawing colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

GREYS, TINTS, COLOURS = 72, 16, 48
"""Entries of the palette: images are grey, panels nearly so, lines and marks are not."""
TINTED, SATURATED = 4, 40
"""Differences of the channels from which a pixel counts as tinted, and as coloured."""


def shrink(picture: Image.Image, path: Path, *, width: int) -> None:
    """Save a picture with at most `width` columns and a palette of its own."""
    small = picture.convert("RGB")
    if small.width > width:
        small = small.resize((width, round(small.height * width / small.width)), Image.Resampling.LANCZOS)
    small.quantize(palette=_palette(small), dither=Image.Dither.NONE).save(path, "PNG", optimize=True)


def _palette(picture: Image.Image) -> Image.Image:
    pixels = np.asarray(picture).reshape(-1, 3)
    spread = np.ptp(pixels.astype(np.int16), axis=1)
    ramp = np.linspace(0, 255, GREYS).round().astype(int)
    entries = [int(grey) for grey in ramp for _channel in range(3)]
    entries += _chosen(pixels[(spread >= TINTED) & (spread < SATURATED)], TINTS)
    entries += _chosen(pixels[spread >= SATURATED], COLOURS)
    palette = Image.new("P", (1, 1))
    palette.putpalette(entries)
    return palette


def _chosen(pixels: np.ndarray, count: int) -> list[int]:
    if not len(pixels):
        return []
    strip = Image.fromarray(pixels[np.newaxis].astype(np.uint8))
    return list(strip.quantize(count, method=Image.Quantize.MEDIANCUT).getpalette() or [])[: 3 * count]
