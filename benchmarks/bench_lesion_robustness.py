"""Enhancing lesions with one thing changed at a time: motion, noise, background, slices, fat suppression, artefacts.

Run: ``python benchmarks/bench_lesion_robustness.py [--exams N] [--jobs N]``; each row holds an eighth of N.
"""

from __future__ import annotations

from lesions.options import read_options
from lesions.running import run_suite
from lesions.suites import robustness
from lesions.summaries import ERROR_COLUMNS, error_row
from timing import print_machine, print_table


def main() -> None:
    options = read_options(__doc__)
    print_machine("SimpleITK")
    print_table(
        ("changed", *ERROR_COLUMNS),
        (error_row(s.name, run_suite(s, exams=options.exams, jobs=options.jobs)) for s in robustness()),
    )


if __name__ == "__main__":
    main()
