"""Verbs and their options. Every verb's help ends with an example."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from calcmeasure import __version__
from calcmeasure.cli import cohort, inspecting, measuring, readers, scoring, study
from calcmeasure.cli.executing import add_execution, positive
from calcmeasure.detect.calcifications.operating_points import DEFAULT_FALSE_MARKS

Verb = Callable[[argparse.Namespace], int]

RESEARCH_USE = "Research use only: not a medical device."


def build_parser() -> argparse.ArgumentParser:
    """Assemble the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="calcmeasure",
        description="Calcification extent and enhancing-lesion diameter before and after neoadjuvant treatment: "
        f"DICOM in, explained measurements and response categories out. {RESEARCH_USE}",
        epilog="Exit codes: 0 ok, 1 unexpected, 2 usage, 3 input refused, 4 the store was changed from outside, "
        "5 partial success, 6 store busy, 7 disk full.",
    )
    parser.add_argument("--version", action="version", version=f"calcmeasure {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    _add_run(verbs)
    _add_index(verbs)
    _add_measure(verbs)
    _add_score(verbs)
    _add_export(verbs)
    _add_readers(verbs)
    _add_cohort(verbs)
    _add_study(verbs)
    _add_criteria(verbs)
    _add_schema(verbs)
    _add_phantom(verbs)
    _add_view(verbs)
    _add_keys(verbs)
    _add_doctor(verbs)
    return parser


Verbs = argparse._SubParsersAction  # the type has no public name


def _verb(
    verbs: Verbs[argparse.ArgumentParser], name: str, function: Verb, summary: str, example: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(verb_function=function)
    parser.add_argument("-v", "--verbose", action="count", default=0, help="say more on stderr (twice: debug)")
    parser.add_argument("--quiet", action="store_true", help="no progress and no summary on stderr")
    return parser


def _add_sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", nargs="+", type=Path, metavar="SOURCE", help="folder or file with DICOM")
    parser.add_argument("--timepoints", type=Path, metavar="CSV", help="table that names each study's time point")
    parser.add_argument("--cache", type=Path, metavar="FILE", help="keep header values there for a faster next scan")
    parser.add_argument(
        "--early-phase",
        default="k-space-centre-90s",
        metavar="RULE",
        help="rule that chooses the early post-contrast phase (default %(default)s)",
    )


def _add_criteria_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--criteria",
        action="append",
        metavar="NAME",
        help="criteria profile: a name, or a TOML file; repeatable (default: paper-2023, recist-1.1, extent-10)",
    )


def _add_detectors(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--calcification-detector", default="group-likelihood", metavar="NAME", help="default %(default)s"
    )
    parser.add_argument(
        "--sensitivity",
        type=measuring.false_marks,
        default=DEFAULT_FALSE_MARKS,
        metavar="N",
        help="false marks per image that the search for calcifications puts up with: 0.1, 0.3, 1 or 3, or any number "
        "between; more finds more (default %(default)g)",
    )
    parser.add_argument("--lesion-detector", default="largest-lesion", metavar="NAME", help="default %(default)s")


def _add_run(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "the main job: index, detect, measure, store, score, write tables and the report"
    parser = _verb(verbs, "run", measuring.run, summary, "calcmeasure run export/ --out results --jobs 2")
    _add_sources(parser)
    add_execution(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    parser.add_argument("--store", metavar="URL", help="measurement store (default DIR/measurements.sqlite)")
    _add_criteria_option(parser)
    _add_detectors(parser)
    parser.add_argument("--json", action="store_true", help="print run.json to stdout")


def _add_index(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "say what a folder holds and what was left out, without decoding a pixel"
    parser = _verb(verbs, "index", inspecting.index, summary, "calcmeasure index export/ --json > inventory.json")
    _add_sources(parser)
    parser.add_argument(
        "--jobs", type=positive, default=1, metavar="N", help="threads to read headers with (default 1)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _add_measure(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "index, detect and measure into a store, as reader 'auto'"
    parser = _verb(verbs, "measure", measuring.measure, summary, "calcmeasure measure export/ --store study.sqlite")
    _add_sources(parser)
    add_execution(parser)
    parser.add_argument("--store", required=True, metavar="URL", help="file name or SQLAlchemy URL")
    _add_detectors(parser)


def _add_score(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "score saved annotations again: stores, folders of annotation JSON, measurement tables"
    parser = _verb(
        verbs, "score", scoring.score, summary, "calcmeasure score study.sqlite --out rescored --against out"
    )
    parser.add_argument("source", nargs="+", metavar="SOURCE", help="store, folder, annotation file or table")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    _add_criteria_option(parser)
    add_execution(parser)
    parser.add_argument("--mapping", metavar="NAME", help="what a table calls our columns: ispy1, or a TOML file")
    parser.add_argument("--unit", choices=("mm", "cm"), help="unit of the lengths of tables, where they look like cm")
    parser.add_argument(
        "--against", type=Path, metavar="DIR", help="earlier run, or its responses.csv: writes diff.csv"
    )
    parser.add_argument("--only-responses", action="store_true", help="responses.csv alone, for very many patients")


def _add_export(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "write tables, annotations and the report from a store"
    parser = _verb(verbs, "export", scoring.export, summary, "calcmeasure export study.sqlite --out tables")
    parser.add_argument("source", metavar="STORE", help="file name or SQLAlchemy URL")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    _add_criteria_option(parser)


def _add_readers(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "compare readers: agreement, cases to look at together, and a consensus"
    parser = _verb(verbs, "readers", readers.readers, summary, "calcmeasure readers study.sqlite --out readers")
    parser.add_argument("source", metavar="SOURCE", help="store, folder of annotation JSON, or measurements CSV")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    parser.add_argument(
        "--reader", action="append", default=[], metavar="ID", help="compare only these; repeatable (default: all)"
    )
    parser.add_argument(
        "--limit-percent",
        type=readers.limit,
        default="10",
        metavar="N",
        help="lengths further apart, in per cent of their mean, are discordant (default %(default)s)",
    )
    parser.add_argument(
        "--consensus",
        action="store_true",
        help="record what the readers named agree on, as reader 'consensus'; drawings of the first one stand",
    )
    _add_criteria_option(parser)


def _add_cohort(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "join one reader's measurements and a pathology table into the table of a study"
    example = "calcmeasure cohort study.sqlite --pathology pathology.csv --out cohort.csv"
    parser = _verb(verbs, "cohort", cohort.cohort, summary, example)
    parser.add_argument("source", metavar="STORE", help="store, folder of saved annotations, or measurements CSV")
    parser.add_argument("--pathology", type=Path, required=True, metavar="CSV", help="one row per patient and side")
    parser.add_argument("--out", type=Path, required=True, metavar="CSV", help="cohort table to write")
    parser.add_argument("--reader", default="", metavar="ID", help="whose measurements (default: the only reader's)")
    parser.add_argument(
        "--measurements-unit",
        choices=("mm", "cm"),
        help="unit of a measurements table whose lengths look like centimetres (--unit is that of the pathology table)",
    )
    parser.add_argument(
        "--followup", default="", metavar="NAME", help="time point after treatment (default: the last before surgery)"
    )
    _add_cohort_options(parser)


def _add_cohort_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--criteria", default="paper-2023", metavar="NAME", help="profile, or a TOML file (default %(default)s)"
    )
    parser.add_argument(
        "--complete-response",
        default="ypT0/is",
        choices=("ypT0/is", "ypT0"),
        help="what counts as a pathological complete response: in situ allowed, or not (default %(default)s)",
    )
    parser.add_argument("--unit", choices=("mm", "cm"), help="unit of the columns that look like centimetres")


def _add_study(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "analyse a cohort table: tables, tests, agreement and figures of a study"
    parser = _verb(verbs, "study", study.study, summary, "calcmeasure study cohort.csv --out study")
    parser.add_argument("cohort", type=Path, metavar="COHORT", help="CSV with one row per patient and side")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    _add_cohort_options(parser)
    parser.add_argument("--run", type=Path, metavar="DIR", help="output of a run: draws its courses over all visits")
    parser.add_argument(
        "--images", type=Path, nargs="+", metavar="SOURCE", help="DICOM behind --run: draws patients before and after"
    )
    parser.add_argument(
        "--show", action="append", metavar="ID", help="patient to draw before and after; repeatable (default: two)"
    )
    parser.add_argument("--json", action="store_true", help="print results.json to stdout")


def _add_criteria(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "list criteria profiles, or print one as TOML"
    parser = _verb(verbs, "criteria", inspecting.criteria, summary, "calcmeasure criteria recist-1.1 > mine.toml")
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help="profile, or a TOML file to check")


def _add_schema(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "print the JSON Schema of saved annotations"
    _verb(verbs, "schema", inspecting.schema, summary, "calcmeasure schema > annotations.schema.json")


def _add_phantom(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "write synthetic patients with known truth"
    parser = _verb(verbs, "phantom", inspecting.phantom, summary, "calcmeasure phantom --out phantoms --seed 7")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    parser.add_argument("--seed", type=int, default=2023, metavar="N", help="same seed, same files (default 2023)")
    parser.add_argument("--study", action="store_true", help="a cohort table with the numbers of a study, no images")


def _add_view(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "open the reading room: napari with the first patient hung"
    parser = _verb(verbs, "view", inspecting.view, summary, "calcmeasure view sample_dicom --screenshot window.png")
    parser.add_argument("source", nargs="?", type=Path, metavar="SOURCE", help="folder with DICOM")
    kept = parser.add_mutually_exclusive_group()
    kept.add_argument("--store", type=Path, metavar="FILE", help="measurement store to read into (default: your own)")
    kept.add_argument("--results", type=Path, metavar="DIR", help="output folder of a run: its store and findings")
    parser.add_argument("--reader", default="", metavar="ID", help="who reads (default: the one remembered)")
    parser.add_argument("--blinded", action="store_true", help="hide automatic marks, other readers and earlier visits")
    parser.add_argument("--shuffle", type=int, metavar="SEED", help="read patients in an order shuffled with a seed")
    parser.add_argument("--screenshot", type=Path, metavar="PNG", help="save the whole window and exit")
    parser.add_argument("--show-ids", action="store_true", help="show patient identifiers in the screenshot too")


def _add_keys(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "list the keys of the viewer, as text or as a page to print"
    parser = _verb(verbs, "keys", inspecting.keys, summary, "calcmeasure keys --print > keys.html")
    parser.add_argument("--print", action="store_true", dest="as_page", help="one page of HTML with nothing to load")


def _add_doctor(verbs: Verbs[argparse.ArgumentParser]) -> None:
    summary = "versions, codecs, display, database: what is missing and how to get it"
    parser = _verb(verbs, "doctor", inspecting.doctor, summary, "calcmeasure doctor")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
