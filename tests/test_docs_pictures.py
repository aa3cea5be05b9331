"""The pages' pictures: each one there, shown, described, small, and made by the script."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from PIL import Image

REPOSITORY = Path(__file__).parents[1]
IMAGES = REPOSITORY / "docs" / "images"
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
MAX_BYTES, MAX_BYTES_IN_ALL = 250_000, 4_000_000
SCRIPTS, BENCHMARKS = REPOSITORY / "docs" / "_scripts", REPOSITORY / "benchmarks"
MAKERS = (
    SCRIPTS / "screenshots.py",
    SCRIPTS / "run_pictures.py",
    BENCHMARKS / "calcifications" / "figures.py",
    BENCHMARKS / "lesions" / "figures.py",
    BENCHMARKS / "bench_lesion_ring.py",
)


def _shown(page: Path) -> list[tuple[str, Path]]:
    """(description, file) of every picture of a page."""
    found = re.findall(r"!\[(.*?)\]\((.*?)\)", page.read_text(encoding="utf-8"), re.DOTALL)
    return [(words, (page.parent / target).resolve()) for words, target in found]


def _constant(script: Path, name: str) -> list[str]:
    """A tuple of strings in a script, read without running it."""
    body = ast.parse(script.read_text(encoding="utf-8")).body
    values = (node.value for node in body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name)
    return list(ast.literal_eval(next(values)))


@pytest.mark.parametrize("page", [page for page in PAGES if _shown(page)], ids=lambda page: page.name)
def test_pictures_of_a_page_exist_and_are_described(page: Path) -> None:
    assert [target.name for _, target in _shown(page) if not target.is_file()] == []
    assert [target.name for words, target in _shown(page) if len(words.split()) < 3] == []


def test_every_picture_is_shown_somewhere() -> None:
    shown = {target for page in PAGES for _, target in _shown(page)}
    assert {path.name for path in IMAGES.iterdir()} == {target.name for target in shown}


def test_scripts_make_every_picture() -> None:
    made = [name for script in MAKERS for name in _constant(script, "PICTURES")]
    assert sorted(made) == sorted(path.name for path in IMAGES.iterdir())


def test_every_listed_picture_has_its_step() -> None:
    script = (SCRIPTS / "screenshots.py").read_text(encoding="utf-8")
    assert [name for name in _constant(SCRIPTS / "screenshots.py", "PICTURES") if script.count(f'"{name}"') < 2] == []


def test_pictures_stay_small() -> None:
    sizes = {path.name: path.stat().st_size for path in IMAGES.iterdir()}
    assert {name: size for name, size in sizes.items() if size > MAX_BYTES} == {}
    assert sum(sizes.values()) <= MAX_BYTES_IN_ALL


def test_pictures_are_not_blank() -> None:
    colours = {path.name: len(Image.open(path).convert("RGB").getcolors(1 << 24) or ()) for path in IMAGES.iterdir()}
    assert {name: count for name, count in colours.items() if count < 8} == {}
