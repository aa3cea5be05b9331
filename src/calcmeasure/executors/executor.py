"""What every executor promises, and how one piece of work ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from calcmeasure.errors import CalcMeasureError, ErrorCode, OutputError

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an item has no result.

    Parameters
    ----------
    code, reason
        For ``skipped.csv``; no value out of a header ever stands there.
    """

    code: ErrorCode
    reason: str


class Executor(Protocol):
    """Does the same work on many items, each in a process of its own kind."""

    def run(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result | Failure]]:
        """Work on every item.

        Parameters
        ----------
        work
            A function that can be pickled, without side effects but those that may safely happen twice.
        items
            Can be pickled.

        Yields
        ------
        index, result
            Position in `items` and what came of it, as they come: every item exactly once. An item that failed, or
            whose process died even when it was tried again, has a `Failure`.

        Raises
        ------
        OutputError
            When a result cannot be written: that concerns every item.
        """
        ...


def attempt(work: Callable[[Item], Result], item: Item) -> Result | Failure | OutputError:
    """Work on one item in a worker; whatever goes wrong with it costs this item only.

    Nothing is raised out of here: executors log what is raised, with the item beside it, and logs hold no patient.

    Returns
    -------
    Result, Failure or OutputError
        The last is to be raised by whoever collects the results.
    """
    try:
        return work(item)
    except OutputError as error:
        return error
    except CalcMeasureError as error:
        return Failure(error.code, error.message)
    except MemoryError:
        return Failure(ErrorCode.WORKER_DIED, "not enough memory for this patient")
    except Exception as error:  # noqa: BLE001 - any detector may come from elsewhere
        # A defect of ours or of a detector from elsewhere. Its text may hold header values: only its kind is told.
        return Failure(ErrorCode.INTERNAL, f"an unexpected {type(error).__name__}; please report it")


def delivered(outcome: Result | Failure | OutputError) -> Result | Failure:
    """Take what `attempt` sent back.

    Raises
    ------
    OutputError
        When that is what came.
    """
    if isinstance(outcome, OutputError):
        raise outcome
    return outcome


def died() -> Failure:
    """Outcome of an item whose process died, every time it was tried."""
    return Failure(ErrorCode.WORKER_DIED, "the process working on this patient died")


def in_order(outcomes: Iterator[tuple[int, Result | Failure]]) -> Iterator[Result | Failure]:
    """Put results back into the order of their items, each as soon as those before it are there."""
    waiting: dict[int, Result | Failure] = {}
    position = 0
    for index, outcome in outcomes:
        waiting[index] = outcome
        while position in waiting:
            yield waiting.pop(position)
            position += 1
