"""Response class of pairs of examinations beside the truth's.

Run: ``python benchmarks/bench_lesion_pairs.py [--exams N] [--jobs N]``.
"""

from __future__ import annotations

from lesions.options import read_options
from lesions.pairs import PAIR_COLUMNS, pair_rows, run_pairs, wrong_pairs
from lesions.suites import PAIRS, PLAIN_PAIRS
from timing import print_machine, print_table


def main() -> None:
    options = read_options(__doc__)
    print_machine("SimpleITK")
    suites = {s.name: run_pairs(s, exams=options.exams, jobs=options.jobs) for s in (PLAIN_PAIRS, PAIRS)}
    print_table(("suite", *PAIR_COLUMNS), (row for name, pairs in suites.items() for row in pair_rows(name, pairs)))
    print_table(
        ("suite", "seed", "disease", "true mm", "found mm", "true class", "found class"),
        (row for pairs in suites.values() for row in wrong_pairs(pairs)),
    )


if __name__ == "__main__":
    main()
