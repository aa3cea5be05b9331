"""Enhancing lesions on unseen examinations: how many are found, how well they are measured, what is invented.

Run: ``python benchmarks/bench_lesion_accuracy.py [--exams N] [--jobs N] [--figures]``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from accuracy.pictures import IMAGES
from lesions.figures import draw_errors
from lesions.options import read_options
from lesions.outcomes import NO_LESION, Outcome
from lesions.running import run_suite
from lesions.sheets import draw_worst
from lesions.suites import MAIN, MOVED, NORMAL, STILL
from lesions.summaries import (
    ANISOTROPY_LIMITS,
    BACKGROUND_LIMITS,
    ERROR_COLUMNS,
    FALSE_COLUMNS,
    MOTION_LIMITS,
    NOISE_LIMITS,
    SIZE_LIMITS,
    binned,
    error_row,
    errors_of,
    false_rows,
    grouped,
)
from timing import print_machine, print_table


def main() -> None:
    options = read_options(__doc__)
    print_machine("SimpleITK")
    suites = {s.name: run_suite(s, exams=options.exams, jobs=options.jobs) for s in (MAIN, STILL, MOVED, NORMAL)}
    print_table(("examinations of", *ERROR_COLUMNS), (error_row(name, some) for name, some in suites.items()))
    main_suite = suites[MAIN.name]
    for title, rows in _parts(main_suite):
        print_table((title, *ERROR_COLUMNS), rows)
    print_table(("examinations of", *FALSE_COLUMNS), false_rows(suites))
    refused = [f"{outcome.seed} {outcome.refusal}" for some in suites.values() for outcome in some if outcome.refusal]
    print(f"\nrefused: {', '.join(refused) or 'none'}")
    if options.figures:
        draw_errors({name: errors_of(some) for name, some in suites.items() if name != NORMAL.name}, IMAGES)
        draw_worst(main_suite, MAIN, IMAGES)


def _parts(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Tables of one suite by what was drawn."""
    diseased = [outcome for outcome in outcomes if outcome.largest != NO_LESION]
    kinds = {"disease": lambda o: o.disease, "fat suppression": lambda o: o.fat, "plane": lambda o: o.plane}
    for title, key in kinds.items():
        yield title, [error_row(name, some) for name, some in grouped(diseased, key)]
    numbers = {
        "diameter": (lambda o: float(o.truth_mm.max()), SIZE_LIMITS, " mm"),
        "background enhancement": (lambda o: o.background, BACKGROUND_LIMITS, ""),
        "noise": (lambda o: o.noise, NOISE_LIMITS, ""),
        "motion": (lambda o: o.motion_mm, MOTION_LIMITS, " mm"),
        "slice / in-plane spacing": (lambda o: o.anisotropy, ANISOTROPY_LIMITS, ""),
    }
    for title, (key, limits, unit) in numbers.items():
        yield title, [error_row(name, some) for name, some in binned(diseased, key, limits, unit=unit)]


if __name__ == "__main__":
    main()
