"""Command line of the lesion benchmarks."""

from __future__ import annotations

import argparse

EXAMS, QUICK = 120, 8


def read_options(description: str | None) -> argparse.Namespace:
    """Read how many examinations, in how many processes, and whether to draw the pictures of the documentation."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--exams", type=int, default=QUICK, help=f"of the main suite; the figures in the documentation: {EXAMS}"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--figures", action="store_true", help="write the pictures of the documentation")
    return parser.parse_args()
