"""Finds the variables of OpenGL programs quickly: each cell of a grid builds its own programs, and vispy takes long.

Vispy looks for them in the whole text of a program with expressions that try every character of a line anew: in the
86,000 characters behind a word on the canvas that is a twentieth of a second, in one turn of the event loop.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

_KINDS = re.compile(r"(?:uniform|attribute|varying|const|in|out)\s")
"""What vispy's expressions for a declaration begin with; like them, it asks for no beginning of a word."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Stands for a shader where vispy reads its text."""

    code: str


def declarations(code: str) -> str:
    """Keep the statements of a shader that may declare a variable.

    Parameters
    ----------
    code
        GLSL, with comments at ends of lines.

    Returns
    -------
    str
        In the same order, without comments; a declaration holds one semicolon, at its end.
    """
    lines = (line.partition("//")[0] for line in code.split("\n"))
    statements = "\n".join(lines).split(";")[:-1]
    return "".join(f"{statement};" for statement in statements if _KINDS.search(statement))


def find_variables_quickly() -> None:
    """Have vispy read the declarations of every program, and pass over the rest; it finds the same variables."""
    from vispy.gloo.program import Program

    find = getattr(Program, "_parse_variables_from_code", None)
    if find is not None and not hasattr(find, "__wrapped__"):
        Program._parse_variables_from_code = _in_declarations(find)


def _in_declarations(find: Callable[..., None]) -> Callable[..., None]:
    @wraps(find)
    def find_in_declarations(program: Any, **how: Any) -> None:  # noqa: ANN401 - vispy has no types
        whole = program._shaders
        program._shaders = [_Source(declarations(shader.code)) for shader in whole]
        try:
            find(program, **how)
        finally:
            program._shaders = whole

    return find_in_declarations
