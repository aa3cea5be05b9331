"""Digitised film and presentation looks: brighter is denser, background is neither zero nor even, soil is labelled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calcmeasure.phantom.mammogram.burnt_in import burn_in, lose_pixels
from calcmeasure.phantom.mammogram.film import FilmSpec, film_variance, optical_density, scan_film
from calcmeasure.phantom.mammogram.looks import LOOKS, present
from calcmeasure.phantom.mammogram.scene_settings import TESTING, TRAINING

PIXEL_MM = (0.1, 0.1)
CLEAN = FilmSpec(dust=0, hairs=0, scratches=0, lines=0, plate=False, slope=0.0, grain=0.0, bits=12)
RAMP = np.tile(np.linspace(-2.5, 2.0, 200, dtype=np.float32), (180, 1))


def scan(film: FilmSpec, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return scan_film(RAMP.copy(), film, pixel_mm=PIXEL_MM, rng=np.random.default_rng(seed))


def test_density_falls_with_attenuation_and_is_steepest_in_the_middle():
    nepers = np.linspace(-3, 3, 601, dtype=np.float32)
    slope = np.gradient(optical_density(nepers, CLEAN).astype(float), nepers.astype(float))
    assert (slope < 0).all()
    assert nepers[slope.argmin()] == pytest.approx(CLEAN.middle_nepers, abs=0.02)
    assert slope.min() == pytest.approx(-CLEAN.contrast, rel=0.01)


def test_clean_film_has_no_label_and_dense_is_bright():
    values, labels = scan(CLEAN)
    assert not labels.any()
    assert (np.diff(values, axis=1) >= 0).all()
    assert values.min() > 0


@pytest.mark.parametrize(
    "soil",
    [{"dust": 30}, {"hairs": 3}, {"scratches": 3}, {"lines": 2}, {"plate": True}, {"frame_mm": 2.0}],
    ids=lambda soil: next(iter(soil)),
)
def test_what_lies_on_the_film_is_seen_exactly_where_it_is_labelled(soil):
    clean, _ = scan(CLEAN)
    values, labels = scan(replace(CLEAN, scanner_blur_mm=0.001, **soil))
    changed = np.abs(values - clean) > 20
    assert changed.any()
    # Only the soft edges of strokes lie beyond what is labelled.
    assert changed[labels == 0].mean() < 0.01


def test_grain_is_the_stated_variance_in_nepers():
    film = replace(CLEAN, grain=0.02, scanner_blur_mm=1e-4)
    even = np.full((180, 200), CLEAN.middle_nepers, np.float32)
    values, _ = scan_film(even, film, pixel_mm=PIXEL_MM, rng=np.random.default_rng(1))
    nepers_per_grey = 4.0 / (4095 * film.contrast)
    assert (values.std() * nepers_per_grey) ** 2 == pytest.approx(
        float(film_variance(even, film, pixel_mm=PIXEL_MM)[0, 0]), rel=0.05
    )


def test_background_slopes():
    values, _ = scan(replace(CLEAN, slope=0.05))
    assert abs(values[-1, 0] - values[0, 0]) > 10


@pytest.mark.parametrize("name", LOOKS)
def test_every_look_keeps_the_order_of_an_even_breast(name):
    breast = np.ones(RAMP.shape, bool)
    breast[:20] = False
    look = replace(LOOKS[name], sharpening=0.0)
    values = present(RAMP, np.zeros_like(RAMP), breast, look=look, pixel_mm=PIXEL_MM)
    assert (np.diff(values[20:], axis=1) >= 0).all()
    assert (values[:20] == round(look.background * ((1 << look.bits) - 1))).all()
    assert values.max() <= (1 << look.bits) - 1


def test_settings_name_looks_that_exist():
    assert set(TRAINING.looks) | set(TESTING.looks) == set(LOOKS)


def test_burnt_in_marks_are_white_and_labelled():
    for seed in range(8):
        values, labels = np.zeros((300, 260), np.float32), np.zeros((300, 260), np.uint8)
        burn_in(values, labels, white=99.0, pixel_mm=PIXEL_MM, rng=np.random.default_rng(seed))
        assert np.array_equal(values == 99.0, labels > 0)
        assert labels.any()


def test_lost_pixels_are_extreme_and_labelled():
    values, labels = RAMP.copy(), np.zeros(RAMP.shape, np.uint8)
    lose_pixels(values, labels, 5, rng=np.random.default_rng(2))
    assert np.array_equal(values != RAMP, labels > 0)
    assert set(values[labels > 0].tolist()) <= {float(RAMP.min()), float(RAMP.max())}
