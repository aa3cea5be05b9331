"""``score`` and ``export``: from saved annotations or tables to categories, without pixels."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calcmeasure.cli.executing import executor_from
from calcmeasure.cli.exits import ExitCode, exit_code_for, naming
from calcmeasure.errors import AnnotationError, CriteriaError, ErrorCode

if TYPE_CHECKING:
    from calcmeasure.model.imaging import Skipped
    from calcmeasure.model.measurement import ResponseRow
    from calcmeasure.pipeline.rescoring import Rescored, ScorePlan
    from calcmeasure.pipeline.score_input import ScoreInput, TableChoices
    from calcmeasure.report.differences import ResponseCells
    from calcmeasure.response.criteria import CriteriaProfile
    from calcmeasure.store.database import StoredAnnotation

SHOWN = 10
"""Problems shown on stderr; the rest is in ``skipped.csv``."""


def score(options: argparse.Namespace) -> int:
    """Score stores, saved annotations and tables again."""
    from calcmeasure.pipeline.score_input import gather

    profiles = load_profiles(options.criteria)
    choices = _table_choices(options)
    earlier = _earlier(options, profiles)
    _prepare(options.out)
    found = gather(options.source, choices)
    found.compare_with(earlier or {})
    plan = _plan(found, profiles, options)
    scored = _rescored(found, plan, options)
    info = _run_info(options, profiles) | _table_info(choices) | _errors_info(plan) | {"counts": _counts(scored)}
    _write_rescored(found, scored, options, info=info)
    if not options.quiet:
        _tell(found, scored, options, plan=plan)
    if not scored.n_measurements:
        _say(f"calcmeasure: no measurement was left to score (skipped.csv says why) [{ErrorCode.TABLE}]")
        return ExitCode.INPUT_REFUSED
    # A length that was measured anew is told, and scored.
    return exit_code_for(entry.code for entry in scored.skipped if entry.code is not ErrorCode.VALUE_DISAGREES)


def export(options: argparse.Namespace) -> int:
    """Write everything a store holds."""
    from calcmeasure.store.database import MeasurementStore

    profiles = load_profiles(options.criteria)
    _prepare(options.out)
    with naming(options.source):
        if "://" not in options.source and not Path(options.source).is_file():
            raise AnnotationError("there is no store of this name", code=ErrorCode.UNREADABLE)
    with naming(options.source), MeasurementStore(options.source) as store:
        store.verify()
        stored = store.current()
    rows = write_scored(options.out, stored, profiles, run=_run_info(options, profiles))
    if not options.quiet:
        _say(f"{len(stored)} measurements, {len(rows)} response rows in {options.out}")
    return ExitCode.OK if stored else ExitCode.INPUT_REFUSED


def load_profiles(names: Sequence[str] | None) -> list[CriteriaProfile]:
    """Load profiles by name or file; those of `DEFAULT_CRITERIA` when none is asked for.

    Raises
    ------
    CriteriaError
        If one is unknown or malformed, or two that differ have one name: their rows could not be told apart.
    """
    from calcmeasure.pipeline.scoring import DEFAULT_CRITERIA
    from calcmeasure.response.criteria import load_profile

    loaded: dict[CriteriaProfile, None] = {}
    for name in names or DEFAULT_CRITERIA:
        with naming(name):
            loaded[load_profile(name)] = None
    profiles = list(loaded)
    called = Counter(profile.name for profile in profiles)
    twice = ", ".join(name for name, count in called.items() if count > 1)
    if twice:
        words = f"two different criteria profiles are called {twice}; give one of them another name"
        raise CriteriaError(words, code=ErrorCode.CRITERIA_INVALID)
    return profiles


def write_scored(
    out: Path,
    stored: Sequence[StoredAnnotation],
    profiles: Sequence[CriteriaProfile],
    *,
    skipped: Sequence[Skipped] = (),
    run: Mapping[str, Any] | None = None,
) -> list[ResponseRow]:
    """Measure stored annotations, score them and write every output file."""
    from calcmeasure.measure.annotations import measure_annotation
    from calcmeasure.pipeline.repeated_readings import errors_of
    from calcmeasure.pipeline.scoring import not_compared, score_readers
    from calcmeasure.report.outputs import Results, write_results

    measurements = [measure_annotation(s.annotation, patient_id=s.patient_id, reader=s.reader) for s in stored]
    rows = score_readers(measurements, profiles, errors=errors_of(measurements))
    info = {**(run or {}), "criteria": {profile.name: profile.sha256 for profile in profiles}}
    write_results(out, Results(measurements, rows, [*skipped, *not_compared(measurements)], stored, info))
    return rows


def _table_choices(options: argparse.Namespace) -> TableChoices:
    from calcmeasure.pipeline.score_input import TableChoices
    from calcmeasure.report.mapping import load_mapping

    with naming(options.mapping):
        return TableChoices(load_mapping(options.mapping) if options.mapping else None, options.unit)


def _earlier(options: argparse.Namespace, profiles: Iterable[CriteriaProfile]) -> dict[str, list[ResponseCells]] | None:
    """Responses of the earlier run, read before this one may write over them; None when none is compared with."""
    from calcmeasure.report.differences import read_earlier

    names = [profile.name for profile in profiles]
    with naming(options.against):
        return read_earlier(options.against, criteria=names) if options.against else None


def _plan(found: ScoreInput, profiles: Sequence[CriteriaProfile], options: argparse.Namespace) -> ScorePlan:
    from calcmeasure.pipeline.repeated_readings import errors_in
    from calcmeasure.pipeline.rescoring import ScorePlan

    keep = not options.only_responses
    return ScorePlan(tuple(profiles), compare=bool(options.against), keep=keep, errors=errors_in(found))


def _rescored(found: ScoreInput, plan: ScorePlan, options: argparse.Namespace) -> Rescored:
    from calcmeasure.executors.executor import in_order
    from calcmeasure.pipeline.rescoring import Rescored, score_in_chunks

    chunks = list(found.chunks())
    if options.jobs == 1 and not options.cluster:
        return Rescored.of(score_in_chunks(chunks, plan), skipped=found.skipped)
    executor = executor_from(options)
    scored = score_in_chunks(chunks, plan, map_ordered=lambda work, items: in_order(executor.run(work, items)))
    return Rescored.of(scored, skipped=found.skipped)


def _write_rescored(
    found: ScoreInput, scored: Rescored, options: argparse.Namespace, *, info: Mapping[str, Any]
) -> None:
    from calcmeasure.report.outputs import Results, write_differences, write_responses_only, write_results

    if options.against:
        write_differences(options.out, scored.differences)
    if options.only_responses:
        write_responses_only(options.out, scored.responses, skipped=scored.skipped, run=info)
        return
    write_results(options.out, Results(scored.measurements, scored.rows, scored.skipped, found.annotations, info))


def _table_info(choices: TableChoices) -> dict[str, Any]:
    """How tables were read; nothing where nobody said anything about them."""
    mapping = {choices.mapping.name: choices.mapping.sha256} if choices.mapping else None
    said = {"mapping": mapping, "unit": choices.unit}
    return {name: value for name, value in said.items() if value}


def _errors_info(plan: ScorePlan) -> dict[str, Any]:
    """Error of repeated readings; nothing where nobody read twice."""
    errors = {
        str(quantity): {"repeatability_mm": round(error.repeatability_mm, 3), "n_repeated": error.n_repeated}
        for quantity, error in sorted(plan.errors.items())
    }
    return {"reader_errors": errors} if errors else {}


def _counts(scored: Rescored) -> dict[str, Any]:
    skipped = Counter(str(entry.code) for entry in scored.skipped)
    return {"measurements": scored.n_measurements, "response_rows": scored.n_rows, "skipped": dict(skipped)}


def _tell(found: ScoreInput, scored: Rescored, options: argparse.Namespace, *, plan: ScorePlan) -> None:
    for note in found.notes:
        _say(note)
    for quantity, error in sorted(plan.errors.items()):
        differ = f"readings differ by up to {error.repeatability_mm:.1f} mm"
        _say(f"{quantity}: read more than once {error.n_repeated} ×; {differ}")
    for line in told(scored.skipped, out=options.out):
        _say(line)
    for line in scored.counts.lines() if plan.compare else ():
        _say(line)
    _say(f"{scored.n_measurements} measurements, {scored.n_rows} response rows in {options.out}")


def told(skipped: Sequence[Skipped], *, out: Path) -> Iterator[str]:
    """Name the first things left out, and the file that names them all."""
    yield from (f"{entry.path.name}: {entry.reason} [{entry.code}]" for entry in islice(skipped, SHOWN))
    if len(skipped) > SHOWN:
        yield f"and {len(skipped) - SHOWN} more, in {out / 'skipped.csv'}"


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _prepare(out: Path) -> None:
    from calcmeasure.report.outputs import prepare_folder

    prepare_folder(out)


def _run_info(options: argparse.Namespace, profiles: Sequence[CriteriaProfile]) -> dict[str, Any]:
    from calcmeasure.cli.doctor import versions

    return {
        "command": options.verb,
        "versions": versions(),
        "criteria": {profile.name: profile.sha256 for profile in profiles},
    }
