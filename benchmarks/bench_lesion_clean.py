"""Bias of the outline on shapes whose diameter is known in closed form: 40 ellipsoids of 6 to 30 mm at three noises.

Run: ``python benchmarks/bench_lesion_clean.py``.
"""

from __future__ import annotations

from lesions.ellipsoids import CLEAN_COLUMNS, clean_rows
from timing import print_machine, print_table


def main() -> None:
    print_machine("scipy")
    print_table(CLEAN_COLUMNS, clean_rows())


if __name__ == "__main__":
    main()
