"""The calcification detector as a whole: what it finds, what it leaves out, and what must not change the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist

from calcmeasure.detect.calcifications.detector import detect_calcifications
from calcmeasure.detect.calcifications.settings import CalcificationSettings
from calcmeasure.detect.contract import CalcificationFindings, ProjectionImage
from calcmeasure.errors import DetectorError, ErrorCode
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.phantom.mammogram.anatomy import BreastSpec
from calcmeasure.phantom.mammogram.calcifications import (
    Calcifications,
    ClusterSpec,
    coarse_benign,
    grow_cluster,
    scattered_punctate,
    vascular_track,
)
from calcmeasure.phantom.mammogram.exposure import MammogramPhantom, MammogramSpec, synthesize_mammogram
from calcmeasure.terms import Distribution, Flag, Laterality, MarkLabel, Morphology, View

ImageMaker = Callable[..., ProjectionImage]


def _group(
    n: int = 14, *, centre_mm: tuple[float, float] = (30.0, 17.0), radius_mm: float = 5.0
) -> NDArray[np.float64]:
    """Evenly spread (sunflower) group: no two marks close, the outermost at `radius_mm`."""
    k = np.arange(n)
    radius, angle = radius_mm * np.sqrt((k + 0.5) / n), k * 2.399963
    return np.column_stack([np.sin(angle), np.cos(angle)]) * radius[:, None] + centre_mm


def _span_mm(findings: CalcificationFindings, spacing: Spacing) -> float:
    return max((float(pdist(c.points_rc * spacing.rc_mm).max()) for c in findings.clusters), default=0.0)


def _sorted_rc(findings: CalcificationFindings) -> NDArray[np.float64]:
    """Sure members of all groups: what is in question may hang on which pixels a coarse band samples."""
    points = np.concatenate([c.points_rc[c.marks.probabilities > 0.9] for c in findings.clusters])
    return points[np.lexsort(points.T)]


@pytest.fixture(scope="module")
def plain(breast_image: ImageMaker) -> tuple[ProjectionImage, CalcificationFindings]:
    image = breast_image(_group())
    return image, detect_calcifications(image)


# -- closed forms -------------------------------------------------------------------------------------


def test_every_blob_of_a_group_is_found_where_it_is(plain: tuple[ProjectionImage, CalcificationFindings]):
    image, findings = plain
    (cluster,) = findings.clusters
    gaps_mm, _ = cKDTree(cluster.points_rc * image.spacing.rc_mm).query(_group())
    assert gaps_mm.max() < 0.06


def test_what_is_probable_is_a_blob(plain: tuple[ProjectionImage, CalcificationFindings]):
    image, findings = plain
    probable = findings.marks.points_rc[findings.marks.probabilities > 0.5]
    gaps_mm, nearest = cKDTree(_group()).query(probable * image.spacing.rc_mm)
    assert sorted(nearest) == list(range(14))
    assert gaps_mm.max() < 0.06


def test_extent_is_the_span_of_the_centres_to_a_tenth(plain: tuple[ProjectionImage, CalcificationFindings]):
    """A faint speck of noise may pass for the weakest member of so dense a group."""
    image, findings = plain
    assert _span_mm(findings, image.spacing) == pytest.approx(pdist(_group()).max(), rel=0.1)


def test_numbers_of_a_cluster_are_in_range(plain: tuple[ProjectionImage, CalcificationFindings]):
    _, findings = plain
    (cluster,) = findings.clusters
    n = len(cluster.points_rc)
    assert cluster.marks.diameters_mm.shape == cluster.marks.probabilities.shape == (n,)
    assert np.all((cluster.marks.probabilities > 0.0) & (cluster.marks.probabilities <= 1.0))
    assert np.all((cluster.marks.diameters_mm > 0.05) & (cluster.marks.diameters_mm <= 1.0))
    assert 0.5 < cluster.confidence <= 1.0
    assert cluster.distribution is Distribution.GROUPED
    assert findings.flags == ()


def test_diameter_follows_the_blob(breast_image: ImageMaker):
    medians = []
    for sigma_mm in (0.10, 0.15, 0.20):
        findings = detect_calcifications(breast_image(_group(), sigma_mm=sigma_mm, contrast=0.3))
        medians.append(float(np.median(findings.clusters[0].marks.diameters_mm)))
    # A Gaussian answers most at s = sigma / 2^(1/4); the disc that does so has the diameter 4 s sqrt(ln 2).
    expected = [4.0 * np.sqrt(np.log(2.0)) * s / 2**0.25 for s in (0.10, 0.15, 0.20)]
    assert_allclose(medians, expected, rtol=0.15)


# -- what must not change the answer ------------------------------------------------------------------


def test_same_input_gives_identical_output(plain: tuple[ProjectionImage, CalcificationFindings]):
    image, findings = plain
    again = detect_calcifications(image)
    assert_array_equal(again.clusters[0].points_rc, findings.clusters[0].points_rc)
    assert_array_equal(again.clusters[0].marks.probabilities, findings.clusters[0].marks.probabilities)


def test_the_image_is_left_as_it_was(breast_image: ImageMaker):
    image = breast_image(_group())
    before = image.attenuation.copy()
    detect_calcifications(image)
    assert_array_equal(image.attenuation, before)
    assert image.valid.all()


@pytest.mark.parametrize("axis", [0, 1])
def test_mirroring_the_image_mirrors_the_marks(plain: tuple[ProjectionImage, CalcificationFindings], axis: int):
    image, findings = plain
    flipped = replace(image, attenuation=np.flip(image.attenuation, axis).copy())
    mirrored = detect_calcifications(flipped)
    points = _sorted_rc(mirrored)
    points[:, axis] = image.attenuation.shape[axis] - 1 - points[:, axis]
    assert_allclose(points[np.lexsort(points.T)], _sorted_rc(findings), atol=0.02)


def test_transposing_the_image_keeps_the_span(plain: tuple[ProjectionImage, CalcificationFindings]):
    image, findings = plain
    # The chest wall must stay on a side edge, so the breast is turned within a square image.
    side = max(image.attenuation.shape)
    square = np.zeros((side, side), dtype=np.float32)
    square[: image.attenuation.shape[0], : image.attenuation.shape[1]] = image.attenuation
    padded = ProjectionImage(square, np.ones_like(square, dtype=bool), image.spacing)
    assert _span_mm(detect_calcifications(padded), image.spacing) == pytest.approx(
        _span_mm(findings, image.spacing), abs=0.05
    )


@pytest.mark.parametrize(("gain", "offset"), [(1.0, 500.0), (900.0, 0.0), (0.01, -3.0), (900.0, 2000.0)])
def test_a_line_of_positive_slope_through_grey_levels_changes_nothing(
    plain: tuple[ProjectionImage, CalcificationFindings], gain: float, offset: float
):
    image, findings = plain
    scaled = replace(image, attenuation=(image.attenuation.astype(float) * gain + offset).astype(np.float32))
    assert_allclose(_sorted_rc(detect_calcifications(scaled)), _sorted_rc(findings), atol=0.05)


@pytest.mark.parametrize(
    "rc_mm", [(0.05, 0.05), (0.07, 0.07), (0.1, 0.1), (0.1, 0.08), (0.08, 0.1), (0.15, 0.15), (0.2, 0.2)]
)
def test_the_same_group_has_the_same_millimetres_on_any_pixel_grid(
    breast_image: ImageMaker, rc_mm: tuple[float, float]
):
    spacing = Spacing(*rc_mm, SpacingSource.DETECTOR)
    findings = detect_calcifications(breast_image(_group(), spacing=spacing, contrast=0.25))
    assert len(findings.clusters) == 1
    assert _span_mm(findings, spacing) == pytest.approx(pdist(_group()).max(), rel=0.1)
    probable_mm = findings.marks.points_rc[findings.marks.probabilities > 0.5] * spacing.rc_mm
    assert pdist(probable_mm).max() == pytest.approx(pdist(_group()).max(), abs=0.15)


def test_positive_means_brighter(breast_image: ImageMaker):
    assert detect_calcifications(breast_image(_group(), contrast=-0.2)).clusters == ()


# -- what is no cluster -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_tissue_alone_holds_no_cluster(breast_image: ImageMaker, seed: int):
    assert detect_calcifications(breast_image(seed=seed)).clusters == ()


def test_a_vessel_is_no_cluster(breast_image: ImageMaker):
    image = breast_image()
    rows, cols = np.indices(image.attenuation.shape) * 0.1
    beads = 1.0 + 0.5 * np.sin(2 * np.pi * cols / 1.3)  # knotty, as real vessels look
    vessel = 0.1 * beads * np.exp(-((rows - 28.0 - 3.0 * np.sin(cols / 9.0)) ** 2) / (2 * 0.25**2)) * (cols < 28)
    findings = detect_calcifications(replace(image, attenuation=(image.attenuation + vessel).astype(np.float32)))
    assert findings.clusters == ()


def test_two_marks_are_no_cluster(breast_image: ImageMaker):
    findings = detect_calcifications(breast_image(np.array([[28.0, 15.0], [30.0, 17.0]]), contrast=0.3))
    assert findings.clusters == ()
    assert len(findings.left_out_rc) == 2


def test_three_strong_close_marks_are_a_cluster(breast_image: ImageMaker):
    points = np.array([[28.0, 15.0], [29.5, 16.5], [28.0, 17.0]])
    findings = detect_calcifications(breast_image(points, contrast=0.3))
    assert [len(c.points_rc) for c in findings.clusters] == [3]


def test_scattered_marks_are_no_cluster(breast_image: ImageMaker):
    points = np.array([[15.0, 8.0], [20.0, 24.0], [31.0, 10.0], [33.0, 27.0], [45.0, 12.0]])
    findings = detect_calcifications(breast_image(points, contrast=0.3))
    assert findings.clusters == ()
    assert len(findings.left_out_rc) == 5


def test_a_far_single_mark_does_not_stretch_a_group(breast_image: ImageMaker):
    points = np.vstack([_group(), [[44.5, 17.0]]])
    findings = detect_calcifications(breast_image(points, contrast=0.25))
    assert _span_mm(findings, Spacing(0.1, 0.1, SpacingSource.DETECTOR)) < 11.0


def test_two_groups_far_apart_stay_two(breast_image: ImageMaker):
    points = np.vstack(
        [_group(9, centre_mm=(20.0, 14.0), radius_mm=2.5), _group(9, centre_mm=(40.0, 14.0), radius_mm=2.5)]
    )
    findings = detect_calcifications(breast_image(points, contrast=0.25))
    assert [len(c.points_rc) for c in findings.clusters] == [9, 9]


# -- images that cannot be judged -----------------------------------------------------------------------


def _image(attenuation: NDArray[np.floating], *, mm: float = 0.1, valid: NDArray[np.bool_] | None = None):
    shape = attenuation.shape
    return ProjectionImage(
        attenuation.astype(np.float32),
        np.ones(shape, dtype=bool) if valid is None else valid,
        Spacing(mm, mm, SpacingSource.DETECTOR),
    )


_NOISE = np.random.default_rng(0).standard_normal((400, 300))


@pytest.mark.parametrize(
    ("image", "flags"),
    [
        pytest.param(_image(np.zeros((400, 300))), (Flag.NO_BREAST,), id="nothing"),
        pytest.param(_image(np.full((400, 300), 4095.0)), (Flag.NO_BREAST,), id="saturated"),
        pytest.param(_image(np.full((400, 300), np.nan)), (Flag.NO_BREAST,), id="not-a-number"),
        pytest.param(_image(_NOISE, valid=np.zeros((400, 300), bool)), (Flag.NO_BREAST,), id="all-padding"),
        pytest.param(_image(_NOISE[:5, :5]), (Flag.NO_BREAST,), id="tiny"),
        pytest.param(_image(_NOISE[:1, :1]), (Flag.NO_BREAST,), id="one-pixel"),
        pytest.param(_image(_NOISE[:, :3]), (Flag.NO_BREAST,), id="strip"),
        pytest.param(_image(_NOISE), (Flag.BREAST_MASK_UNCERTAIN, Flag.BREAST_FILLS_IMAGE), id="all-noise"),
    ],
)
def test_an_image_without_a_breast_gives_no_cluster_and_says_so(image: ProjectionImage, flags: tuple[Flag, ...]):
    findings = detect_calcifications(image)
    assert findings.clusters == ()
    assert findings.flags == flags
    assert findings.breast.shape == image.attenuation.shape
    assert findings.left_out_rc.shape[1] == 2


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(replace(_image(_NOISE), valid=np.ones((3, 3), dtype=bool)), id="shapes differ"),
        pytest.param(_image(np.zeros((2, 20, 20))), id="three axes"),
        pytest.param(_image(np.zeros((0, 20))), id="empty"),
        pytest.param(_image(_NOISE, mm=1.0), id="pixels of 1 mm"),
        pytest.param(_image(_NOISE, mm=0.001), id="pixels of 1 micrometre"),
    ],
)
def test_an_image_that_cannot_be_judged_is_refused_with_a_code(image: ProjectionImage):
    with pytest.raises(DetectorError) as caught:
        detect_calcifications(image)
    assert caught.value.code is ErrorCode.DETECTION


def test_marks_beside_padding_and_holes_are_not_looked_for(breast_image: ImageMaker):
    image = breast_image(_group())
    attenuation, valid = image.attenuation.copy(), image.valid.copy()
    attenuation[250:350, 130:140] = np.nan
    valid[:, :20] = False
    attenuation[:, :20] = -1e6
    findings = detect_calcifications(replace(image, attenuation=attenuation, valid=valid))
    assert findings.clusters
    for cluster in findings.clusters:
        assert np.isfinite(cluster.points_rc).all()
        assert (cluster.points_rc[:, 1] > 20).all()


def test_half_of_the_breast_saturated_still_shows_the_group(breast_image: ImageMaker):
    image = breast_image(_group(), contrast=0.25)
    attenuation = image.attenuation.copy()
    attenuation[:250] = np.minimum(attenuation[:250], 1.5)
    findings = detect_calcifications(replace(image, attenuation=attenuation))
    assert len(findings.clusters[0].points_rc) >= 7


def test_settings_are_used(plain: tuple[ProjectionImage, CalcificationFindings]):
    image, _ = plain
    assert detect_calcifications(image, settings=CalcificationSettings(least_probability=1.0)).clusters == ()
    assert Flag.TOO_MANY_MARKS in detect_calcifications(image, settings=CalcificationSettings(most_marks=3)).flags


# -- phantoms -----------------------------------------------------------------------------------------


def _as_image(phantom: MammogramPhantom, intent: str) -> ProjectionImage:
    attenuation = (
        -np.log(phantom.raw.astype(np.float32)) if intent == "raw" else phantom.presentation.astype(np.float32)
    )
    return ProjectionImage(attenuation, np.ones(attenuation.shape, dtype=bool), phantom.spacing)


def _phantom(seed: int, view: View, *, with_cluster: bool) -> MammogramPhantom:
    rng = np.random.default_rng(seed)
    # Benign marks in the lower part, the group in the upper, 14 mm or more between them.
    marks: Calcifications = scattered_punctate(np.array([[38.0, -24.0, -6.0], [11.0, -30.0, 0.0]]), rng=rng)
    marks = marks + coarse_benign((30.0, -18.0, -8.0), diameter_mm=2.6, seed=seed)
    if with_cluster:
        distribution = (Distribution.GROUPED, Distribution.SEGMENTAL, Distribution.LINEAR)[seed % 3]
        marks = marks + grow_cluster(
            ClusterSpec(
                (27.0, 12.0, 6.0), 22.0, 40, distribution=distribution, diameter_mm=0.38, smallest_mm=0.28, rim_mm=0.45
            ),
            rng=rng,
        )
    else:
        marks = marks + vascular_track((10.0, 12.0, 6.0), length_mm=26.0, rng=rng)
    laterality = Laterality.RIGHT if seed % 2 else Laterality.LEFT
    return synthesize_mammogram(
        MammogramSpec(laterality, view, BreastSpec(seed=seed, depth_mm=57.0, width_mm=80.0), marks), rng=seed
    )


@pytest.mark.parametrize("view", [View.CC, View.MLO])
@pytest.mark.parametrize("seed", range(3))
def test_the_group_of_a_phantom_is_found_and_measured(seed: int, view: View):
    phantom = _phantom(seed, view, with_cluster=True)
    for intent in ("raw", "presentation"):
        findings = detect_calcifications(_as_image(phantom, intent))
        assert len(findings.clusters) == 1
        assert _span_mm(findings, phantom.spacing) == pytest.approx(phantom.extent_mm, abs=2.0)
        assert findings.flags == ()


@pytest.mark.parametrize("seed", range(3))
def test_bright_casts_are_a_group_and_nothing_foreign(seed: int):
    casts = ClusterSpec((27.0, 12.0, 6.0), 14.0, 16, Morphology.FINE_LINEAR, Distribution.LINEAR, diameter_mm=0.5)
    spec = MammogramSpec(
        Laterality.LEFT,
        View.CC,
        BreastSpec(seed=seed, depth_mm=57.0, width_mm=80.0),
        grow_cluster(casts, rng=np.random.default_rng(seed)),
    )
    phantom = synthesize_mammogram(spec, rng=seed)
    findings = detect_calcifications(_as_image(phantom, "raw"))
    assert len(findings.clusters) == 1
    assert _span_mm(findings, phantom.spacing) == pytest.approx(phantom.extent_mm, abs=1.5)
    on_casts = cKDTree(phantom.marks_rc).query(findings.marks.points_rc)[0] < 4.0
    foreign = findings.marks.labelled(MarkLabel.FOREIGN)
    assert (on_casts & foreign).sum() <= 0.1 * on_casts.sum()


@pytest.mark.parametrize("view", [View.CC, View.MLO])
@pytest.mark.parametrize("seed", range(2))
def test_a_breast_with_benign_marks_only_holds_no_group(seed: int, view: View):
    phantom = _phantom(seed, view, with_cluster=False)
    assert Morphology.VASCULAR in phantom.morphologies
    for intent in ("raw", "presentation"):
        findings = detect_calcifications(_as_image(phantom, intent))
        assert findings.clusters == ()
        assert findings.flags == (Flag.CALCIFIED_ARTERIES,)
        benign_mm = findings.left_out_rc * phantom.spacing.rc_mm
        coarse_mm = phantom.marks_rc[[m is Morphology.COARSE for m in phantom.morphologies]] * phantom.spacing.rc_mm
        assert cKDTree(benign_mm).query(coarse_mm)[0].max() < 0.8
