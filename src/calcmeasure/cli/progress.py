"""Progress on stderr, on a terminal only."""

from __future__ import annotations

import sys
from types import TracebackType

from tqdm import tqdm


class Progress:
    """A bar that follows ``(done, total)`` calls.

    Parameters
    ----------
    label
        What is counted.
    quiet
        Show nothing.
    """

    def __init__(self, label: str, *, quiet: bool) -> None:
        hidden = quiet or not sys.stderr.isatty()
        self._bar = tqdm(desc=label, disable=hidden, file=sys.stderr, leave=False, dynamic_ncols=True)

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` are finished."""
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
