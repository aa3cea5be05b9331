"""Split images of one stack into phases with identical slice positions, by the first attribute that can."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from calcmeasure.dicom.phase_keys import PHASE_KEYS, MrImage, PhaseKey
from calcmeasure.dicom.phase_times import PhaseClock, read_clock
from calcmeasure.dicom.philips import label_types
from calcmeasure.dicom.stacks import stack_images
from calcmeasure.errors import ErrorCode, PhaseError

ORDERED_KEYS = frozenset({"TemporalPositionIdentifier", "AcquisitionNumber"})
"""Keys that state the order of phases; times must agree with it."""


@dataclass(frozen=True, slots=True)
class PhaseSplit:
    """Images grouped into phases, in time order.

    Parameters
    ----------
    key
        Attribute that split them.
    phases
        Images of each phase, sorted along the normal.
    complete
        Whether each phase holds every slice position.
    clock
        None when no attribute tells when the phases were acquired.
    tried
        What was tried before, each with why it failed.
    """

    key: str
    phases: tuple[tuple[MrImage, ...], ...]
    complete: tuple[bool, ...]
    clock: PhaseClock | None
    tried: tuple[str, ...]


def split_phases(images: Sequence[MrImage]) -> PhaseSplit:
    """Group images that share one grid into phases.

    Every key is tried for a split into complete phases with usable times; then for one that leaves phases
    incomplete but at least two complete; then for complete phases without times.

    Raises
    ------
    PhaseError
        ``E_NOT_DYNAMIC`` with one image per position, ``E_TIME_UNKNOWN`` when no attribute differs between images
        of a position, ``E_DUPLICATE_POSITION`` when times differ but leave several images per position,
        ``E_MISSING_SLICE`` when fewer than two phases are complete, ``E_PHASE_AMBIGUOUS`` otherwise.
    GeometryError
        When the images do not share slice positions.
    """
    slots = stack_images(images).slots
    if max(Counter(slots).values()) == 1:
        raise PhaseError("one image per slice position: nothing changes over time", code=ErrorCode.NOT_DYNAMIC)
    attempts = [_attempt(key, images, slots) for key in PHASE_KEYS]
    for fits in (_complete_with_times, _incomplete_with_times, _complete):
        for place, attempt in enumerate(attempts):
            if fits(attempt):
                return _split(attempt, [f"{a.key} {a.why}" for a in attempts[:place]])
    raise _refusal(attempts)


def split_one_kind(images: Sequence[MrImage]) -> tuple[PhaseSplit, str]:
    """Split phases; where several images share a position and time, keep one consistent kind of them.

    Returns
    -------
    (split, sentence about the kind kept or empty)

    Raises
    ------
    PhaseError
        As `split_phases`; ``E_DUPLICATE_POSITION`` when nothing tells the kinds apart.
    """
    try:
        return split_phases(images), ""
    except PhaseError as error:
        if error.code is not ErrorCode.DUPLICATE_POSITION:
            raise
        for name, label in _KINDS:
            parts = _partition(images, label(images))
            if len(parts) > 1 and len({len(part) for part in parts.values()}) == 1:
                kind = min(parts, key=str)
                split = split_phases(parts[kind])
                return split, f"{len(parts)} images per position and time differ in {name}; {kind} is used"
        raise


@dataclass(frozen=True, slots=True)
class _Attempt:
    key: str
    why: str
    phases: tuple[tuple[MrImage, ...], ...] = ()
    complete: tuple[bool, ...] = ()
    clock: PhaseClock | None = None
    repeats: bool = False


def _attempt(key: PhaseKey, images: Sequence[MrImage], slots: Sequence[int]) -> _Attempt:
    labels: Sequence[float | str] | None = key.labels(images)
    if labels is None:
        return _Attempt(key.name, "is absent or unreadable")
    groups: dict[float | str, list[int]] = defaultdict(list)
    for place, label in enumerate(labels):
        groups[label].append(place)
    if len(groups) < 2:
        return _Attempt(key.name, "is the same for all images")
    members = [sorted(groups[label], key=lambda place: slots[place]) for label in sorted(groups, key=_label_order)]
    if any(len({slots[place] for place in group}) < len(group) for group in members):
        return _Attempt(key.name, "leaves several images at one position", repeats=True)
    complete = tuple(len(group) == max(slots) + 1 for group in members)
    if not any(complete):
        return _Attempt(key.name, "does not give phases with all slices")
    phases = tuple(tuple(images[place] for place in group) for group in members)
    clock = read_clock(phases, ordered=key.name in ORDERED_KEYS)
    why = "leaves no usable phase times" if clock is None else "leaves phases without all slices"
    return _Attempt(key.name, why, phases, complete, clock)


def _complete(attempt: _Attempt) -> bool:
    return bool(attempt.complete) and all(attempt.complete)


def _complete_with_times(attempt: _Attempt) -> bool:
    return _complete(attempt) and attempt.clock is not None


def _incomplete_with_times(attempt: _Attempt) -> bool:
    return attempt.clock is not None and sum(attempt.complete) > 1


def _split(attempt: _Attempt, tried: Sequence[str]) -> PhaseSplit:
    """Put the phases of the winning attempt in time order."""
    clock = attempt.clock
    if clock is None:
        return PhaseSplit(attempt.key, attempt.phases, attempt.complete, None, tuple(tried))
    order = sorted(range(len(attempt.phases)), key=lambda index: clock.starts_s[index])
    starts_s = tuple(clock.starts_s[index] for index in order)
    return PhaseSplit(
        attempt.key,
        tuple(attempt.phases[index] for index in order),
        tuple(attempt.complete[index] for index in order),
        PhaseClock(clock.source, starts_s, clock.first_clock_s, clock.crossed_midnight),
        tuple(tried),
    )


def _refusal(attempts: Sequence[_Attempt]) -> PhaseError:
    if any(attempt.complete for attempt in attempts):
        return PhaseError("slices are missing and fewer than two phases are complete", code=ErrorCode.MISSING_SLICE)
    if any(attempt.repeats and attempt.key != "SeriesInstanceUID" for attempt in attempts):
        return PhaseError(
            "several images lie at each position and time, and nothing tells them apart",
            code=ErrorCode.DUPLICATE_POSITION,
        )
    tried = "; ".join(f"{a.key} {a.why}" for a in attempts)
    if all("same for all" in a.why or "absent" in a.why or a.repeats for a in attempts):
        return PhaseError(f"no attribute tells when the images were acquired: {tried}", code=ErrorCode.TIME_UNKNOWN)
    return PhaseError(f"no attribute splits the images into phases with identical slices: {tried}")


def _label_order(label: float | str) -> tuple[float, str]:
    return (0.0, label) if isinstance(label, str) else (label, "")


def _partition(images: Sequence[MrImage], labels: Sequence[Hashable]) -> dict[Hashable, list[MrImage]]:
    parts: dict[Hashable, list[MrImage]] = defaultdict(list)
    for image, label in zip(images, labels, strict=True):
        parts[label].append(image)
    return parts


def _attribute(keyword: str) -> Callable[[Sequence[MrImage]], list[Hashable]]:
    def labels(images: Sequence[MrImage]) -> list[Hashable]:
        return ["\\".join(image.header.texts(keyword)) for image in images]

    return labels


_KINDS: tuple[tuple[str, Callable[[Sequence[MrImage]], Sequence[Hashable]]], ...] = (
    ("ImageType", _attribute("ImageType")),
    ("ASLContext", _attribute("ASLContext")),
    ("the manufacturer's label type", label_types),
    ("RescaleSlope", _attribute("RescaleSlope")),
)
"""What may tell two images at one position and time apart, once echo, flip angle and b-value are equal."""
