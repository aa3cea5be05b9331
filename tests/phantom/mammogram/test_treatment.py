"""Groups shrink from outside, thin out inside or grow; everything else stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from calcmeasure.phantom.mammogram.contents import Contents, draw_contents
from calcmeasure.phantom.mammogram.scene_settings import NO_CLUTTER, TRAINING
from calcmeasure.phantom.mammogram.treatment import draw_treatment

SETTINGS = replace(
    TRAINING, cluster_share=1.0, depth_mm=(42.0, 44.0), clutter=replace(NO_CLUTTER, scattered=5.0, rims=2.0)
)


@pytest.fixture(scope="module")
def contents() -> Contents:
    return draw_contents(SETTINGS, rng=np.random.default_rng(3))


def extents(contents: Contents) -> dict[int, float]:
    groups: dict[int, list[tuple[float, float]]] = {}
    for deposit in contents.deposits:
        groups.setdefault(deposit.cluster, []).append(deposit.centre_da)
    return {number: float(pdist(np.array(group)).max()) for number, group in groups.items() if number >= 0}


def test_treatment_leaves_benign_marks_and_removes_only(contents):
    everything, was = set(map(id, contents.deposits)), extents(contents)
    seen = set()
    for seed in range(25):
        before, after = draw_treatment(contents, rng=np.random.default_rng(seed))
        whole, part = (before, after) if before is contents else (after, before)
        assert whole is contents
        assert set(map(id, part.deposits)) <= everything
        assert {id(d) for d in part.deposits if d.cluster < 0} == {id(d) for d in contents.deposits if d.cluster < 0}
        left = extents(part)
        assert all(left[number] <= was[number] for number in left)
        seen.add("grown" if after is contents else "same" if left == was else "shrunk")
    assert seen == {"grown", "same", "shrunk"}


def test_extent_stays_where_treatment_only_thins_out(contents):
    was, lost = extents(contents), 0
    for seed in range(30):
        # The first draw of a treatment is its outcome: decrease, unchanged or increase.
        if np.random.default_rng(seed).choice(3, p=(0.4, 0.4, 0.2)) != 1:
            continue
        _, after = draw_treatment(contents, rng=np.random.default_rng(seed))
        assert extents(after) == was
        lost += len(contents.deposits) - len(after.deposits)
    assert lost > 0
