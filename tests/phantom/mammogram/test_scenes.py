from __future__ import annotations

import itertools
from dataclasses import fields, replace
from functools import lru_cache

import numpy as np
import pytest

from calcmeasure.phantom.mammogram.acquisition import draw_acquisition
from calcmeasure.phantom.mammogram.contents import draw_contents
from calcmeasure.phantom.mammogram.deposits import LABEL_CODES
from calcmeasure.phantom.mammogram.detector import RAW_BITS
from calcmeasure.phantom.mammogram.scene_settings import (
    NO_CLUTTER,
    NORMAL_TESTING,
    NORMAL_TRAINING,
    TESTING,
    TRAINING,
    ClutterSettings,
    SceneSettings,
)
from calcmeasure.phantom.mammogram.scenes import Scene, draw_pair, draw_scene, extent_change
from calcmeasure.terms import ExtentChange, MarkLabel, PresentationIntent

SMALL = replace(TRAINING, depth_mm=(42.0, 46.0), pixel_mm=(0.10, 0.10), film_pixel_mm=(0.12, 0.12), film_share=0.0)
BARE = replace(SMALL, clutter=NO_CLUTTER, cluster_share=1.0)
RAW = replace(BARE, presentation_share=0.0, noise_factor=0.05, blur_mm=(0.01, 0.01))
CROWDED = replace(
    SMALL, clutter=ClutterSettings(coarse=2, arteries=2, clips=2, beads=1, skin=2, rims=2), cluster_share=1.0
)


@lru_cache
def scene(seed: int, settings: SceneSettings = SMALL) -> Scene:
    return draw_scene(seed, settings=settings)


def same(a: Scene, b: Scene) -> bool:
    return all(
        np.array_equal(getattr(a, field.name), getattr(b, field.name))
        if isinstance(getattr(a, field.name), np.ndarray)
        else getattr(a, field.name) == getattr(b, field.name)
        for field in fields(Scene)
    )


@pytest.mark.parametrize("settings", [CROWDED, replace(CROWDED, film_share=1.0)], ids=["digital", "film"])
def test_seed_decides_everything(settings):
    assert same(draw_scene(4, settings=settings), draw_scene(4, settings=settings))
    assert not np.array_equal(scene(4, settings).marks_rc, scene(5, settings).marks_rc)


def test_training_and_testing_share_no_seed_and_differ_where_they_say():
    assert not range(max(TRAINING.seeds.start, TESTING.seeds.start), min(TRAINING.seeds.stop, TESTING.seeds.stop))
    assert not set(TRAINING.looks) & set(TESTING.looks)
    assert TESTING.texture_exponent[0] >= TRAINING.texture_exponent[1]
    for name in ("photons_per_mm2", "blur_mm", "scatter_to_primary", "n_strands", "clutter"):
        assert getattr(TRAINING, name) != getattr(TESTING, name)


@pytest.mark.parametrize(("seed", "settings"), [(-1, TRAINING), (TESTING.seeds[0], TRAINING), (0, TESTING)])
def test_foreign_seed_is_refused(seed, settings):
    with pytest.raises(ValueError, match="seed"):
        draw_scene(seed, settings=settings)
    with pytest.raises(ValueError, match="seed"):
        draw_pair(seed, settings=settings)


@pytest.mark.parametrize("settings", [NORMAL_TRAINING, NORMAL_TESTING])
def test_normal_scenes_have_no_group(settings):
    seed = settings.seeds[3]
    normal = draw_scene(seed, settings=replace(settings, depth_mm=(42.0, 42.0), pixel_mm=(0.1, 0.1), film_share=0.0))
    assert MarkLabel.SUSPICIOUS not in normal.labels
    assert (normal.extents_mm, normal.extent_mm) == ({}, 0.0)


def test_nothing_is_drawn_where_the_settings_say_zero():
    empty = draw_scene(2, settings=replace(BARE, cluster_share=0.0))
    assert len(empty.marks_rc) == 0
    assert not empty.label_map.any()


def test_truth_is_complete_and_inside_the_breast():
    shown = scene(8, CROWDED)
    n = len(shown.marks_rc)
    assert n > 20
    assert n == len(shown.diameters_mm) == len(shown.labels) == len(shown.clusters) == len(shown.ideal_d)
    assert {MarkLabel.SUSPICIOUS, MarkLabel.VASCULAR, MarkLabel.COARSE, MarkLabel.SKIN, MarkLabel.FOREIGN} <= set(
        shown.labels
    )
    assert shown.breast[tuple(np.rint(shown.marks_rc).astype(int).T)].all()
    assert (np.array(shown.labels) == MarkLabel.SUSPICIOUS).tolist() == (shown.clusters >= 0).tolist()
    assert np.isfinite(shown.ideal_d).all()


def test_extents_are_the_greatest_distances_between_marks():
    shown = scene(8, CROWDED)
    assert shown.extents_mm
    for number, extent in shown.extents_mm.items():
        places = shown.marks_rc[shown.clusters == number] * shown.spacing.rc_mm
        assert extent == pytest.approx(max(np.hypot(*(a - b)) for a, b in itertools.combinations(places, 2)))


def test_truth_positions_lie_on_drawn_maxima():
    with_marks, without = scene(11, RAW), draw_scene(11, settings=replace(RAW, cluster_share=0.0))
    drawn = with_marks.attenuation - without.attenuation
    checked = 0
    for centre, diameter in zip(with_marks.marks_rc, with_marks.diameters_mm, strict=True):
        apart = np.linalg.norm((with_marks.marks_rc - centre) * with_marks.spacing.rc_mm, axis=1)
        row, col = np.rint(centre).astype(int)
        if np.sort(apart)[1] < 1.5 or diameter < 0.2:
            continue
        window = drawn[row - 4 : row + 5, col - 4 : col + 5]
        peak = np.unravel_index(window.argmax(), window.shape)
        assert np.abs(np.subtract(peak, 4)).max() <= 2
        checked += 1
    assert checked >= 3


def test_clutter_is_seen_where_the_label_map_says():
    shown, clean = scene(8, replace(CROWDED, presentation_share=0.0)), replace(CROWDED, clutter=NO_CLUTTER)
    bare = draw_scene(8, settings=replace(clean, presentation_share=0.0, cluster_share=0.0))
    added = shown.attenuation - bare.attenuation
    for label in (MarkLabel.VASCULAR, MarkLabel.COARSE, MarkLabel.SKIN, MarkLabel.FOREIGN):
        where = (shown.label_map == LABEL_CODES[label]) & shown.breast
        assert where.any()
        assert np.median(added[where]) > 5 * np.median(added[shown.breast & (shown.label_map == 0)])


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_marks_and_tissue_share_one_frame(seed):
    contents = draw_contents(BARE, rng=np.random.default_rng(seed))
    acquisition = draw_acquisition(contents, BARE, rng=np.random.default_rng(seed))
    across, depth = acquisition.axes_mm()
    rows, cols = np.array([0, 17, len(across) - 1]), np.array([len(depth) - 1, 5, 40])
    places = np.column_stack([depth[cols], across[rows]])
    assert acquisition.to_rc(places) == pytest.approx(np.column_stack([rows, cols]))


def test_noise_factor_changes_the_noise_only():
    quiet, loud = scene(3, BARE), scene(3, replace(BARE, noise_factor=2.0))
    assert np.array_equal(quiet.marks_rc, loud.marks_rc)
    assert quiet.ideal_d == pytest.approx(2 * loud.ideal_d)
    assert loud.quantum_sigma == pytest.approx(2 * quiet.quantum_sigma)


def test_blur_factor_and_pixels_leave_the_breast_as_it_is():
    sharp = scene(3, BARE)
    soft, fine = scene(3, replace(BARE, blur_factor=1.5)), scene(3, replace(BARE, pixel_mm=(0.08, 0.08)))
    assert (soft.ideal_d < sharp.ideal_d).all()
    assert fine.extents_mm == pytest.approx(sharp.extents_mm)


def test_values_are_what_loading_a_file_would_give():
    raw = scene(3, replace(BARE, presentation_share=0.0))
    shown = scene(3, replace(BARE, presentation_share=1.0))
    film = scene(3, replace(BARE, film_share=1.0))
    assert (raw.intent, shown.intent, film.intent) == (
        PresentationIntent.FOR_PROCESSING,
        PresentationIntent.FOR_PRESENTATION,
        None,
    )
    counts = np.exp(np.log((1 << RAW_BITS) - 1) - raw.attenuation.astype(float))
    assert np.allclose(counts, np.rint(counts), rtol=1e-5)
    for image in (shown, film):
        assert np.array_equal(image.attenuation, np.rint(image.attenuation))
        assert image.attenuation.min() >= 0
    assert {image.attenuation.dtype for image in (raw, shown, film)} == {np.dtype(np.float32)}
    for image in (raw, shown, film):
        away = image.valid & ~image.breast
        assert np.median(image.attenuation[image.breast]) > np.median(image.attenuation[away])


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (20.0, 22.0, ExtentChange.INCREASE),
        (20.0, 21.999, ExtentChange.UNCHANGED),
        (20.0, 18.0, ExtentChange.DECREASE),
        (20.0, 18.001, ExtentChange.UNCHANGED),
        (0.0, 0.0, ExtentChange.UNCHANGED),
        (0.0, 3.0, ExtentChange.INCREASE),
        (5.0, 0.0, ExtentChange.DECREASE),
    ],
)
def test_ten_per_cent_rule_includes_its_limits(before, after, expected):
    assert extent_change(before, after) is expected


def test_pairs_show_one_breast_twice():
    pairs = [draw_pair(seed, settings=BARE) for seed in range(30, 36)]
    assert {pair.change for pair in pairs} == {ExtentChange.INCREASE, ExtentChange.DECREASE, ExtentChange.UNCHANGED}
    for pair in pairs:
        assert pair.before.laterality is pair.after.laterality
        assert pair.before.view is pair.after.view
        assert extent_change(pair.before.extent_mm, pair.after.extent_mm) is pair.change
        assert same(draw_pair(30, settings=BARE).after, pairs[0].after)
