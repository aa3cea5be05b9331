"""Writes the reference pages that follow from the code: the command line and the codes."""

from __future__ import annotations

import argparse
import ast
import inspect
from pathlib import Path

from sphinx.application import Sphinx

from calcmeasure import errors
from calcmeasure.cli.parser import build_parser
from calcmeasure.terms import flags


def setup(app: Sphinx) -> dict[str, bool]:
    """Generate the pages before Sphinx reads its sources."""
    app.connect("builder-inited", _write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _write_pages(app: Sphinx) -> None:
    folder = Path(app.srcdir) / "reference" / "generated"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "command-line.md").write_text(command_line_page(), encoding="utf-8")
    (folder / "codes.md").write_text(codes_page(), encoding="utf-8")


def command_line_page() -> str:
    """Every verb's help, as the program prints it."""
    parser = build_parser()
    verbs = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    parts = ["# Command line\n", _block(parser.format_help())]
    for name, verb in verbs.choices.items():
        parts += [f"## {name}\n", _block(verb.format_help())]
    return "\n".join(parts)


def codes_page() -> str:
    """Every reason code and flag with its sentence."""
    parts = ["# Codes\n", "Reason codes (`E_…`) say why something was left out or has no value. They are stable.\n"]
    parts += [_table(errors, "ErrorCode")]
    parts += ["\n## Flags\n", "A flag is advice: the value stands, and this is what to know about it.\n"]
    parts += [_table(flags, "Flag")]
    return "\n".join(parts)


def _table(module: object, name: str) -> str:
    rows = [f"| `{value}` | {words} |" for value, words in member_sentences(module, name)]
    return "\n".join(["| code | meaning |", "| --- | --- |", *rows])


def member_sentences(module: object, name: str) -> list[tuple[str, str]]:
    """(value, sentence) of every member of an enum, the sentence from the string below it."""
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    found = []
    for here, below in zip(body, [*body[1:], None], strict=True):
        if isinstance(here, ast.Assign) and isinstance(here.value, ast.Constant):
            is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
            words = " ".join(str(below.value.value).split()) if is_text else ""
            found.append((str(here.value.value), words))
    return found


def _block(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```\n"
