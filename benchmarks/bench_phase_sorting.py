"""Phases of dynamic series sorted from headers alone: how many come out right, are refused, or come out wrong.

Usage: python benchmarks/bench_phase_sorting.py [number of series] [first seed]
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from calcmeasure.dicom.phases import sort_dynamic_series
from calcmeasure.model.imaging import DynamicSeries
from calcmeasure.terms import Flag
from phase_series import VendorSeries, draw_series
from timing import print_machine, print_table

STEP_TOLERANCE_S = 2.0
"""Times of one phase lie this far apart at most before they count as two."""
CENTRE_TOLERANCE_S = 2.5
OUTCOMES = ("right", "right, first after contrast assumed", "refused", "wrong grouping", "wrong time", "wrong contrast")


def judge(truth: VendorSeries) -> tuple[str, str]:
    """Sort one examination and compare it with the truth.

    Returns
    -------
    (outcome, reason)
        One of `OUTCOMES`, and the code it was refused with or what is wrong.
    """
    found = sort_dynamic_series(truth.headers)
    usable = [series for series in found.series if series.usable]
    if not usable:
        codes = Counter(str(one.code) for one in found.skipped)
        codes.update(flag for series in found.series for flag in series.flags if flag.startswith("E_"))
        return "refused", codes.most_common(1)[0][0]
    if len(usable) > 1:
        return "wrong grouping", f"{len(usable)} series"
    (series,) = usable
    wrong = next(_faults(series, truth), None)
    if wrong is not None:
        return wrong
    assumed = Flag.FIRST_POST_ASSUMED in series.flags
    return (OUTCOMES[1] if assumed else OUTCOMES[0]), series.sort_key


def _faults(series: DynamicSeries, truth: VendorSeries) -> Iterator[tuple[str, str]]:
    groups = [tuple(frame.sop_uid for frame in phase.frames) for phase in series.phases]
    known = dict(zip(truth.phases, truth.starts_s, strict=True))
    forwards = all(group in known for group in groups)
    if not forwards and not all(group[::-1] in known for group in groups):
        yield "wrong grouping", "images of several phases together, or slices out of order"
        return
    starts_s = [known[group if forwards else group[::-1]] for group in groups]
    if starts_s != sorted(starts_s) or len(set(starts_s)) < len(starts_s):
        yield "wrong grouping", "phases out of order"
        return
    yield from _time_faults(series, starts_s, truth)
    first = series.first_post_contrast
    is_told = first is not None and Flag.FIRST_POST_ASSUMED not in series.flags
    if is_told and first != sum(start_s < truth.injection_s for start_s in starts_s):
        yield "wrong contrast", f"first after contrast {first}"


def _time_faults(series: DynamicSeries, starts_s: list[float], truth: VendorSeries) -> Iterator[tuple[str, str]]:
    for (one, after), (start_s, later_s) in zip(pairwise(series.phases), pairwise(starts_s), strict=True):
        step_s = (after.start_s or 0.0) - (one.start_s or 0.0)
        if abs(step_s - (later_s - start_s)) > STEP_TOLERANCE_S:
            yield "wrong time", f"step of {step_s:g} s for {later_s - start_s:g} s"
    for phase, start_s in zip(series.phases, starts_s, strict=True):
        half_s = 0.0 if phase.duration_s is None else truth.duration_s / 2
        offset_s = (phase.time_s or 0.0) - ((phase.start_s or 0.0) + half_s)
        if abs(offset_s) > CENTRE_TOLERANCE_S:
            yield "wrong time", f"centre {offset_s:+g} s"
        if series.time_zero == "injection" and abs((phase.start_s or 0.0) - start_s + truth.injection_s) > 2.0:
            yield "wrong time", f"{(phase.start_s or 0.0) - start_s + truth.injection_s:+g} s after injection"


def main(n_series: int, first_seed: int) -> None:
    print_machine()
    counts: dict[str, Counter[str]] = {}
    reasons: Counter[tuple[str, str]] = Counter()
    spent_s, n_images = 0.0, 0
    for seed in range(first_seed, first_seed + n_series):
        truth = draw_series(seed)
        began_s = time.process_time()
        outcome, reason = judge(truth)
        spent_s += time.process_time() - began_s
        n_images += len(truth.headers)
        counts.setdefault(truth.vendor, Counter())[outcome] += 1
        reasons[outcome, reason] += 1
        if outcome.startswith("wrong"):
            print(f"seed {seed}: {outcome}: {reason}; {truth.vendor}, {', '.join(sorted(truth.traits))}")
    rows = [[vendor, sum(c.values()), *(c[o] for o in OUTCOMES)] for vendor, c in sorted(counts.items())]
    total = sum(counts.values(), Counter())
    rows.append(["all", n_series, *(total[outcome] for outcome in OUTCOMES)])
    print_table(["maker", "series", *OUTCOMES], rows)
    print()
    print_table(["outcome", "by", "series"], [[*key, n] for key, n in sorted(reasons.items())])
    print(f"\n{n_images} headers, {1e6 * spent_s / n_images:.0f} us of processor time each")


if __name__ == "__main__":
    arguments = [int(text) for text in sys.argv[1:]]
    main(*(arguments + [1000, 1][len(arguments) :]))
