"""Groups of calcifications and their extents on unseen scenes, and the classes of change of pairs.

Run: ``python benchmarks/bench_calcification_groups.py [--images N] [--jobs N] [--figures]``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from accuracy.pictures import IMAGES
from calcifications.figures import draw_extents, draw_groups
from calcifications.options import read_options
from calcifications.outcomes import Outcome
from calcifications.pairs import PAIR_COLUMNS, pair_rows, run_pairs
from calcifications.running import run_suite
from calcifications.suites import MAIN, NORMAL
from calcifications.summaries import (
    EXTENT_COLUMNS,
    GROUP_COLUMNS,
    extent_errors,
    extent_rows,
    group_curve,
    group_row,
    mark_reliability,
    rate_row,
    sensitivity_rows,
)
from timing import print_machine, print_table


def main() -> None:
    options = read_options(__doc__)
    print_machine("scipy")
    suites = {suite.name: run_suite(suite, images=options.images, jobs=options.jobs) for suite in MAIN}
    normal = run_suite(NORMAL, images=options.images, jobs=options.jobs)
    every = [*suites.items(), (NORMAL.name, normal)]
    print_table(GROUP_COLUMNS, (group_row(name, outcomes) for name, outcomes in every))
    print_table(
        ("images, operating point", *GROUP_COLUMNS[1:]),
        (row for name, outcomes in every for row in sensitivity_rows(name, outcomes)),
    )
    print_table(
        ("images", "0.05 false groups / image", "0.2", "1"),
        (rate_row(name, outcomes) for name, outcomes in suites.items()),
    )
    print_table(
        ("images", *EXTENT_COLUMNS), (row for name, outcomes in suites.items() for row in extent_rows(name, outcomes))
    )
    pairs = run_pairs(images=options.images, jobs=options.jobs)
    print_table(PAIR_COLUMNS, pair_rows(pairs))
    if options.figures:
        _draw(suites)


def _draw(suites: Mapping[str, Sequence[Outcome]]) -> None:
    curves = {name: group_curve(outcomes) for name, outcomes in suites.items()}
    reliability = {name: mark_reliability(outcomes) for name, outcomes in suites.items()}
    draw_groups(curves, reliability, IMAGES / "calcification-groups.png")
    errors = {name: extent_errors(outcomes, "found") for name, outcomes in suites.items()}
    raw = next(iter(suites.values()))
    errors |= {
        "For Processing, wider link": extent_errors(raw, "wider"),
        "ideal observer": extent_errors(raw, "ideal"),
    }
    draw_extents(
        {name: e.mm for name, e in errors.items()},
        {name: e.relative for name, e in errors.items()},
        IMAGES / "calcification-extents.png",
    )


if __name__ == "__main__":
    main()
