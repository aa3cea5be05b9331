"""Verbs that show something: ``index``, ``criteria``, ``schema``, ``phantom``, ``view``, ``keys``, ``doctor``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from calcmeasure.cli.exits import ExitCode, exit_code_for


def index(options: argparse.Namespace) -> int:
    """Print what the sources hold."""
    from calcmeasure.cli.measuring import read_index
    from calcmeasure.pipeline.inventory import index_as_json, index_as_text

    found = read_index(options)
    content = index_as_json(found, rule=options.early_phase)
    print(json.dumps(content, indent=2) if options.json else index_as_text(content))
    return exit_code_for(entry.code for entry in found.skipped) if found.patients else ExitCode.INPUT_REFUSED


def criteria(options: argparse.Namespace) -> int:
    """List profiles, or print one; a file of one's own is checked first."""
    from calcmeasure.response.criteria import load_profile, profile_toml, shipped_names

    if options.name.endswith(".toml"):
        load_profile(options.name)
        print(Path(options.name).read_text(encoding="utf-8"), end="")
        return ExitCode.OK
    if options.name:
        print(profile_toml(options.name), end="")
        return ExitCode.OK
    for name in shipped_names():
        print(f"{name:14} {load_profile(name).description}")
    return ExitCode.OK


def schema(_options: argparse.Namespace) -> int:
    """Print the JSON Schema of saved annotations."""
    from calcmeasure.store.annotation_files import annotation_schema

    print(json.dumps(annotation_schema(), indent=2))
    return ExitCode.OK


def phantom(options: argparse.Namespace) -> int:
    """Write synthetic patients."""
    from calcmeasure.phantom.sample.folder import write_phantom_cohort
    from calcmeasure.phantom.study.files import write_study_cohort
    from calcmeasure.report.outputs import prepare_folder

    prepare_folder(options.out)
    if options.study:
        write_study_cohort(options.out, seed=options.seed)
    else:
        write_phantom_cohort(options.out, seed=options.seed)
    if not options.quiet:
        written = "a synthetic cohort.csv" if options.study else "synthetic patients and truth.csv"
        print(f"{written} written to {options.out}", file=sys.stderr)
    return ExitCode.OK


def view(options: argparse.Namespace) -> int:
    """Open the napari plugin, which is looked up by its entry point: the core never imports it."""
    opener = _from_plugin("calcmeasure.viewers")
    if opener is None:
        return ExitCode.USAGE
    shown = opener(
        options.source,
        screenshot=options.screenshot,
        store=options.store or options.results,
        reader=options.reader,
        is_blinded=options.blinded,
        seed=options.shuffle,
        **({"shows_ids": True} if options.show_ids else {}),
    )
    return int(shown)


def keys(options: argparse.Namespace) -> int:
    """Print the keys of the viewer, which the plugin knows."""
    sheet = _from_plugin("calcmeasure.shortcuts")
    if sheet is None:
        return ExitCode.USAGE
    print(sheet(as_html=options.as_page), end="")
    return ExitCode.OK


def _from_plugin(group: str) -> Callable[..., Any] | None:
    """Load what a plugin offers under an entry point; None, after saying what to install, when there is none."""
    from importlib.metadata import entry_points

    try:
        loaded: Callable[..., Any] = next(iter(entry_points(group=group))).load()
    except (StopIteration, ImportError) as error:
        missing = getattr(error, "name", None) or "napari"
        print(f"calcmeasure: {missing} is not installed; pip install 'calcmeasure[napari]'", file=sys.stderr)
        return None
    return loaded


def doctor(options: argparse.Namespace) -> int:
    """Say what is installed and what is missing."""
    from calcmeasure.cli.doctor import examine

    checks = examine()
    if options.json:
        print(json.dumps([check._asdict() for check in checks], indent=2))
    else:
        for check in checks:
            print(f"{'ok     ' if check.ok else 'missing'}  {check.name:24} {check.found}")
            if not check.ok:
                print(f"         {check.advice}")
    return ExitCode.OK if all(check.ok or check.optional for check in checks) else ExitCode.PARTIAL
