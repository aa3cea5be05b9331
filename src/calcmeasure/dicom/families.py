"""Families: images of one geometry taken with the same settings, whatever series they were stored in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calcmeasure.dicom.phase_keys import MrImage, description_stem, image_component
from calcmeasure.dicom.phase_times import is_pre_contrast_description
from calcmeasure.dicom.stacks import DIRECTION_TOLERANCE

SPACING_TOLERANCE_MM = 1e-3
"""Largest difference between pixel spacings called equal."""

_COMPONENT_ORDER = ("magnitude", "magnitude water", "magnitude in-phase", "magnitude opposed-phase", "magnitude fat")


@dataclass(frozen=True, slots=True)
class MrFamily:
    """Images that may form one dynamic series.

    Parameters
    ----------
    images
        Of one geometry and one kind.
    rank
        Smaller is preferred among families that picture one acquisition: magnitude and water first, then the shorter
        echo, the classic form, the lower series number.
    """

    images: tuple[MrImage, ...]
    rank: tuple[float, ...]


def image_families(images: Sequence[MrImage]) -> tuple[MrFamily, ...]:
    """Group images by geometry, settings and the stem of their series description.

    A lone volume whose description calls it pre-contrast joins the only other family of its geometry and settings.
    """
    families: list[MrFamily] = []
    for group in _same_geometry(images):
        by_settings: dict[object, list[MrImage]] = defaultdict(list)
        for image in group:
            by_settings[_settings(image)].append(image)
        for members in by_settings.values():
            families += [MrFamily(tuple(part), _rank(part[0])) for part in _by_description(members)]
    return tuple(families)


def _same_geometry(images: Sequence[MrImage]) -> list[list[MrImage]]:
    """Greedy grouping with tolerances: rounded values would part equal ones that lie at a rounding edge."""
    groups: list[tuple[tuple[object, ...], list[MrImage]]] = []
    places: dict[tuple[object, ...], int] = {}
    for image in images:
        key = _geometry(image)
        place = places.get(key)
        if place is None:
            place = next((i for i, (other, _) in enumerate(groups) if _close(key, other)), len(groups))
            places[key] = place
        if place == len(groups):
            groups.append((key, []))
        groups[place][1].append(image)
    return [members for _, members in groups]


def _geometry(image: MrImage) -> tuple[object, ...]:
    header = image.header
    matrix = (header.text("FrameOfReferenceUID"), header.integer("Rows"), header.integer("Columns"))
    return (matrix, header.numbers("ImageOrientationPatient"), header.numbers("PixelSpacing"))


def _close(a: tuple[object, ...], b: tuple[object, ...]) -> bool:
    return (
        a[0] == b[0]
        and np.allclose(np.asarray(a[1]), np.asarray(b[1]), rtol=0, atol=DIRECTION_TOLERANCE)
        and np.allclose(np.asarray(a[2]), np.asarray(b[2]), rtol=0, atol=SPACING_TOLERANCE_MM)
    )


def _settings(image: MrImage) -> tuple[object, ...]:
    """Take the settings that all phases of one dynamic series share; images that differ are another kind."""
    header = image.header
    numbers = [header.number(keyword) for keyword in ("EchoTime", "FlipAngle", "DiffusionBValue")]
    return (image.enhanced, image_component(header), *(None if n is None else round(n, 2) for n in numbers))


def _by_description(images: Sequence[MrImage]) -> list[list[MrImage]]:
    by_stem: dict[str, list[MrImage]] = defaultdict(list)
    for image in images:
        by_stem[description_stem(image.header.text("SeriesDescription"))].append(image)
    parts = list(by_stem.values())
    lone_pre = [part for part in parts if _is_one_volume(part) and _is_pre(part)]
    others = [part for part in parts if all(part is not pre for pre in lone_pre)]
    if len(lone_pre) == 1 and len(others) == 1:
        return [[*lone_pre[0], *others[0]]]
    return parts


def _is_one_volume(images: Sequence[MrImage]) -> bool:
    return max(Counter(image.header.texts("ImagePositionPatient") for image in images).values()) == 1


def _is_pre(images: Sequence[MrImage]) -> bool:
    return all(is_pre_contrast_description(image.header.text("SeriesDescription")) for image in images)


def _rank(image: MrImage) -> tuple[float, ...]:
    component = image_component(image.header)
    place = _COMPONENT_ORDER.index(component) if component in _COMPONENT_ORDER else len(_COMPONENT_ORDER)
    echo_ms = image.header.number("EchoTime") or 0.0
    return (place, echo_ms, float(image.enhanced), image.header.number("SeriesNumber") or 0.0)
