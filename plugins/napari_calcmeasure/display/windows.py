"""Window presets: which values become which grey, by moving limits and colour map only; pixels stay as they are."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from calcmeasure.dicom.presentation import DisplayValues, VoiChoice
    from calcmeasure.dicom.voi import LookupTable, Window

MAX_SAMPLES = 1024
"""Of a curve: graphics cards keep no more of a colour map."""
SIGMOID_REACH = 2.0
"""Widths on either side of a sigmoid's centre that its limits span; what lies beyond differs by less than one grey."""

Limits = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class WindowPreset:
    """One way to look at an image.

    Parameters
    ----------
    name
        As in the header's explanation, or ours ("full range").
    limits
        Values shown black and white; what lies beyond takes the grey of the nearer end.
    curve
        (n,) grey 0-1 between the limits: a ramp, a sigmoid or a look-up table; already inverted where low values are
        meant to be bright.
    is_sigmoid
        Whether the curve is a sigmoid.
    is_inverted
        Whether the curve falls where the transform it was made of rises.
    """

    name: str
    limits: Limits
    curve: NDArray[np.float32]
    is_sigmoid: bool = False
    is_inverted: bool = False

    def inverted(self) -> WindowPreset:
        """Black for white."""
        return replace(self, curve=np.float32(1) - self.curve, is_inverted=not self.is_inverted)

    def with_limits(self, limits: Limits) -> WindowPreset:
        """Stretch the same curve between other limits; a range of no width is ignored."""
        low, high = sorted(limits)
        return replace(self, limits=(low, high)) if high > low else self

    def as_sigmoid(self) -> WindowPreset:
        """Sigmoid of the same centre and width; a sigmoid stays as it is."""
        if self.is_sigmoid:
            return self
        centre, half = self._centre_and_half
        curve = _turned(_sigmoid_curve(), is_inverted=self.is_inverted)
        reach = 2 * SIGMOID_REACH * half
        return replace(self, limits=(centre - reach, centre + reach), curve=curve, is_sigmoid=True)

    def as_linear(self) -> WindowPreset:
        """Straight ramp of the same centre and width; of a table, between its limits."""
        centre, half = self._centre_and_half
        reach = half / (2 * SIGMOID_REACH) if self.is_sigmoid else half
        curve = _turned(_ramp(), is_inverted=self.is_inverted)
        return replace(self, limits=(centre - reach, centre + reach), curve=curve, is_sigmoid=False)

    def grey(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Map pixel values to the grey 0-1 they are shown in."""
        low, high = self.limits
        place = (np.asarray(values, np.float64) - low) / (high - low) * (self.curve.size - 1)
        return np.interp(place, np.arange(self.curve.size), self.curve).astype(np.float32)

    @property
    def colormap(self) -> dict[str, Any]:
        """Name and colours, as image layers take them in ``colormap=``; equal curves share a name."""
        return {"name": f"grey {zlib.crc32(self.curve.tobytes()):08x}", "colors": to_colormap(self.curve)}

    @property
    def _centre_and_half(self) -> tuple[float, float]:
        low, high = self.limits
        return (low + high) / 2, (high - low) / 2


def presets_of(shown: DisplayValues) -> tuple[WindowPreset, ...]:
    """Turn every choice of an image into a preset; the first is the one to begin with.

    Parameters
    ----------
    shown
        From `calcmeasure.dicom.presentation.load_display_values`.
    """
    return tuple(preset_of(choice, is_inverted=shown.is_inverted) for choice in shown.choices)


def preset_of(choice: VoiChoice, *, is_inverted: bool = False) -> WindowPreset:
    """Turn one choice into limits and a curve.

    Parameters
    ----------
    choice
        Window or look-up table.
    is_inverted
        Whether low values are meant to be bright.
    """
    from calcmeasure.dicom.voi import VoiFunction, Window

    transform = choice.transform
    if not isinstance(transform, Window):
        limits, curve = _table_curve(transform)
        is_sigmoid = False
    else:
        is_sigmoid = transform.function is VoiFunction.SIGMOID
        limits = _window_limits(transform)
        curve = _sigmoid_curve() if is_sigmoid else _ramp()
    return WindowPreset(choice.name, limits, _turned(curve, is_inverted=is_inverted), is_sigmoid, is_inverted)


def ramp_preset(name: str, limits: Limits, *, is_inverted: bool = False) -> WindowPreset:
    """Make a straight ramp between two values.

    Parameters
    ----------
    name
        As the reader sees it.
    limits
        Values shown black and white (white and black when inverted).
    is_inverted
        Whether low values are meant to be bright.
    """
    return WindowPreset(name, limits, _turned(_ramp(), is_inverted=is_inverted), is_inverted=is_inverted)


def find_preset(presets: Iterable[WindowPreset], name: str) -> WindowPreset | None:
    """Look a preset up by its name."""
    return next((preset for preset in presets if preset.name == name), None)


def to_colormap(curve: NDArray[np.float32]) -> NDArray[np.float32]:
    """Colours of a grey curve.

    Parameters
    ----------
    curve
        (n,) grey 0-1.

    Returns
    -------
    ndarray
        (n, 4) red, green, blue and opacity 0-1, evenly spaced between the limits.
    """
    colours = np.repeat(np.clip(curve, 0, 1).astype(np.float32)[:, None], 4, axis=1)
    colours[:, 3] = 1
    return colours


def _ramp() -> NDArray[np.float32]:
    return np.array([0, 1], np.float32)


def _sigmoid_curve() -> NDArray[np.float32]:
    widths = np.linspace(-SIGMOID_REACH, SIGMOID_REACH, MAX_SAMPLES)
    return (1 / (1 + np.exp(-4 * widths))).astype(np.float32)


def _turned(curve: NDArray[np.float32], *, is_inverted: bool) -> NDArray[np.float32]:
    return np.float32(1) - curve if is_inverted else curve


def _window_limits(window: Window) -> Limits:
    """Values at which a window's curve begins and ends (DICOM PS3.3 C.11.2.1.2-3)."""
    from calcmeasure.dicom.voi import VoiFunction

    if window.function is VoiFunction.SIGMOID:
        reach = SIGMOID_REACH * window.width
        return (window.centre - reach, window.centre + reach)
    if window.function is VoiFunction.LINEAR_EXACT:
        return (window.centre - window.width / 2, window.centre + window.width / 2)
    middle = window.centre - 0.5
    if window.width == 1:  # a step: black up to the middle, white above it
        return (middle, middle + 0.01)
    return (middle - (window.width - 1) / 2, middle + (window.width - 1) / 2)


def _table_curve(table: LookupTable) -> tuple[Limits, NDArray[np.float32]]:
    """Sample a table where it changes; its even ends are what lies beyond the limits."""
    grey = (table.outputs / (2**table.bits - 1)).clip(0, 1)
    changes = np.flatnonzero(np.diff(table.outputs))
    if changes.size == 0:
        return (float(table.first), table.first + 1.0), np.repeat(grey[:1], 2).astype(np.float32)
    begin, end = int(changes[0]), int(changes[-1]) + 1
    samples = np.linspace(begin, end, min(MAX_SAMPLES, end - begin + 1))
    curve = np.interp(samples, np.arange(grey.size), grey).astype(np.float32)
    return (float(table.first + begin), float(table.first + end)), curve
