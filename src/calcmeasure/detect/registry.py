"""Detectors by name: anything installed under the entry points group ``calcmeasure.detectors``.

Entry points are named ``<kind>.<name>``, such as ``calcifications.group-likelihood``. A detector is a callable that
follows `CalcificationDetector` or `LesionDetector`; an installed package adds its own without touching this one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Final, Literal, overload

from calcmeasure.detect.contract import CalcificationDetector, LesionDetector
from calcmeasure.errors import CalcMeasureError, DetectorError, ErrorCode

GROUP = "calcmeasure.detectors"
"""Entry points group."""
CALCIFICATIONS: Final = "calcifications"
"""Kind of detector that follows `CalcificationDetector`."""
LESIONS: Final = "lesions"
"""Kind of detector that follows `LesionDetector`."""
DEFAULT_DETECTORS: Mapping[str, str] = MappingProxyType({CALCIFICATIONS: "group-likelihood", LESIONS: "largest-lesion"})
"""Kind to the name used when none is asked for."""

_log = logging.getLogger(__name__)


@overload
def load_detector(name: str, *, kind: Literal["calcifications"]) -> CalcificationDetector: ...
@overload
def load_detector(name: str, *, kind: Literal["lesions"]) -> LesionDetector: ...
@overload
def load_detector(name: str, *, kind: str) -> Callable[..., object]: ...
@cache
def load_detector(name: str, *, kind: str) -> Callable[..., object]:
    """Load a detector; the second call with the same name returns the same object.

    Parameters
    ----------
    name
        The part after the dot of the entry point, such as ``group-likelihood``.
    kind
        `CALCIFICATIONS` or `LESIONS`.

    Raises
    ------
    DetectorError
        If no detector of this kind has the name, or if it is installed but cannot be imported
        (`ErrorCode.DETECTOR_UNKNOWN`); the message lists those available.
    """
    point = _entry_points(kind).get(name)
    detector = None if point is None else _try_load(point)
    if detector is None:
        names = ", ".join(available_detectors(kind)) or "none"
        raise DetectorError(
            f"no usable detector {name!r} of kind {kind!r}; available: {names}", code=ErrorCode.DETECTOR_UNKNOWN
        )
    return detector


@contextmanager
def failing_as_detector() -> Iterator[None]:
    """Turn whatever a detector raises into a coded refusal of the image it was given.

    Raises
    ------
    DetectorError
        `ErrorCode.DETECTION`; names the kind of failure only, for its text may hold header values.
    """
    try:
        yield
    except (CalcMeasureError, MemoryError):
        raise
    except Exception as error:
        kind = type(error).__name__
        raise DetectorError(f"the detector failed with {kind}; please report it", code=ErrorCode.DETECTION) from error


def available_detectors(kind: str) -> tuple[str, ...]:
    """Names of the installed detectors of one kind that can be loaded, sorted; broken ones are logged and left out."""
    return tuple(name for name, point in sorted(_entry_points(kind).items()) if _try_load(point) is not None)


def _entry_points(kind: str) -> dict[str, EntryPoint]:
    prefix = f"{kind}."
    return {p.name.removeprefix(prefix): p for p in entry_points(group=GROUP) if p.name.startswith(prefix)}


def _try_load(point: EntryPoint) -> Callable[..., object] | None:
    """Import a detector; a plugin may fail in any way, and must not take the others with it."""
    try:
        loaded = point.load()
    except Exception as error:  # noqa: BLE001 - foreign code
        _log.warning("detector %s cannot be loaded and is left out: %s", point.name, type(error).__name__)
        return None
    return loaded if callable(loaded) else None
