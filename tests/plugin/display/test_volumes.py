"""Dynamic volumes in memory: equal to what the core loads, bounded, cancellable."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from calcmeasure.dicom.index import index_folder
from calcmeasure.dicom.volumes import load_phases
from calcmeasure.errors import PhaseError
from calcmeasure.phantom.dataset import PatientInfo, StudyInfo, UidFactory
from calcmeasure.phantom.dynamic.examination import DceSpec, synthesize_dce
from calcmeasure.phantom.dynamic.plan import Vendor
from calcmeasure.phantom.dynamic.writer import write_dce_study
from napari_calcmeasure.display.volumes import (
    DynamicVolumes,
    enhancement_windows,
    maximum_projection,
    pre_contrast,
    read_phases,
    signal_windows,
)


class Stop(Exception):
    pass


@pytest.fixture(scope="module", params=list(Vendor))
def series(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("vendor")
    phantom = synthesize_dce(DceSpec(shape=(3, 24, 32), spacing_zrc_mm=(8.0, 6.0, 6.0), motion_mm=0.0), rng=1)
    uids = UidFactory(7)
    study = StudyInfo(PatientInfo("A", "A"), uids("study"), date(2024, 1, 1))
    write_dce_study(phantom, folder, study=study, uids=uids, vendor=request.param)
    (patient,) = index_folder([folder]).patients
    return patient.studies[0].dynamic_series[0]


def test_phases_one_by_one_are_what_the_core_loads_at_once(series):
    progress = []
    volume = read_phases(series, on_progress=lambda done, total: progress.append((done, total)))
    np.testing.assert_array_equal(volume, load_phases(series, indices=range(len(series.phases))))
    assert volume.dtype == np.float32
    assert progress[0] == (0, 5)
    assert progress[-1] == (5, 5)


def test_one_scale_for_images_with_different_slopes(dynamic, monkeypatch):
    """Philips: each image is brought to the scale of the first one of the series, not of its own phase."""
    from calcmeasure.dicom import volumes
    from calcmeasure.dicom.plain_slices import Rescale

    scales = {frame.path: 1.0 + phase.index for phase in dynamic.phases for frame in phase.frames}
    plain = volumes.plain_slices
    monkeypatch.setattr(
        volumes,
        "plain_slices",
        lambda paths: tuple(
            replace(one, rescale=Rescale(scales[path], 0.0)) for path, one in zip(paths, plain(paths), strict=True)
        ),
    )
    monkeypatch.setattr(volumes, "scale_slopes", lambda path, frames: [2.0 / scales[path] ** 2] * len(frames))
    philips = replace(dynamic, vendor="PHILIPS")
    at_once = load_phases(philips, indices=range(5))
    np.testing.assert_array_equal(read_phases(philips), at_once)
    assert not np.array_equal(load_phases(philips, indices=[3])[0], at_once[3])


def test_a_cancel_passes_through_and_keeps_nothing(dynamic):
    cache, calls = DynamicVolumes(), []

    def cancel(done, total):
        calls.append(done)
        if done == 2:
            raise Stop

    with pytest.raises(Stop):
        cache.load(dynamic, on_progress=cancel)
    assert calls == [0, 1, 2]
    assert cache.find(dynamic) is None


def test_a_second_look_reads_nothing(dynamic, monkeypatch):
    cache = DynamicVolumes()
    first = cache.load(dynamic)
    monkeypatch.setattr("napari_calcmeasure.display.volumes.load_phases", None)
    assert cache.load(dynamic) is first
    assert not first.flags.writeable


def test_the_series_used_longest_ago_goes_first_and_the_last_one_stays(dynamic):
    one = dynamic
    two, three = (replace(dynamic, series_uids=(name,)) for name in ("2", "3"))
    size = DynamicVolumes().load(one).nbytes
    cache = DynamicVolumes(max_bytes=2 * size)
    cache.load(one)
    cache.load(two)
    cache.find(one)
    cache.load(three)
    assert [cache.find(s) is not None for s in (one, two, three)] == [True, False, True]
    assert cache.size_bytes == 2 * size
    small = DynamicVolumes(max_bytes=1)
    small.load(one)
    assert small.find(one) is not None


def test_the_subtraction_is_early_minus_the_last_phase_before_contrast(dynamic):
    cache = DynamicVolumes()
    assert cache.subtraction(dynamic, early=1) is None
    phases = cache.load(dynamic)
    for early in (1, 3):
        np.testing.assert_array_equal(cache.subtraction(dynamic, early=early), phases[early] - phases[0])
    assert cache.subtraction(dynamic, early=3) is cache.subtraction(dynamic, early=3)
    assert cache.size_bytes == phases.nbytes + phases[0].nbytes


@pytest.mark.parametrize(("first_post", "pre"), [(None, None), (0, None), (1, 0), (2, 1)])
def test_the_phase_before_contrast(dynamic, first_post, pre):
    assert pre_contrast(replace(dynamic, first_post_contrast=first_post)) == pre


def test_without_a_volume_there_is_a_sentence(dynamic):
    with pytest.raises(PhaseError, match="cannot be shown: no key fits"):
        read_phases(replace(dynamic, grid=None, sort_reason="no key fits"))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_projection_is_the_same_at_every_step_and_takes_no_memory_for_it(axis):
    volume = np.random.default_rng(1).normal(size=(4, 5, 6)).astype(np.float32)
    projection = maximum_projection(volume, axis=axis)
    assert projection.shape == volume.shape
    assert projection.strides[axis] == 0
    for step in range(volume.shape[axis]):
        np.testing.assert_array_equal(projection.take(step, axis), volume.max(axis))


# -- windows -------------------------------------------------------------------------------------------------------


def body(*, air):
    """A block of tissue of 200 ± 20 in so much air, with one voxel that outshines everything."""
    rng = np.random.default_rng(2)
    volume = rng.normal(3.0, 1.0, (30, 60, 60)).astype(np.float32)
    volume[:, int(60 * air) :] = rng.normal(200.0, 20.0, (30, 60 - int(60 * air), 60))
    volume[15, 57, 30] = 90_000.0
    return volume


@pytest.mark.parametrize("air", [0.2, 0.9])
def test_tissue_fills_the_window_whatever_the_air_around_it(air):
    tissue = signal_windows(body(air=air))[0]
    assert tissue.limits[0] == 0.0
    assert 240 < tissue.limits[1] < 275


def test_windows_have_names_and_rising_limits():
    volume = body(air=0.5)
    names = [[one.name for one in windows(volume)] for windows in (signal_windows, enhancement_windows)]
    assert names == [["tissue", "full range", "soft", "lesion"], ["enhancement", "full range", "soft", "lesion"]]
    for one in (*signal_windows(volume), *enhancement_windows(volume)):
        assert one.limits[0] < one.limits[1]
        assert (one.curve[0], one.curve[-1]) == (0.0, 1.0)


@pytest.mark.parametrize("value", [0.0, -5.0, 7.0, np.nan])
def test_a_flat_or_broken_volume_still_has_windows(value):
    flat = np.full((4, 5, 6), value, np.float32)
    for one in (*signal_windows(flat), *enhancement_windows(flat)):
        assert np.isfinite(one.limits).all()
        assert one.limits[0] < one.limits[1]
