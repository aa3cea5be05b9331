"""Scoring tables of 10⁴ to 10⁶ measurements again, beside a plain pandas loop that finds the same categories.

Usage: python benchmarks/bench_score.py [largest number of rows] [jobs] [largest number of rows for pandas]
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from timing import print_machine, print_table

COLUMNS = "patient_id,timepoint,study_date,laterality,lesion_id,quantity,value_mm"
VISITS = ("baseline", "followup-1", "followup-2", "followup-3", "followup-4")
ROWS_PER_PATIENT = 2 * len(VISITS)


class Cost(NamedTuple):
    """What a command took: by the clock, of the processors, the most memory of its first process, and the load then."""

    clock_s: float
    processor_s: float
    peak_mib: float
    load: float


def write_cohort(path: Path, n_rows: int) -> None:
    """Patients with one extent and one lesion at five visits, rows in no order."""
    rng, rows = random.Random(7), []
    for patient in range(n_rows // ROWS_PER_PATIENT):
        side, extent, diameter = rng.choice("LR"), rng.uniform(0, 90), rng.uniform(12, 110)
        for month, visit in enumerate(VISITS, start=1):
            start = f"P{patient:06d},{visit},2024-{month:02d}-03,{side},{side}"
            rows.append(f"{start}-C1,calcification_extent,{extent:.1f}\n")
            rows.append(f"{start}-L1,lesion_diameter,{diameter:.1f}\n")
            extent, diameter = extent * rng.uniform(0.7, 1.15), diameter * rng.uniform(0.5, 1.25)
    rng.shuffle(rows)
    path.write_text(f"{COLUMNS}\n{''.join(rows)}", encoding="utf-8")


def categories_of(visits: pd.DataFrame) -> pd.DataFrame:
    """Categories of one patient and quantity, in floating point and without a word of explanation."""
    values = visits.set_index("timepoint")["value_mm"]
    before = values["baseline"]
    is_extent = visits["quantity"].iloc[0] == "calcification_extent"
    found = {}
    for timepoint, value in values.drop("baseline").items():
        change = (value - before) / before * 100 if before else (100.0 if value else 0.0)
        if is_extent:
            found[timepoint] = "increase" if change >= 10 else "decrease" if change <= -10 else "unchanged"
        else:
            found[timepoint] = "PD" if change > 20 else "CR" if value == 0 else "PR" if change < -30 else "SD"
    return pd.DataFrame({"timepoint": list(found), "category": list(found.values())})


def score_with_pandas(table: Path, out: Path) -> None:
    frame = pd.read_csv(table)
    keys = ["patient_id", "quantity"]
    scored = frame.groupby(keys)[["timepoint", "quantity", "value_mm"]].apply(categories_of)
    scored.reset_index()[[*keys, "timepoint", "category"]].to_csv(out, index=False)


def cost_of(command: list[str]) -> Cost:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    peak_mib = 0.0
    while process.poll() is None:
        peak_mib = max(peak_mib, resident_mib(process.pid))
        time.sleep(0.05)
    if process.returncode:
        raise RuntimeError(process.stderr.read() if process.stderr else "")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.perf_counter() - start, processor_s, peak_mib, os.getloadavg()[0])


def resident_mib(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def differing(ours: Path, theirs: Path) -> int:
    """Rows whose category is another one; at an exact cut-off binary floating point may miss it."""
    keys = ["patient_id", "quantity", "timepoint"]
    one, other = (pd.read_csv(path, usecols=[*keys, "category"], dtype=str).set_index(keys) for path in (ours, theirs))
    both = one.merge(other, left_index=True, right_index=True, suffixes=("", "_pandas"), how="outer")
    return int((both["category"] != both["category_pandas"]).sum())


def main() -> None:
    arguments = [int(text) for text in sys.argv[1:]]
    defaults = (10**6, os.cpu_count() or 1, 10**5)
    largest, jobs, largest_pandas = (*arguments, *defaults[len(arguments) :])
    print_machine("pandas")
    rows, notes = [], []
    with tempfile.TemporaryDirectory() as name:
        table, out, peer = Path(name, "t.csv"), Path(name, "out"), Path(name, "pandas.csv")
        for n_rows in (n for n in (10**4, 10**5, 10**6) if n <= largest):
            write_cohort(table, n_rows)
            own = [score(table, out, jobs=number) for number in sorted({1, jobs})]
            named = [f"calcmeasure, {number} jobs" for number in sorted({1, jobs})]
            rows += [(title, *shown(cost, n_rows, own[0])) for title, cost in zip(named, own, strict=True)]
            if n_rows > largest_pandas:
                continue
            cost = cost_of([sys.executable, __file__, "pandas", str(table), str(peer)])
            rows.append(("pandas groupby-apply", *shown(cost, n_rows, own[0])))
            notes.append(f"{differing(out / 'responses.csv', peer)} of the categories of {n_rows:,} rows differ")
    titles = ("case", "rows", "load", "clock s", "processor s", "µs per row", "peak MiB", "processor / own, 1 job")
    print_table(titles, rows)
    print("\n".join(notes))


def score(table: Path, out: Path, *, jobs: int) -> Cost:
    words = ["--criteria", "paper-2023", "--only-responses", "--jobs", str(jobs), "--quiet"]
    return cost_of([sys.executable, "-m", "calcmeasure", "score", str(table), "--out", str(out), *words])


def shown(cost: Cost, n_rows: int, own: Cost) -> tuple[str, ...]:
    each_us, ratio = cost.processor_s / n_rows * 1e6, cost.processor_s / own.processor_s
    times = (f"{cost.load:.1f}", f"{cost.clock_s:.1f}", f"{cost.processor_s:.1f}", f"{each_us:.0f}")
    return (f"{n_rows:,}", *times, f"{cost.peak_mib:.0f}", f"{ratio:.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["pandas"]:
        score_with_pandas(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
