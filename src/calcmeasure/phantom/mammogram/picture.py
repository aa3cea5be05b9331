"""Taking one picture of a breast: tissue to signal, signal to the values a machine or a film scanner stores."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calcmeasure.phantom.mammogram.acquisition import Acquisition
from calcmeasure.phantom.mammogram.burnt_in import burn_in, lose_pixels
from calcmeasure.phantom.mammogram.contents import Contents
from calcmeasure.phantom.mammogram.deposits import LABEL_CODES, Stamp, add_stamps, stamp_deposit
from calcmeasure.phantom.mammogram.detectability import LocalSignal
from calcmeasure.phantom.mammogram.detector import RAW_BITS, FloatImage, blurred_primary, scattered, with_scatter
from calcmeasure.phantom.mammogram.exposure import SKIN_PER_MM, edge_thinning, full_share, skin_path_mm
from calcmeasure.phantom.mammogram.fibres import fibre_attenuation
from calcmeasure.phantom.mammogram.film import FilmSpec, film_variance, scan_film
from calcmeasure.phantom.mammogram.foreign import lead_letters
from calcmeasure.phantom.mammogram.looks import Look, log_signal, present
from calcmeasure.terms import MarkLabel

BoolImage = NDArray[np.bool_]
_TOP = (1 << RAW_BITS) - 1
_GRID_LINES_PER_MM = 3.1


@dataclass(frozen=True, slots=True)
class Picture:
    """Stored values and what is known about them.

    Parameters
    ----------
    values
        (rows, columns) float32 attenuation-up, as loading a file gives it.
    breast
        (rows, columns) True inside the skin.
    label_map
        (rows, columns) uint8 of `LABEL_CODES`.
    stamps
        Deposits that the picture shows.
    local
        Signal without deposits and noise.
    """

    values: FloatImage
    breast: BoolImage
    label_map: NDArray[np.uint8]
    stamps: tuple[Stamp, ...]
    local: LocalSignal


@dataclass(frozen=True, slots=True)
class _Shadow:
    """Log attenuation of everything between tube and detector.

    Parameters
    ----------
    plain
        Without deposits.
    full
        With them.
    thinning
        What is missing where the breast is thinner.
    lead
        What letters add, for machines that blank out air.
    fringe
        What is left of scatter beside the breast, 1 inside.
    """

    plain: FloatImage
    full: FloatImage
    thinning: FloatImage
    breast: BoolImage
    lead: FloatImage
    fringe: FloatImage


def take_picture(contents: Contents, acquisition: Acquisition, *, rng: np.random.Generator) -> Picture:
    """Expose a breast and store the image.

    Parameters
    ----------
    rng
        Noise, and what lies beside the breast and on the film.
    """
    noise, beside, soil = rng.spawn(3)
    label_map = np.zeros(acquisition.shape, np.uint8)
    stamps, shadow = _cast_shadow(contents, acquisition, label_map, rng=beside)
    local, signal = _signal(shadow, acquisition)
    photons = acquisition.detector.photons_per_mm2 * math.prod(acquisition.imager_mm)
    noisy = signal + noise.standard_normal(signal.shape, np.float32) * np.sqrt(signal / np.float32(photons))
    if acquisition.film is not None:
        film = _exposed(acquisition.film, local.total, shadow.breast)
        local = replace(
            local,
            brightest=math.inf,
            added_variance=film_variance(log_signal(local.total), film, pixel_mm=acquisition.true_mm),
        )
        values = _on_film(noisy, film, acquisition, labels=label_map, rng=soil)
        white = float((1 << film.bits) - 1)
    else:
        values = _digital(noisy, shadow, acquisition)
        white = float(values.max())
    lose_pixels(values, label_map, acquisition.clutter.dead_pixels, rng=soil)
    for _ in range(acquisition.clutter.burnt_in):
        burn_in(values, label_map, white=white, pixel_mm=acquisition.true_mm, rng=soil)
    return Picture(values, shadow.breast, label_map, stamps, local)


def _cast_shadow(
    contents: Contents, acquisition: Acquisition, label_map: NDArray[np.uint8], *, rng: np.random.Generator
) -> tuple[tuple[Stamp, ...], _Shadow]:
    anatomy, axes = acquisition.positioning.moved(contents.anatomy), acquisition.axes_mm()
    inside_mm = anatomy.sample(anatomy.inside_mm, *axes)
    breast = inside_mm > 0
    thinning = edge_thinning(inside_mm, contents.breast.thickness_mm)
    share = full_share(inside_mm, anatomy)
    plain = anatomy.sample(anatomy.extra, *axes) * share
    if contents.fibres:
        plain += share * fibre_attenuation(
            contents.fibres, acquisition.to_rc, shape=acquisition.shape, pixel_mm=acquisition.true_mm
        )
    plain += np.where(breast, SKIN_PER_MM * skin_path_mm(inside_mm), np.float32(0.0)) - thinning
    lead = _lead(acquisition, breast, rng)
    plain += lead
    label_map[lead > 1.0] = LABEL_CODES[MarkLabel.FOREIGN]
    stamps = tuple(stamp for stamp in _stamps(contents, acquisition) if breast[_nearest(stamp)])
    full = plain.copy()
    add_stamps(full, stamps, labels=label_map)
    fringe = np.exp(np.minimum(inside_mm, 0.0) / np.float32(acquisition.detector.scatter_mm))
    return stamps, _Shadow(plain, full, thinning, breast, lead, fringe)


def _stamps(contents: Contents, acquisition: Acquisition) -> list[Stamp]:
    deposits = contents.deposits
    centres = acquisition.to_rc(np.array([deposit.centre_da for deposit in deposits]).reshape(-1, 2))
    stamps = (
        stamp_deposit(
            deposit, centre, shape=acquisition.shape, pixel_mm=acquisition.true_mm, mirrored=acquisition.mirrored
        )
        for deposit, centre in zip(deposits, centres, strict=True)
    )
    return [stamp for stamp in stamps if stamp is not None]


def _nearest(stamp: Stamp) -> tuple[int, int]:
    row, col = np.rint(stamp.centre_rc).astype(int)
    return int(row), int(col)


def _lead(acquisition: Acquisition, breast: BoolImage, rng: np.random.Generator) -> FloatImage:
    """Letters, most of them away from the chest wall where the air is."""
    lead = np.zeros(breast.shape, np.float32)
    for _ in range(acquisition.clutter.letters):
        down = rng.uniform(0.0, 0.12) if rng.random() < 0.7 else rng.uniform(0.0, 0.9)
        along = rng.uniform(0.55, 0.8)
        corner = (down * breast.shape[0], (0.75 - along if acquisition.mirrored else along) * breast.shape[1])
        shape = (breast.shape[0], breast.shape[1])
        np.maximum(lead, lead_letters(shape, pixel_mm=acquisition.true_mm, corner_rc=corner, rng=rng), out=lead)
    return lead


def _signal(shadow: _Shadow, acquisition: Acquisition) -> tuple[LocalSignal, FloatImage]:
    """Mean signal at the detector, without and with deposits."""
    detector, pitch = acquisition.detector, acquisition.imager_mm
    primary = blurred_primary(shadow.full, detector=detector, pixel_mm=pitch)
    scatter = scattered(primary, shadow.breast, detector=detector, pixel_mm=pitch) * shadow.fringe
    signal = with_scatter(primary, scatter, detector=detector)
    plain = np.exp(-shadow.plain)
    total = with_scatter(plain, scatter, detector=detector)
    local = LocalSignal(plain, total, detector, pitch, brightest=_TOP / detector.raw_level)
    return local, _with_grid(signal, acquisition)


def _with_grid(signal: FloatImage, acquisition: Acquisition) -> FloatImage:
    ripple = acquisition.clutter.grid_lines
    if not ripple:
        return signal
    along = np.arange(signal.shape[1]) * acquisition.imager_mm[1] * 2 * math.pi * _GRID_LINES_PER_MM
    shaded: FloatImage = signal * (1.0 + ripple * np.sin(along)).astype(np.float32)
    return shaded


def _exposed(film: FilmSpec, signal: FloatImage, breast: BoolImage) -> FilmSpec:
    """Automatic exposure: put the middle of the breast where the film wants it."""
    middle = float(np.median(log_signal(signal[breast])))
    return replace(film, middle_nepers=film.middle_nepers + middle)


def _on_film(
    signal: FloatImage,
    film: FilmSpec,
    acquisition: Acquisition,
    *,
    labels: NDArray[np.uint8],
    rng: np.random.Generator,
) -> FloatImage:
    values, soiled = scan_film(log_signal(signal), film, pixel_mm=acquisition.true_mm, rng=rng)
    labels[soiled > 0] = soiled[soiled > 0]
    return values


def _digital(signal: FloatImage, shadow: _Shadow, acquisition: Acquisition) -> FloatImage:
    level = np.float32(acquisition.detector.raw_level)
    counts = np.clip(np.rint(level * signal), 1, _TOP).astype(np.float32)
    covered = shadow.breast | (shadow.lead > 1.0)
    if acquisition.air_masked:
        counts[~covered] = _TOP
    if acquisition.look is None:
        nepers: FloatImage = np.float32(np.log(_TOP)) - np.log(counts)
        return nepers
    return _presented(counts / level, shadow, acquisition.look, covered=covered, pixel_mm=acquisition.true_mm)


def _presented(
    signal: FloatImage, shadow: _Shadow, look: Look, *, covered: BoolImage, pixel_mm: tuple[float, float]
) -> FloatImage:
    return present(log_signal(signal), shadow.thinning, covered, look=look, pixel_mm=pixel_mm)
