"""Pictures of the documentation in few colours: they are kept small."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from calcmeasure.report.palette import AMBER, BLUE, GREEN, SKY, VERMILION
from calcmeasure.report.study.figures.style import PURPLE

IMAGES = Path(__file__).parents[2] / "docs" / "images"
DPI = 140
GREYS, SHADES = 64, (0.25, 0.5, 0.72, 0.85)
MARKED = "#3ddc97"
"""What is true on grey: brighter than the palette's green, which is lost there."""
DRAWN = (BLUE, VERMILION, GREEN, PURPLE, AMBER, SKY, MARKED)


def save_small(figure: Figure, path: Path, *, dpi: int = DPI) -> None:
    """Write a picture in few colours: greys, and shades of the colours that are drawn with."""
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi=dpi)
    palette = Image.new("P", (1, 1))
    palette.putpalette(_palette())
    pixels = Image.open(picture).convert("RGB")
    pixels.quantize(palette=palette, dither=Image.Dither.NONE).save(path, "PNG", optimize=True)
    print(f"wrote {path.name}", flush=True)


def _palette() -> list[int]:
    greys = np.linspace(0, 255, GREYS)[:, None] * np.ones(3)
    pure = np.array([to_rgb(colour) for colour in DRAWN]) * 255
    shades = [pure + share * (ground - pure) for ground in (0.0, 255.0) for share in SHADES]
    return np.concatenate([greys, pure, *shades]).round().astype(int).ravel().tolist()
