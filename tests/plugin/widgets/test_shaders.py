"""Variables of OpenGL programs: found in the declarations alone, they are those vispy finds in the whole text."""

from __future__ import annotations

import pytest

from napari_calcmeasure.widgets.shaders import declarations, find_variables_quickly

VERTEX = """
uniform mat4 u_transform;  // uniform float commented;
attribute vec3 a_position; attribute highp float
    a_rotation;
uniform vec4 u_kernel[3]; const float half = 0.5;
// varying float v_gone;
varying vec2 v_texcoord;
void main(void) { for (int i = 0; i < 3; i++) { vec4 position = vec4(a_position, 1); } }
"""
LIBRARY = '#include "misc/spatial-filters.frag"\n'
FRAGMENT = """
in vec4 fragment_in ;
uniform\tsampler2D u_texture;varying vec2 v_texcoord;
void main() { gl_FragColor = CatRom2D(u_texture, vec2(1.0), v_texcoord); }
uniform float unfinished"""


def _found(vertex: str, fragment: str) -> dict[str, tuple[object, ...]]:
    from vispy.gloo import Program

    return dict(Program(vertex, fragment)._code_variables)


@pytest.fixture
def _as_vispy_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    from vispy.gloo.program import Program

    find = Program._parse_variables_from_code
    monkeypatch.setattr(Program, "_parse_variables_from_code", getattr(find, "__wrapped__", find))


@pytest.mark.usefixtures("_as_vispy_comes")
@pytest.mark.parametrize("fragment", [FRAGMENT, LIBRARY + FRAGMENT], ids=["short", "with vispy's filters"])
def test_the_same_variables_are_found(fragment: str) -> None:
    known = _found(VERTEX, fragment)
    find_variables_quickly()
    assert list(_found(VERTEX, fragment).items()) == list(known.items())
    assert {"u_transform", "a_rotation", "u_kernel[2]", "half", "v_texcoord", "fragment_in"} <= known.keys()
    assert not {"commented", "v_gone", "unfinished"} & known.keys()


@pytest.mark.usefixtures("_as_vispy_comes")
def test_vispy_is_told_once() -> None:
    from vispy.gloo.program import Program

    find_variables_quickly()
    find = Program._parse_variables_from_code
    find_variables_quickly()
    assert Program._parse_variables_from_code is find


def test_little_is_left_of_a_long_text() -> None:
    from vispy.gloo.preprocessor import preprocess

    whole = preprocess(LIBRARY)
    assert len(declarations(whole)) < len(whole) / 10
