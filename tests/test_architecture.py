"""Budgets and promises about the code itself, read from its source."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from calcmeasure import errors
from calcmeasure.errors import ErrorCode
from calcmeasure.terms import Flag, flags

ROOT = Path(__file__).parents[1]
PACKAGES = (ROOT / "src" / "calcmeasure", ROOT / "plugins" / "napari_calcmeasure")
MODULES = sorted(path for package in PACKAGES for path in package.rglob("*.py"))
MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 45
HEAVY = {"pandas", "SimpleITK", "napari", "matplotlib", "skimage", "sqlalchemy", "pydicom", "numba", "scipy", "cv2"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def code_lines(function: Function) -> int:
    """Lines that hold a statement: no docstring, comment, blank line or signature."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return len({line for part in body for node in ast.walk(part) if (line := getattr(node, "lineno", None))})


def public_things(path: Path) -> Iterator[tuple[str, ast.AST]]:
    """The module, its public functions and classes, and the public methods of those classes."""
    module = tree(path)
    yield "module", module
    for node in module.body:
        if isinstance(node, (Function, ast.ClassDef)) and not node.name.startswith("_") and not _overloads(node):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                yield from ((f"{node.name}.{m.name}", m) for m in _public_methods(node))


def _public_methods(owner: ast.ClassDef) -> Iterator[Function]:
    for node in owner.body:
        if isinstance(node, Function) and not node.name.startswith("_") and not _overloads(node):
            yield node


def _overloads(definition: Function | ast.ClassDef) -> bool:
    words = {ast.unparse(decorator).rpartition(".")[2] for decorator in definition.decorator_list}
    return bool(words & {"overload", "override", "setter"})


def imported_by(*words: str) -> set[str]:
    """Heavy packages in memory after a piece of Python ran in a fresh interpreter."""
    program = f"import sys\n{'; '.join(words)}\nprint(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()) & HEAVY


def members_with_sentence(module: object, name: str) -> set[str]:
    """Members of an enum that are followed by a docstring."""
    body = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")).body
    (owner,) = [node for node in body if isinstance(node, ast.ClassDef) and node.name == name]
    pairs = zip(owner.body, owner.body[1:], strict=False)
    return {
        one.targets[0].id
        for one, after in pairs
        if isinstance(one, ast.Assign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
    }


def test_the_source_was_found():
    assert len(MODULES) > 80


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_stay_small(path):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) <= MAX_MODULE_LINES


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_functions_stay_small(path):
    long = {f.name: code_lines(f) for f in functions(path) if code_lines(f) > MAX_FUNCTION_LINES}
    assert not long


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_everything_public_is_explained(path):
    silent = [name for name, node in public_things(path) if ast.get_docstring(node) is None]
    assert not silent


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_input_is_checked_with_assert(path):
    assert not [node for node in ast.walk(tree(path)) if isinstance(node, ast.Assert)]


def test_importing_the_package_is_light():
    assert imported_by("import calcmeasure") == set()


def test_help_and_criteria_wait_for_nothing_heavy():
    """The command line answers at once: heavy packages are loaded by the verb that needs them."""
    parser = imported_by("from calcmeasure.cli.parser import build_parser", "build_parser()")
    assert parser <= {"numba", "scipy"}, parser
    listed = imported_by("from calcmeasure.cli import main", "main(['criteria'])")
    assert not listed & {"pandas", "SimpleITK", "napari", "matplotlib", "skimage", "pydicom"}


@pytest.mark.parametrize(("module", "enum"), [(errors, ErrorCode), (flags, Flag)], ids=["errors", "flags"])
def test_every_code_has_its_sentence(module, enum):
    assert set(enum.__members__) - members_with_sentence(module, enum.__name__) == set()


@pytest.mark.parametrize(("module", "enum"), [(errors, ErrorCode), (flags, Flag)], ids=["errors", "flags"])
def test_every_code_comes_to_the_reference_page(module, enum, monkeypatch):
    pytest.importorskip("sphinx")
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    pages = importlib.import_module("command_line")
    listed = dict(pages.member_sentences(module, enum.__name__))
    assert list(listed) == [str(member) for member in enum]
    assert all(words.endswith(".") for words in listed.values())
    assert all(f"| `{member}` |" in pages.codes_page() for member in enum)


def test_reason_codes_and_flags_cannot_be_confused():
    assert all(str(code).startswith("E_") for code in ErrorCode)
    assert not any(str(flag).startswith("E_") for flag in Flag)
    assert all(";" not in str(word) and " " not in str(word) for word in (*ErrorCode, *Flag))
