"""Phases of a dynamic series as arrays in one common scaling.

Ordinary slices (uncompressed, little endian) are read straight from their place in the file into the result;
everything else goes through the decoders. Rescale slope and intercept are applied image by image: a ratio of two phases
means nothing while they are scaled differently.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calcmeasure.dicom.codecs import decode_layout
from calcmeasure.dicom.frame_layout import FrameLayout, read_layout
from calcmeasure.dicom.phase_keys import mr_images
from calcmeasure.dicom.philips import scale_slopes
from calcmeasure.dicom.plain_slices import PlainSlice, Rescale, plain_slices, stated_rescale
from calcmeasure.dicom.roomy_arrays import give_back, roomy_array
from calcmeasure.errors import ErrorCode, PhaseError, PixelError
from calcmeasure.model.imaging import DynamicSeries, FrameReference

MAX_THREADS = 4
"""For compressed slices; their decoders release the interpreter lock."""

FULL_BITS = 16
WRAP_SHARE = 0.75
"""Neighbouring pixels further apart than this share of the whole range: no tissue does that."""
WRAPPED_PAIRS = 20

FloatVolume = NDArray[np.float32]
Place = tuple[int, int]
"""Position in the result: phase, slice."""


@dataclass(frozen=True, slots=True)
class _Source:
    """One file with the frames wanted from it."""

    path: Path
    layout: FrameLayout
    wanted: tuple[tuple[Place, int], ...]
    rescales: tuple[Rescale | None, ...]


def load_phases(series: DynamicSeries, *, indices: Sequence[int]) -> FloatVolume:
    """Load phases of a dynamic series.

    Parameters
    ----------
    series
        Sorted; its grid says how many slices, rows and columns there are.
    indices
        0-based phases, in the order wanted.

    Returns
    -------
    (n, slices, rows, columns) float32
        In a file, not in memory, where it is large (`roomy_array`). Signal with rescale slope and intercept applied.
        Philips images whose slopes differ are brought to one scale with the manufacturer's scale slope (2005,100E)
        where every image has it.

    Raises
    ------
    PhaseError
        ``E_SCALING`` when some images state a slope and others do not, or an impossible one; ``E_WRAPPED`` when 16 bits
        did not hold the signal;
        ``E_PHASE_AMBIGUOUS`` for a phase the series does not have.
    PixelError
        As `calcmeasure.dicom.codecs.decode_frames`; ``E_SIZE_LIE`` when a file has another size than the grid.
    """
    if series.grid is None or any(not 0 <= index < len(series.phases) for index in indices):
        raise PhaseError(f"the series has {len(series.phases)} phases; asked for {list(indices)}")
    places = {
        (row, place): frame
        for row, index in enumerate(indices)
        for place, frame in enumerate(series.phases[index].frames)
    }
    by_file = _by_file(places)
    plain_or_not = zip(by_file.items(), plain_slices(tuple(by_file)), strict=True)
    sources = [_source(path, wanted, plain) for (path, wanted), plain in plain_or_not]
    _check_size(sources, series.grid.shape)
    rescales = _common_scaling(sources, vendor=series.vendor)
    volume = roomy_array((len(indices), *series.grid.shape))
    plain = [source for source in sources if _is_plain(source.layout)]
    _read_plain(plain, rescales, out=volume)
    _decode_others([source for source in sources if not _is_plain(source.layout)], rescales, out=volume)
    if sources[0].layout.bits_stored == FULL_BITS:
        _refuse_wrapped(volume, slope=rescales[min(rescales)].slope)
    return volume


def _refuse_wrapped(volume: FloatVolume, *, slope: float) -> None:
    """Refuse signal that left the range of 16 bits: its neighbours lie almost the whole range away."""
    whole_range = abs(slope) * (1 << FULL_BITS)
    for phase in volume:
        if float(phase.max()) - float(phase.min()) < WRAP_SHARE * whole_range:
            continue
        jumps = sum(int(np.count_nonzero(np.abs(np.diff(one, axis=1)) > WRAP_SHARE * whole_range)) for one in phase)
        if jumps >= WRAPPED_PAIRS:
            raise PhaseError(
                "signal wraps around at the end of its 16 bits, so that the brightest voxels are dark; "
                "export the series again with a smaller scale",
                code=ErrorCode.WRAPPED,
            )
        give_back(volume)


def _by_file(places: Mapping[Place, FrameReference]) -> dict[Path, tuple[tuple[Place, int], ...]]:
    by_file: dict[Path, list[tuple[Place, int]]] = defaultdict(list)
    for place, frame in places.items():
        by_file[frame.path].append((place, frame.frame))
    return {path: tuple(wanted) for path, wanted in by_file.items()}


def _source(path: Path, wanted: tuple[tuple[Place, int], ...], plain: PlainSlice | None) -> _Source:
    if plain is not None:
        return _Source(path, plain.layout, wanted, (plain.rescale,) * len(wanted))
    header, layout = read_layout(path)
    images = mr_images(header)
    by_frame = {image.frame.frame: image.header for image in images} if len(images) > 1 else {}
    rescales = tuple(stated_rescale(by_frame.get(frame, images[0].header)) for _, frame in wanted)
    return _Source(path, layout, wanted, rescales)


def _is_plain(layout: FrameLayout) -> bool:
    little = layout.is_native and layout.stored_dtype.str == "<u2"
    return little and layout.high_bit == layout.bits_stored - 1


def _read_plain(sources: Iterable[_Source], rescales: Mapping[Place, Rescale], *, out: FloatVolume) -> None:
    raw = bytearray(2 * out.shape[2] * out.shape[3])
    buffer = np.frombuffer(raw, dtype="<u2").reshape(out.shape[2:])
    for source in sources:
        descriptor = os.open(source.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            for place, frame in source.wanted:
                offset = source.layout.offset + frame * source.layout.frame_bytes
                if os.preadv(descriptor, [raw], offset) != len(raw):
                    raise PixelError("the file ends inside its pixel data", code=ErrorCode.TRUNCATED)
                _apply(_stated(buffer, source.layout), rescales[place], out=out[place])
        finally:
            os.close(descriptor)
        if source.wanted[-1][0][1] == out.shape[1] - 1:
            give_back(out)


def _stated(values: NDArray[np.uint16], layout: FrameLayout) -> NDArray[np.generic]:
    """Keep the stored bits and give them their sign (in place)."""
    unused = layout.bits_allocated - layout.bits_stored
    if layout.signed:
        if unused:
            values <<= unused
            signed = values.view("<i2")
            signed >>= unused
        return values.view("<i2")
    if unused:
        values &= (1 << layout.bits_stored) - 1
    return values


def _decode_others(sources: Sequence[_Source], rescales: Mapping[Place, Rescale], *, out: FloatVolume) -> None:
    def decode(source: _Source) -> None:
        frames = [frame for _, frame in source.wanted]
        decoded = decode_layout(source.path, source.layout, frames=frames)
        for values, (place, _) in zip(decoded, source.wanted, strict=True):
            _apply(values, rescales[place], out=out[place])

    with ThreadPoolExecutor(max(1, min(MAX_THREADS, len(sources)))) as pool:
        # Results are asked for so that the first error is raised here.
        list(pool.map(decode, sources))


def _apply(values: NDArray[np.generic], rescale: Rescale, *, out: FloatVolume) -> None:
    if rescale.slope == 1.0:
        np.copyto(out, values, casting="unsafe")  # half the time of a product over two types
    else:
        np.multiply(values, np.float32(rescale.slope), out=out, casting="unsafe")
    if rescale.intercept:
        out += np.float32(rescale.intercept)


def _check_size(sources: Sequence[_Source], shape: tuple[int, int, int]) -> None:
    if any((source.layout.rows, source.layout.columns) != shape[1:] for source in sources):
        raise PixelError("a file has another size than the series' grid", code=ErrorCode.SIZE_LIE)


def _common_scaling(sources: Sequence[_Source], *, vendor: str) -> dict[Place, Rescale]:
    """Rescale of each image, so that all come out in one scale."""
    stated = {
        place: rescale for source in sources for (place, _), rescale in zip(source.wanted, source.rescales, strict=True)
    }
    if all(rescale is None for rescale in stated.values()):
        return dict.fromkeys(stated, Rescale(1.0, 0.0))
    known = {place: rescale for place, rescale in stated.items() if rescale is not None}
    if len(known) < len(stated):
        raise PhaseError("some images state a rescale slope and others do not", code=ErrorCode.SCALING)
    if vendor == "PHILIPS" and len(set(known.values())) > 1:
        return _philips_scaling(sources, known)
    return known


def _philips_scaling(sources: Sequence[_Source], known: Mapping[Place, Rescale]) -> dict[Place, Rescale]:
    """Signal = (value * slope + intercept) / (slope * scale slope), times the first image's product.

    Display values of Philips images with different slopes are not on one scale; the signal is (Chenevert et al. 2014,
    doi 10.1593/tlo.13811). Where no image has a scale slope the stated rescale is all there is to apply.
    """
    scales: dict[Place, float | None] = {}
    for source in sources:
        found = scale_slopes(source.path, frames=[frame for _, frame in source.wanted])
        scales.update(zip((place for place, _ in source.wanted), found, strict=True))
    if all(scale is None for scale in scales.values()):
        return dict(known)
    products = {place: known[place].slope * scale for place, scale in scales.items() if scale}
    if len(products) < len(known):
        raise PhaseError("some images carry a Philips scale slope and others do not", code=ErrorCode.SCALING)
    common = products[min(products)]
    return {
        place: Rescale(rescale.slope * common / products[place], rescale.intercept * common / products[place])
        for place, rescale in known.items()
    }
