"""``readers``: how well several readers agree, which cases to look at together, and what they hold in common."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from calcmeasure.cli.exits import exit_code_for
from calcmeasure.errors import AnnotationError

if TYPE_CHECKING:
    from calcmeasure.model.imaging import Skipped
    from calcmeasure.readers.agreement import ReaderStudy
    from calcmeasure.readers.cases import Case

NO_STORES = (".csv", ".tsv", ".txt", ".json")
"""Endings of tables and of saved annotations."""


def readers(options: argparse.Namespace) -> int:
    """Compare readers; with ``--consensus``, record what they agree on as a reading of its own."""
    from calcmeasure.report.outputs import prepare_folder
    from calcmeasure.report.readers.outputs import write_readers
    from calcmeasure.report.tables import write_skipped

    study, skipped = _study(options)
    prepare_folder(options.out)
    to_settle = _record_consensus(options.source, options.reader, options.limit_percent) if options.consensus else None
    write_readers(options.out, study, to_settle=to_settle)
    write_skipped(options.out / "skipped.csv", skipped)
    if not options.quiet:
        _summarise(options.out, study, skipped=skipped, to_settle=to_settle)
    return exit_code_for(entry.code for entry in skipped)


def limit(text: str) -> Decimal:
    """Read a limit in per cent, exactly.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is no number between 0 and 200.
    """
    try:
        percent = Decimal(text)
    except InvalidOperation:
        percent = Decimal(-1)
    if not 0 <= percent <= 200:
        raise argparse.ArgumentTypeError("must be a number from 0 to 200")
    return percent


def _study(options: argparse.Namespace) -> tuple[ReaderStudy, list[Skipped]]:
    from calcmeasure.cli.scoring import load_profiles
    from calcmeasure.pipeline.rescoring import ScorePlan, score_in_chunks
    from calcmeasure.pipeline.score_input import TableChoices, gather
    from calcmeasure.readers.agreement import study_readers
    from calcmeasure.readers.cases import CONSENSUS_READER, read_cases

    found = gather([options.source], TableChoices())
    plan = ScorePlan(tuple(load_profiles(options.criteria)), keep=True)
    scored = list(score_in_chunks(list(found.chunks()), plan))
    everyone = {m.reader for chunk in scored for m in chunk.measurements}
    # A consensus is made of the others: it is compared with them only when it is named.
    chosen = frozenset(options.reader) or everyone - {CONSENSUS_READER}
    measurements = [m for chunk in scored for m in chunk.measurements if m.reader in chosen]
    known = sorted({m.reader for m in measurements})
    if len(known) < 2:
        raise AnnotationError(f"two readers are compared, found {', '.join(known) or 'none'}; name two with --reader")
    rows = [row for chunk in scored for row in chunk.rows if row.reader in known]
    skipped = [*found.skipped, *(entry for chunk in scored for entry in chunk.skipped)]
    study = study_readers(read_cases(measurements), rows, limit_percent=options.limit_percent)
    return study, skipped


def _record_consensus(url: str, names: Sequence[str], limit_percent: Decimal) -> tuple[Case, ...]:
    from calcmeasure.readers.consensus import find_consensus
    from calcmeasure.report.workbook import is_workbook
    from calcmeasure.store.database import MeasurementStore

    # A store may be called anything; what it is not is told by how `gather` reads the same source.
    if Path(url).is_dir() or Path(url).suffix.lower() in NO_STORES or is_workbook(Path(url)):
        raise AnnotationError("a consensus is recorded in a store; give the store the readers signed into")
    with MeasurementStore(url) as store:
        consensus = find_consensus(store.current(), readers=names, limit_percent=limit_percent)
        for reading in consensus.readings:
            store.record(reading)
    return consensus.open_cases


def _summarise(out: Path, study: ReaderStudy, *, skipped: Sequence[Skipped], to_settle: Sequence[Case] | None) -> None:
    from calcmeasure.cli.scoring import told
    from calcmeasure.report.readers.page import reader_sentences

    print("\n".join(reader_sentences(study)))
    lines = [f"{study.cases} cases of two readers or more, {len(study.discordances)} disagreements in discordant.csv"]
    if to_settle is not None:
        lines.append(f"{len(to_settle)} cases have no consensus yet (to_settle.csv); read them as reader 'consensus'")
    lines += told(skipped, out=out)
    print("\n".join([*lines, f"open {out / 'readers.html'}"]), file=sys.stderr)
