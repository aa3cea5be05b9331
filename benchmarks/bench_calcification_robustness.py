"""How far accuracy holds: noise, blur, pixel size, film, looks, inverted files, and every kind of clutter alone.

Run: ``python benchmarks/bench_calcification_robustness.py [--images N] [--jobs N]``; each row shows 12 % of N images.
"""

from __future__ import annotations

from calcifications.options import read_options
from calcifications.running import run_suite
from calcifications.stored import STORED_COLUMNS, stored_rows
from calcifications.suites import clutter, robustness
from calcifications.summaries import ROBUSTNESS_COLUMNS, clutter_row, robustness_row
from timing import print_machine, print_table


def main() -> None:
    options = read_options(__doc__)
    print_machine("scipy")
    print_table(
        ROBUSTNESS_COLUMNS,
        (robustness_row(s.name, run_suite(s, images=options.images, jobs=options.jobs)) for s in robustness()),
    )
    print_table(
        ("normal breasts with", "images", "false groups / image", "images with any"),
        (clutter_row(s.name, run_suite(s, images=options.images, jobs=options.jobs)) for s in clutter()),
    )
    print_table(STORED_COLUMNS, stored_rows())


if __name__ == "__main__":
    main()
