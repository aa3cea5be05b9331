"""Command line of the accuracy benchmarks."""

from __future__ import annotations

import argparse


def read_options(description: str | None, *, counted: str, quick: int, full: int) -> argparse.Namespace:
    """Read how many images or examinations (`counted`), in how many processes, and whether to draw the pictures."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = f"of each main suite; the figures in the documentation: {full}"
    parser.add_argument(f"--{counted}", type=int, default=quick, help=what)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--figures", action="store_true", help="write the pictures of the documentation")
    return parser.parse_args()
