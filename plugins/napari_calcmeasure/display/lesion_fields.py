"""The volumes that lesions are segmented in, made from the phases in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from calcmeasure.model.enhancement import LesionUptake
from calcmeasure.model.imaging import DynamicSeries
from napari_calcmeasure.display.kinetics import uptake_of
from napari_calcmeasure.display.orientation import laterality_at
from napari_calcmeasure.display.volumes import DynamicVolumes
from napari_calcmeasure.reading.finding import LesionMask, Target
from napari_calcmeasure.reading.lesion_field import LesionField


class LesionFields:
    """One field at a time: what a click found in it stays known while its threshold is moved.

    Parameters
    ----------
    volumes
        Phases in memory.
    """

    def __init__(self, volumes: DynamicVolumes) -> None:
        self._volumes = volumes
        self._kept: LesionField | None = None

    def of(self, shown: Sequence[DynamicSeries], target: Target) -> LesionField | None:
        """Give the early phase minus the pre-contrast phase of the series a target lies in.

        Parameters
        ----------
        shown
            Series that hang.
        target
            Names the series and the phase measured.

        Returns
        -------
        LesionField or None
            None on a mammogram, of a series that does not hang, or while the phases are not in memory.
        """
        series = next((one for one in shown if _holds(one, target)), None)
        if series is None or series.grid is None or target.phase is None:
            return None
        subtraction = self._volumes.subtraction(series, early=target.phase.index)
        if subtraction is None:
            return None
        if self._kept is None or self._kept.subtraction is not subtraction or self._kept.phase != target.phase:
            grid = series.grid
            # A target that was made from a finding knows the slice of that finding only.
            uids = tuple(frame.sop_uid for frame in series.phases[target.phase.index].frames)
            image = replace(target, slice_uids=uids)
            self._kept = LesionField(
                subtraction,
                grid.spacing,
                lambda at_slice: image.image_at((at_slice,)),
                lambda point: laterality_at(grid, point),
                target.phase,
                partial(self._uptake, series, target.phase.index),
            )
        return self._kept

    def _uptake(self, series: DynamicSeries, early: int, mask: LesionMask) -> LesionUptake | None:
        volumes = self._volumes.find(series)
        return None if volumes is None else uptake_of(volumes, series, mask=mask, early=early)


def _holds(series: DynamicSeries, target: Target) -> bool:
    """Whether the phase that a target names is one of this series."""
    has_phase = target.phase is not None and 0 <= target.phase.index < len(series.phases)
    return has_phase and target.image.series_uid in series.series_uids
