"""Answer the seeds of a suite, remembered by the code that answered and by what was drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Generic, TypeVar

import calcmeasure
from accuracy.stored import Stored
from accuracy.suites import Suite

BUILD = Path(__file__).parents[2] / "build"

Answer = TypeVar("Answer", bound=Stored)


@dataclass(frozen=True, slots=True)
class Shelf(Generic[Answer]):
    """Where answers are kept.

    Parameters
    ----------
    folder
        Below ``build``.
    kind
        Of the answers.
    sources
        Files of the package that decide them, as patterns.
    own
        Files of the benchmark that do.
    """

    folder: Path
    kind: type[Answer]
    sources: tuple[str, ...]
    own: tuple[Path, ...]

    @property
    def version(self) -> Path:
        """Folder of the code as it is."""
        return self.folder / code_version(self.sources, self.own)


def run_seeds(
    suite: Suite,
    answering: Callable[[Suite, int], Iterator[Answer]],
    *,
    count: int,
    jobs: int,
    shelf: Shelf[Answer],
) -> list[list[Answer]]:
    """Answer each seed of a suite; those answered before by the same code come from disk."""
    work = partial(_answer_seed, suite, answering, shelf)
    seeds = suite.seeds(count)
    if jobs == 1:
        return [work(seed) for seed in seeds]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return list(pool.map(work, seeds))


@cache
def code_version(sources: tuple[str, ...], own: tuple[Path, ...]) -> str:
    """Tell the code that draws and answers from any other."""
    root = Path(calcmeasure.__file__).parent
    files = sorted({path for pattern in sources for path in root.glob(pattern) if path.is_file()})
    digest = hashlib.sha256()
    for path in (p for p in [*files, *own] if "__pycache__" not in p.parts):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _answer_seed(
    suite: Suite, answering: Callable[[Suite, int], Iterator[Answer]], shelf: Shelf[Answer], seed: int
) -> list[Answer]:
    what = f"{suite.settings!r} {suite.draw.__name__} {answering.__module__} {answering.__name__} {seed}"
    stem = hashlib.sha256(what.encode()).hexdigest()[:24]
    kept = sorted(shelf.version.glob(f"{stem}-*.npz"))
    if kept:
        return [shelf.kind.load(path) for path in kept]
    answers = list(answering(suite, seed))
    for number, answer in enumerate(answers):
        answer.save(shelf.version / f"{stem}-{number}.npz")
    return answers
