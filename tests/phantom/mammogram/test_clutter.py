"""Each kind of clutter, alone, gives marks of its own label and size, and changes the tissue the right way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calcmeasure.phantom.mammogram.anatomy import Anatomy, BreastSpec, build_anatomy
from calcmeasure.phantom.mammogram.bulk import with_air, with_fold, with_implant
from calcmeasure.phantom.mammogram.clutter import draw_clutter, with_bulk
from calcmeasure.phantom.mammogram.fibres import CALIBRES_MM, Fibre, fibre_attenuation
from calcmeasure.phantom.mammogram.scene_settings import NO_CLUTTER
from calcmeasure.terms import MarkLabel, View


@pytest.fixture(scope="module")
def anatomy() -> Anatomy:
    return build_anatomy(BreastSpec(depth_mm=45.0, width_mm=60.0, n_strands=0), View.CC)


@pytest.mark.parametrize(
    ("kind", "label", "sizes_mm"),
    [
        ("scattered", MarkLabel.SCATTERED, (0.2, 0.5)),
        ("coarse", MarkLabel.COARSE, (1.5, 9.0)),
        ("rims", MarkLabel.COARSE, (1.0, 5.0)),
        ("rods", MarkLabel.COARSE, (0.9, 3.1)),
        ("milk", MarkLabel.COARSE, (0.5, 1.4)),
        ("arteries", MarkLabel.VASCULAR, (0.1, 3.0)),
        ("clips", MarkLabel.FOREIGN, (1.5, 6.0)),
        ("wires", MarkLabel.FOREIGN, (0.3, 0.5)),
        ("beads", MarkLabel.FOREIGN, (1.2, 2.4)),
        ("skin", MarkLabel.SKIN, (0.3, 1.3)),
    ],
)
@pytest.mark.parametrize("view", [View.CC, View.MLO])
def test_each_kind_alone(anatomy, kind, label, sizes_mm, view):
    wanted = replace(NO_CLUTTER, **{kind: 6.0})
    deposits = draw_clutter(wanted, anatomy, view=view, rng=np.random.default_rng(1))
    assert {deposit.label for deposit in deposits} == {label}
    sizes = [deposit.diameter_mm for deposit in deposits]
    assert sizes_mm[0] <= min(sizes)
    assert max(sizes) <= sizes_mm[1]
    assert {deposit.cluster for deposit in deposits} == {-1}


def test_kinds_do_not_disturb_each_other(anatomy):
    def drawn(**wanted: float) -> list[tuple[float, float]]:
        settings = replace(NO_CLUTTER, **wanted)
        deposits = draw_clutter(settings, anatomy, view=View.CC, rng=np.random.default_rng(2))
        return [deposit.centre_da for deposit in deposits if deposit.label is MarkLabel.SCATTERED]

    assert drawn(scattered=5.0) == drawn(scattered=5.0, arteries=2.0, clips=1.0)


@pytest.mark.parametrize(("add", "sign"), [(with_implant, 1), (with_fold, 1), (with_air, -1)])
def test_bulk_adds_or_takes_away_attenuation(anatomy, add, sign):
    change = sign * (add(anatomy, rng=np.random.default_rng(3)).extra - anatomy.extra)
    assert change.max() > 0.08
    assert change.max() > 5 * -change.min()


def test_no_bulk_leaves_the_tissue(anatomy):
    assert with_bulk(anatomy, NO_CLUTTER, rng=np.random.default_rng(0)) is anatomy


@pytest.mark.parametrize("calibre", CALIBRES_MM)
def test_fibre_has_its_height_and_calibre(calibre):
    pitch = 0.03
    across = np.arange(0.0, 6.0, 0.1)
    fibre = Fibre(np.column_stack([np.full(across.size, 3.0), across]), np.full(across.size, 0.05), calibre)
    image = fibre_attenuation((fibre,), lambda da: da[:, ::-1] / pitch, shape=(200, 200), pixel_mm=(pitch, pitch))
    profile = image[100]
    assert profile.max() == pytest.approx(0.05, rel=0.03)
    assert pitch * np.count_nonzero(profile > 0.5 * profile.max()) == pytest.approx(calibre, abs=1.5 * pitch)
