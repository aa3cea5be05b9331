"""Command line of the lesion benchmarks."""

from __future__ import annotations

from functools import partial

from accuracy import options

read_options = partial(options.read_options, counted="exams", quick=8, full=44)
