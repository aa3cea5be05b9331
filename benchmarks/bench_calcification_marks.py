"""Single calcifications: free-response curves by size beside the max-SNR rule and the ideal observer; calibration.

Run: ``python benchmarks/bench_calcification_marks.py [--images N] [--jobs N] [--figures]``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from accuracy.pictures import IMAGES
from calcifications.curves import Curve
from calcifications.figures import draw_marks
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
    raw, shown, film, reference = suites
    rows = {
        "reference exposure, tissue and calcifications only": [reference],
        "test scenes with all clutter (max-SNR rule and ideal observer: For Processing)": [raw, shown, film],
    }
    panels = {title: {size: _curves(suites, names, size) for size in PANELS} for title, names in rows.items()}
    draw_marks(panels, IMAGES / "calcification-marks.png")


def _curves(suites: Mapping[str, Sequence[Outcome]], names: Sequence[str], size: str) -> dict[str, Curve]:
    """Own curves of the suites, the other two ways on the first of them."""
    curves = {name: mark_curve(suites[name], SIZES_MM[size]) for name in names}
    first = suites[names[0]]
    others = {"max-SNR rule": snr_curve(first, SIZES_MM[size]), "ideal observer": ideal_curve(first, SIZES_MM[size])}
    return curves | others


if __name__ == "__main__":
    main()
