"""Single calcifications: free-response curves by size beside the max-SNR rule and the ideal observer; calibration.

Run: ``python benchmarks/bench_calcification_marks.py [--images N] [--jobs N] [--figures]``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from calcifications.figures import IMAGES, draw_marks
from calcifications.options import read_options
from calcifications.outcomes import Outcome
from calcifications.running import run_suite
from calcifications.suites import MAIN
from calcifications.summaries import (
    MARK_COLUMNS,
    OPERATING_COLUMNS,
    SIZES_MM,
    ideal_curve,
    mark_curve,
    mark_reliability,
    mark_rows,
    operating_rows,
    size_rows,
    snr_curve,
)
from timing import print_machine, print_table

RATES = (0.003, 0.01, 0.1, 1.0)
PANELS = ("all", "≥ 0.2 mm", "≥ 0.3 mm")


def main() -> None:
    options = read_options(__doc__)
    print_machine("scipy")
    suites = {suite.name: run_suite(suite, images=options.images, jobs=options.jobs) for suite in MAIN}
    _print_suites(suites)
    print("\nsensitivity: calcmeasure (95 % interval) · max-SNR rule · ideal observer")
    print_table(
        MARK_COLUMNS,
        (row for name, outcomes in suites.items() for row in mark_rows(name, outcomes, RATES)),
    )
    print_table(
        ("images", "size", "calcifications", "calcmeasure at 0.01 / cm²", "max-SNR rule", "ideal observer"),
        (row for name, outcomes in suites.items() for row in size_rows(name, outcomes)),
    )
    print_table(OPERATING_COLUMNS, (row for name, outcomes in suites.items() for row in operating_rows(name, outcomes)))
    if options.figures:
        _draw(suites)


def _print_suites(suites: Mapping[str, Sequence[Outcome]]) -> None:
    print_table(
        ("images", "number", "breast cm²", "calcifications", "mean difference of probability and share", "Brier score"),
        (
            (
                name,
                len(outcomes),
                f"{sum(o.area_cm2 for o in outcomes):.0f}",
                sum(int(o.truth.wanted.sum()) for o in outcomes),
                f"{(found := mark_reliability(outcomes)).error:.3f}",
                f"{found.brier:.3f}",
            )
            for name, outcomes in suites.items()
        ),
    )


def _draw(suites: Mapping[str, Sequence[Outcome]]) -> None:
    raw, shown, film, _ = suites.values()
    panels, ideal = {}, {}
    for label in PANELS:
        size = SIZES_MM[label]
        panels[label] = {
            "For Processing": mark_curve(raw, size),
            "For Presentation": mark_curve(shown, size),
            "film": mark_curve(film, size),
            "max-SNR rule (For Processing)": snr_curve(raw, size),
        }
        ideal[label] = ideal_curve(raw, size)
    draw_marks(panels, ideal, IMAGES / "calcification-marks.png")


if __name__ == "__main__":
    main()
