"""Command line of the accuracy benchmarks."""

from __future__ import annotations

import argparse

IMAGES, QUICK = 100, 12


def read_options(description: str | None) -> argparse.Namespace:
    """Read how many images, in how many processes, and whether to draw the figures of the documentation."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--images", type=int, default=QUICK, help=f"of each main suite; the figures in the documentation: {IMAGES}"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--figures", action="store_true", help="write the pictures of the documentation")
    return parser.parse_args()
