"""The worst misses, false answers and extents beside plain successes, as pictures; and two real things, if there.

Run: ``python benchmarks/bench_calcification_examples.py [--images N] [--figures]``; without ``--figures`` the pictures
are written to ``build/calcifications``. Green circles and dashes: true; red diamonds: real, but to be left out; amber
squares and line: the group found; blue squares: other marks of probability 0.5 and more.
"""

from __future__ import annotations

from accuracy.pictures import IMAGES
from accuracy.suites import Suite
from calcifications.examples import plain_successes, worst_extents, worst_false, worst_misses
from calcifications.options import read_options
from calcifications.outcomes import Outcome
from calcifications.real import look_at_film, look_at_inserted
from calcifications.running import KEPT, run_suite
from calcifications.sheets import draw_sheet
from calcifications.suites import MAIN, NORMAL
from calcmeasure.detect.calcifications.operating_points import DEFAULT_FALSE_MARKS, least_probability
from timing import print_table


def main() -> None:
    options = read_options(__doc__)
    outcomes, origins = _all_outcomes(options.images, options.jobs)
    folder = IMAGES if options.figures else KEPT
    folder.mkdir(parents=True, exist_ok=True)
    sheets = {
        "calcification-misses.png": worst_misses(outcomes, least_probability(DEFAULT_FALSE_MARKS)),
        "calcification-false.png": worst_false(outcomes),
        "calcification-worst-extents.png": worst_extents(outcomes),
        "calcification-successes.png": plain_successes(outcomes),
    }
    for name, examples in sheets.items():
        scenes = {e.number: _scene(*origins[e.number]) for e in examples}
        draw_sheet(examples, outcomes, scenes, folder / name)
        print_table(("image", name), ((outcomes[e.number].name, e.words) for e in examples))
    look_at_film(KEPT)
    look_at_inserted()


def _all_outcomes(images: int, jobs: int) -> tuple[list[Outcome], list[tuple[Suite, int]]]:
    """Every answered image and what it was drawn from."""
    outcomes, origins = [], []
    for suite in (*MAIN[:3], NORMAL):
        outcomes += run_suite(suite, images=images, jobs=jobs)
        origins += [(suite, seed) for seed in suite.seeds(images)]
    return outcomes, origins


def _scene(suite: Suite, seed: int):
    return suite.draw(seed, suite.settings)[0]


if __name__ == "__main__":
    main()
