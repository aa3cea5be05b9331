"""The volumes that lesions are segmented in, made from the phases in memory."""

from __future__ import annotations

from napari_calcmeasure.cases import Item
from napari_calcmeasure.display.orientation import laterality_at
from napari_calcmeasure.display.volumes import DynamicVolumes
from napari_calcmeasure.reading.finding import Target
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
        self._kept: tuple[tuple[str, int], LesionField] | None = None

    def of(self, item: Item | None, target: Target) -> LesionField | None:
        """Give the early phase minus the pre-contrast phase of the series shown.

        Parameters
        ----------
        item
            What is shown.
        target
            Names the phase measured.

        Returns
        -------
        LesionField or None
            None on a mammogram, or while the phases are not in memory.
        """
        if item is None or item.series is None or item.series.grid is None or target.phase is None:
            return None
        key = (item.key, target.phase.index)
        if self._kept is None or self._kept[0] != key:
            subtraction = self._volumes.subtraction(item.series, early=target.phase.index)
            if subtraction is None:
                return None
            grid = item.series.grid
            field = LesionField(
                subtraction,
                grid.spacing,
                lambda at_slice: target.image_at((at_slice,)),
                lambda point: laterality_at(grid, point),
            )
            self._kept = (key, field)
        return self._kept[1]
