"""Walk folders and read every file's header: fast where the file is ordinary, guarded where it is not."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from calcmeasure.dicom.compact import CompactHeader, unpack_header
from calcmeasure.dicom.guard import PixelElement, check_pixel_size, check_transfer_syntax, read_guarded
from calcmeasure.dicom.header import Header
from calcmeasure.dicom.objects import sort_object
from calcmeasure.dicom.prefixes import BATCH_FILES, PrefixReader, WalkedFile
from calcmeasure.errors import DicomReadError, ErrorCode
from calcmeasure.model.imaging import Skipped

CHUNK_FILES = 256
"""Files per task of a worker process: large enough to hide the cost of sending them."""


_STORAGE = "1.2.840.10008.5.1.4.1.1."
_SEQUENCE_FREE_CLASSES = frozenset(_STORAGE + end for end in ("4", "2", "20", "6.1", "128"))
"""Classic MR slices, and CT, nuclear medicine, ultrasound and PET images, which are only counted."""


_JUDGED_TAGS = (
    0x00020010, 0x00080005, 0x00080008, 0x00080016, 0x00080060, 0x0008103E, 0x00181030, 0x00189087,
    0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011, 0x00280100,
)  # fmt: skip
"""Everything the rules of acceptance read of an MR slice, beside its identifiers."""
_NEEDED_TAGS = (0x00080018, 0x0020000D, 0x0020000E)
_MAX_VERDICTS = 4096


class _Verdict(NamedTuple):
    """What the rules say of all slices with one key, as long as enough bytes follow their header."""

    least_available: int
    transfer_syntax: str
    refusal: Skipped | None


class FoundFile(NamedTuple):
    """A regular file met on the walk.

    Parameters
    ----------
    path
        As reached from the source folder.
    size
        Bytes.
    mtime_ns
        Time of the last change, nanoseconds.
    """

    path: str
    size: int
    mtime_ns: int


Scanned = Header | Skipped
"""What became of one file: the header of an image to use, or the reason it is left out."""


def walk_sources(sources: Sequence[Path]) -> Iterator[FoundFile | Skipped]:
    """List every file below the sources, each once, in a fixed order.

    Parameters
    ----------
    sources
        Files or folders.

    Yields
    ------
    FoundFile or Skipped
        Links that lead out of their source, pipes, devices and unreadable folders are reported, never opened.
    """
    seen: set[int] = set()
    for source in sources:
        yield from _walk_source(source, seen)


def scan_files(
    files: Sequence[FoundFile], *, jobs: int = 1, on_progress: Callable[[int, int], None] | None = None
) -> list[Scanned]:
    """Read the headers of many files.

    Parameters
    ----------
    files
        From `walk_sources`.
    jobs
        Worker processes; 1 reads in this process.
    on_progress
        Called with (files done, files in all) after every chunk.

    Returns
    -------
    list
        In the order of `files`, whatever the number of workers.
    """
    chunks = list(_chunked(files))
    results: list[Scanned] = []
    for part in _map_chunks(chunks, jobs=jobs):
        results += part
        if on_progress is not None:
            on_progress(len(results), len(files))
    return results


def scan_file(path: Path, *, size: int) -> Scanned:
    """Read one file's header and decide whether it holds an image to use.

    Parameters
    ----------
    path
        A regular file of `size` bytes.
    """
    return _scan_chunk([FoundFile(str(path), size, 0)])[0]


def scan_whole(path: Path) -> Scanned:
    """Read and judge one file by the complete parser alone: what `scan_file` must agree with."""
    try:
        header, pixels = read_guarded(path)
        return _judge(header, pixels)
    except DicomReadError as error:
        return Skipped(path, error.code, error.message)


class _Judge:
    """Decides about walked files; slices of one series are judged once."""

    def __init__(self) -> None:
        self._verdicts: dict[bytes, _Verdict] = {}

    def decide(self, path: str, walked: WalkedFile) -> Scanned:
        available = walked.file_size - walked.reached
        verdict = self._verdicts.get(walked.key)
        if verdict is None or available < verdict.least_available:
            return self._decide_anew(Path(path), walked)
        if verdict.refusal is not None:
            return Skipped(Path(path), verdict.refusal.code, verdict.refusal.reason)
        return CompactHeader(path, verdict.transfer_syntax, walked.raw)

    def _decide_anew(self, path: Path, walked: WalkedFile) -> Scanned:
        header = unpack_header(path, walked.raw)
        if header.text("SOPClassUID") not in _SEQUENCE_FREE_CLASSES:
            return scan_whole(path)
        try:
            result = _judge(header, walked.pixels)
        except DicomReadError as error:  # of the pixels: another slice may hold more of them
            return Skipped(path, error.code, error.message)
        if header.text("Modality") == "MR" and len(self._verdicts) < _MAX_VERDICTS:
            refusal = result if isinstance(result, Skipped) else None
            least = walked.pixels.available if refusal is None else -sys.maxsize
            self._verdicts[walked.key] = _Verdict(least, header.transfer_syntax, refusal)
        return result


def _judge(header: Header, pixels: PixelElement) -> Scanned:
    """Raise ``DicomReadError`` for pixels that cannot be there."""
    sorted_as = sort_object(header)
    if isinstance(sorted_as, Skipped):
        return sorted_as
    check_transfer_syntax(header)
    check_pixel_size(header, pixels)
    return header


def _walk_source(source: Path, seen: set[int]) -> Iterator[FoundFile | Skipped]:
    try:
        status = source.stat()
    except OSError:
        yield Skipped(source, ErrorCode.UNREADABLE, "the source does not exist or cannot be read")
        return
    if stat.S_ISDIR(status.st_mode):
        yield from _walk_folder(str(source), source.resolve(), seen)
    elif stat.S_ISREG(status.st_mode):
        if (found := _unless_seen(str(source), status, seen)) is not None:
            yield found
    else:
        yield Skipped(source, ErrorCode.UNREADABLE, "not a regular file (pipe, socket or device)")


def _walk_folder(top: str, root: Path, seen: set[int]) -> Iterator[FoundFile | Skipped]:
    """Depth first without recursion, names in order; links are not followed into folders, so loops cannot arise."""
    pending = [top]
    while pending:
        folder = pending.pop()
        folders: list[str] = []
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=attrgetter("name"))
        except OSError:
            yield Skipped(Path(folder), ErrorCode.UNREADABLE, "the folder cannot be listed")
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            elif (found := _look_at(entry, root, seen)) is not None:
                yield found
        pending += reversed(folders)


def _look_at(entry: os.DirEntry[str], root: Path, seen: set[int]) -> FoundFile | Skipped | None:
    try:
        if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root):
            return Skipped(Path(entry.path), ErrorCode.UNREADABLE, "a link that leads out of the source folder")
        status = entry.stat()
    except (OSError, RuntimeError):
        return Skipped(Path(entry.path), ErrorCode.UNREADABLE, "a broken or circular link")
    if stat.S_ISREG(status.st_mode):
        return _unless_seen(entry.path, status, seen)
    if stat.S_ISDIR(status.st_mode):
        return Skipped(Path(entry.path), ErrorCode.UNREADABLE, "a link to a folder; the folder itself is walked")
    return Skipped(Path(entry.path), ErrorCode.UNREADABLE, "not a regular file (pipe, socket or device)")


def _unless_seen(path: str, status: os.stat_result, seen: set[int]) -> FoundFile | None:
    identity = status.st_dev << 64 | status.st_ino
    if identity in seen:
        return None
    seen.add(identity)
    return FoundFile(path, status.st_size, status.st_mtime_ns)


def _chunked(files: Sequence[FoundFile]) -> Iterator[list[FoundFile]]:
    rest = iter(files)
    while chunk := list(islice(rest, CHUNK_FILES)):
        yield chunk


def _map_chunks(chunks: Sequence[list[FoundFile]], *, jobs: int) -> Iterator[list[Scanned]]:
    if jobs <= 1 or len(chunks) < 2:
        yield from map(_scan_chunk, chunks)
        return
    with ProcessPoolExecutor(min(jobs, len(chunks)), mp_context=get_context("forkserver")) as pool:
        yield from pool.map(_scan_chunk, chunks)


def _scan_chunk(files: Sequence[FoundFile]) -> list[Scanned]:
    reader = PrefixReader(key_tags=_JUDGED_TAGS, needed_tags=_NEEDED_TAGS, n_files=min(BATCH_FILES, len(files)))
    judge = _Judge()
    walked = reader.read([(file.path, file.size) for file in files])
    return [
        scan_whole(Path(file.path)) if found is None else judge.decide(file.path, found)
        for file, found in zip(files, walked, strict=True)
    ]
