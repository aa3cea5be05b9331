"""Headers of dynamic series as scanners of several makers write them, in random variety, with the truth beside them.

Every statement a header makes is one some scanner makes: true, too coarse, left out, or about something else (the time
an image was stored instead of acquired). None is made up to deceive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from calcmeasure.dicom.header import Header

DAY_S = 86_400
ORIENTATIONS = (
    (("1", "0", "0", "0", "1", "0"), 2),
    (("0", "1", "0", "0", "0", "-1"), 0),
    (("1", "0", "0", "0", "0", "-1"), 1),
)
"""Axial, sagittal, coronal: directions, and the coordinate that tells slices apart."""


@dataclass(frozen=True, slots=True)
class VendorSeries:
    """Headers of one examination, and what is true of it.

    Parameters
    ----------
    headers
        In random order.
    phases
        File names of every phase that is there, slices in the order of their place.
    starts_s, duration_s
        Of these phases after the first one acquired, and of each.
    n_before
        Phases before contrast.
    injection_s
        On the same clock.
    traits
        What is special about it.
    """

    vendor: str
    headers: tuple[Header, ...]
    phases: tuple[tuple[str, ...], ...]
    starts_s: tuple[float, ...]
    duration_s: float
    n_before: int
    injection_s: float
    traits: frozenset[str]


@dataclass(slots=True)
class _Draft:
    """An examination while it is being thrown."""

    rng: np.random.Generator
    vendor: str
    n_phases: int
    n_slices: int
    n_before: int
    duration_s: int
    starts_s: list[float]
    clock_s: int
    layout: str
    traits: set[str] = field(default_factory=set)

    @property
    def injection_s(self) -> float:
        return self.starts_s[self.n_before] - 20.0

    def clock(self, seconds: float) -> str:
        """Time of day, with or without decimals as the maker does."""
        of_day = (self.clock_s + seconds) % DAY_S
        whole = int(of_day)
        text = f"{whole // 3600:02d}{whole // 60 % 60:02d}{whole % 60:02d}"
        return text if self.vendor == "GE" else f"{text}.{round((of_day - whole) * 1e4):04d}"

    def day(self, seconds: float) -> str:
        return "20240301" if self.clock_s + seconds < DAY_S else "20240302"


def draw_series(seed: int) -> VendorSeries:
    """Throw the headers of one examination.

    Parameters
    ----------
    seed
        The same one gives the same headers.
    """
    draft = _draft(np.random.default_rng(seed))
    describe = _MAKERS[draft.vendor]
    number = f"1.2.{seed}"
    images = {}
    for phase in range(draft.n_phases):
        for place in range(draft.n_slices):
            name = f"{number}.{phase}.{place}"
            images[phase, place] = _image(draft, name, (phase, place), describe(draft, phase, place))
    _leave_out(draft, images)
    _lose_files(draft, images)
    return _series(draft, images)


def _draft(rng: np.random.Generator) -> _Draft:
    n_before = 2 if rng.random() < 0.12 else 1
    n_phases = n_before + int(rng.integers(1, 8))
    duration_s = int(rng.integers(45, 121))
    pause_s = float(rng.choice([0, 15, 30, 60, 120]))
    steps_s = [duration_s + (pause_s if i == n_before - 1 else 0.0) for i in range(n_phases - 1)]
    starts_s = [0.0, *np.cumsum(steps_s).tolist()]
    clock_s = int(rng.integers(0, DAY_S))
    traits = set()
    if rng.random() < 0.25:
        clock_s = DAY_S - int(rng.integers(1, max(2, int(starts_s[-1]))))
        traits.add("midnight")
    return _Draft(
        rng, str(rng.choice(list(_MAKERS))), n_phases, int(rng.integers(2, 9)), n_before, duration_s, starts_s, clock_s,
        str(rng.choice(["one series", "before and after", "one per phase"])), traits,
    )  # fmt: skip


def _image(draft: _Draft, name: str, at: tuple[int, int], own: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    phase, place = at
    series = {"one series": 0, "before and after": int(phase >= draft.n_before), "one per phase": phase}[draft.layout]
    directions, axis = ORIENTATIONS[int(name.split(".")[2]) % 3]
    position = ["-100", "-80", "-60"]
    position[axis] = f"{1.5 * place - 40:g}"
    values: dict[str, object] = {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4", "SOPInstanceUID": name, "StudyInstanceUID": "1.3",
        "SeriesInstanceUID": f"1.4.{series}", "SeriesNumber": 5 + series, "FrameOfReferenceUID": "1.5",
        "SeriesDescription": _description(draft, phase), "ImageType": ("ORIGINAL", "PRIMARY", "OTHER"),
        "InstanceNumber": 1 + place + draft.n_slices * (0 if draft.layout == "one per phase" else phase),
        "Rows": 8, "Columns": 6, "PixelSpacing": ("0.9", "0.7"),
        "SliceThickness": "1.5", "ImageOrientationPatient": directions, "ImagePositionPatient": tuple(position),
        "EchoTime": "2.1", "FlipAngle": "10", "SeriesTime": draft.clock(0), "SeriesDate": draft.day(0),
    }  # fmt: skip
    values |= own
    return {k: v if isinstance(v, tuple) else (str(v),) for k, v in values.items() if v is not None}


def _description(draft: _Draft, phase: int) -> str:
    if draft.layout == "one series":
        return "Ax dyn"
    if draft.layout == "before and after":
        return "Ax dyn pre" if phase < draft.n_before else "Ax dyn post"
    return f"Ph{phase}/Ax dyn"


def _ge(draft: _Draft, phase: int, place: int) -> dict[str, object]:
    """Times of acquisition and content at the start of the phase, some a second later; trigger time in ms."""
    start_s = draft.starts_s[phase]
    late_s = float(place % 2) if "MERGE" in _trait(draft, "MERGE", 0.3) else 0.0
    return {
        "Manufacturer": "GE MEDICAL SYSTEMS", "TemporalPositionIdentifier": phase + 1, "AcquisitionNumber": 1,
        "TriggerTime": 1000 * start_s, "AcquisitionTime": draft.clock(start_s + late_s),
        "AcquisitionDate": draft.day(start_s + late_s), "ContentTime": draft.clock(start_s + late_s),
        "ContentDate": draft.day(start_s + late_s),
    }  # fmt: skip


def _siemens(draft: _Draft, phase: int, place: int) -> dict[str, object]:
    """Content time is that of reconstruction, a little later for each image."""
    start_s = draft.starts_s[phase]
    made_s = start_s + draft.duration_s + 2 + 0.011 * place
    return {
        "Manufacturer": "SIEMENS", "AcquisitionNumber": 1 if draft.layout == "one per phase" else phase + 1,
        "AcquisitionTime": draft.clock(start_s), "AcquisitionDate": draft.day(start_s),
        "ContentTime": draft.clock(made_s), "ContentDate": draft.day(made_s), **_injection(draft, 0.6),
    }  # fmt: skip


def _philips(draft: _Draft, phase: int, place: int) -> dict[str, object]:  # noqa: ARG001
    """One time of acquisition and content for all; trigger time in ms."""
    return {
        "Manufacturer": "Philips Medical Systems", "TemporalPositionIdentifier": phase + 1, "AcquisitionNumber": 6,
        "TriggerTime": 1000 * draft.starts_s[phase], "AcquisitionTime": draft.clock(0),
        "AcquisitionDate": draft.day(0), "ContentTime": draft.clock(0), "ContentDate": draft.day(0),
    }  # fmt: skip


def _stored_late(draft: _Draft, phase: int, place: int) -> dict[str, object]:
    """A maker that states when the phase was acquired in one value, and otherwise when the image was stored."""
    start_s = draft.starts_s[phase]
    stored_s = draft.starts_s[-1] + 300 + 0.4 * (phase * draft.n_slices + place)
    return {
        "Manufacturer": "Hitachi", "AcquisitionDateTime": draft.day(start_s) + draft.clock(start_s),
        "AcquisitionNumber": phase + 1, "ContentTime": draft.clock(stored_s), "ContentDate": draft.day(stored_s),
        "AcquisitionDuration": draft.duration_s, **_injection(draft, 0.5),
    }  # fmt: skip


_MAKERS: Mapping[str, Callable[[_Draft, int, int], dict[str, object]]] = {
    "GE": _ge,
    "SIEMENS": _siemens,
    "PHILIPS": _philips,
    "other": _stored_late,
}
_SPARE = (
    "TemporalPositionIdentifier", "TriggerTime", "AcquisitionNumber", "AcquisitionTime", "AcquisitionDate",
    "AcquisitionDateTime", "ContentTime", "ContentDate", "SeriesTime", "SeriesDate", "ContrastBolusStartTime",
    "AcquisitionDuration", "SliceThickness", "InstanceNumber", "SeriesDescription", "FlipAngle",
)  # fmt: skip
"""Attributes that exports and anonymisers leave out."""


def _trait(draft: _Draft, name: str, chance: float) -> set[str]:
    """Decide once per examination whether something holds."""
    if f"{name}?" not in draft.traits:
        draft.traits |= {f"{name}?"}
        if draft.rng.random() < chance:
            draft.traits.add(name)
    return draft.traits


def _injection(draft: _Draft, chance: float) -> dict[str, object]:
    if "INJECTION" not in _trait(draft, "INJECTION", chance):
        return {}
    return {"ContrastBolusStartTime": draft.clock(draft.injection_s)}


Images = dict[tuple[int, int], dict[str, tuple[str, ...]]]


def _leave_out(draft: _Draft, images: Images) -> None:
    """Drop attributes from all images, and seldom one of them from some."""
    for keyword in _SPARE:
        if draft.rng.random() < 0.18:
            draft.traits.add(f"no {keyword}")
            for values in images.values():
                values.pop(keyword, None)
    if draft.rng.random() < 0.1:
        keyword = str(draft.rng.choice(_SPARE[:10]))
        draft.traits.add(f"some {keyword}")
        for values in images.values():
            if draft.rng.random() < 0.3:
                values.pop(keyword, None)


def _lose_files(draft: _Draft, images: Images) -> None:
    """Lose a slice, half a phase or a whole one."""
    if draft.n_phases < 3 or draft.rng.random() > 0.2:
        return
    phase = int(draft.rng.integers(draft.n_phases))
    n_lost = int(draft.rng.choice([1, draft.n_slices // 2, draft.n_slices]))
    draft.traits.add("files lost")
    for place in draft.rng.permutation(draft.n_slices)[:n_lost]:
        del images[phase, int(place)]


def _series(draft: _Draft, images: Images) -> VendorSeries:
    there = [p for p in range(draft.n_phases) if all((p, z) in images for z in range(draft.n_slices))]
    headers = [
        Header(Path(f"/{values['SOPInstanceUID'][0]}"), "1.2.840.10008.1.2.1", values) for values in images.values()
    ]
    return VendorSeries(
        vendor=draft.vendor,
        headers=tuple(headers[i] for i in draft.rng.permutation(len(headers))),
        phases=tuple(tuple(images[p, z]["SOPInstanceUID"][0] for z in range(draft.n_slices)) for p in there),
        starts_s=tuple(draft.starts_s[p] for p in there),
        duration_s=float(draft.duration_s),
        n_before=sum(p < draft.n_before for p in there),
        injection_s=draft.injection_s,
        traits=frozenset(t for t in draft.traits if not t.endswith("?")),
    )
