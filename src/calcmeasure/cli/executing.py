"""Where the work of a command is done: ``--jobs`` processes of this machine, or a Dask ``--cluster``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calcmeasure.executors.executor import Executor


def add_execution(parser: argparse.ArgumentParser) -> None:
    """Add ``--jobs`` and ``--cluster``, one or the other."""
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--jobs", type=positive, default=1, metavar="N", help="processes to use (default 1)")
    place.add_argument(
        "--cluster", default="", metavar="ADDRESS", help="work on a Dask cluster instead: its scheduler's address"
    )


def executor_from(options: argparse.Namespace) -> Executor:
    """Executor a command line asks for."""
    if options.cluster:
        from calcmeasure.executors.dask_cluster import DaskCluster

        return DaskCluster(options.cluster)
    from calcmeasure.executors.processes import LocalProcesses

    return LocalProcesses(options.jobs)


def positive(text: str) -> int:
    """Read a whole number from 1 on.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is not positive.
    """
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number
