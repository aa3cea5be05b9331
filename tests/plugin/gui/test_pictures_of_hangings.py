"""Every hanging as a small picture, beside the one that was looked at.

``CALCMEASURE_NEW_PICTURES=1`` writes them anew: look at each before it is kept.
"""

from __future__ import annotations

import os
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, zoom

pytestmark = [pytest.mark.gui, pytest.mark.slow, pytest.mark.timeout(600)]
GOLDEN = Path(__file__).parents[2] / "golden" / "plugin"
WIDTH = 320
MEAN, BLURRED = 6.0, 12.0
"""Greatest mean difference, and greatest difference after a blur that hides letters, in grey levels of 255."""


def picture_of(reader):
    """The canvas without words, small and grey."""
    reader.viewer.canvas.overlays.text.visible = False
    for layer in reader.viewer.layers:
        layer.name_overlay.visible = False
        layer.visible = layer.visible and not layer.name.startswith("words")
    reader.settle()
    shot = reader.viewer.screenshot(canvas_only=True, flash=False)[..., :3].mean(axis=-1)
    share = WIDTH / shot.shape[1]
    return np.clip(zoom(gaussian_filter(shot, 0.4 / share), share, order=1), 0, 255).astype(np.uint8)


def check(picture, name):
    path = GOLDEN / f"{name}.png"
    if os.environ.get("CALCMEASURE_NEW_PICTURES"):
        path.parent.mkdir(parents=True, exist_ok=True)
        iio.imwrite(path, picture // 8 * 8)
        return
    wanted = iio.imread(path).astype(float)
    rows = min(len(wanted), len(picture))
    assert abs(len(wanted) - len(picture)) <= 4, "another shape of the canvas"
    seen, wanted = picture[:rows].astype(float), wanted[:rows]
    assert seen.mean() > 1, "a black canvas"
    assert np.abs(seen - wanted).mean() < MEAN, name
    assert np.abs(gaussian_filter(seen - wanted, 4)).max() < BLURRED, name


def test_every_hanging(sit_down, patients, tmp_path):
    reader = sit_down(patients, tmp_path / "m.sqlite")
    items = [item for item in reader.session.case.items if item.timepoint != "baseline"]
    seen = {}
    for item in items:
        reader.session.show(item.key)
        reader.settle()
        for look in reader.session.looks:
            if look.protocol not in seen:
                reader.session.hang(look)
                reader.settle()
                seen[look.protocol] = picture_of(reader)
    assert len(seen) >= 9, sorted(seen)
    for protocol, picture in seen.items():
        check(picture, "-".join(word for word in str(protocol).lower().split() if word != "|"))
