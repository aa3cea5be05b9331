"""Command line of the calcification benchmarks."""

from __future__ import annotations

from functools import partial

from accuracy import options

read_options = partial(options.read_options, counted="images", quick=12, full=200)
