"""File names from identifiers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.model.names import file_key


@pytest.mark.parametrize("identifier", ["CM-0001", "a.b_c", "007"])
def test_harmless_identifiers_stay(identifier):
    assert file_key(identifier) == identifier


@given(st.text(max_size=80))
def test_never_leaves_the_folder(identifier):
    key = file_key(identifier)
    assert Path(key).name == key
    assert key not in (".", "..", "")
    assert len(key) < 80


@given(st.text(max_size=30), st.text(max_size=30))
def test_different_identifiers_have_different_keys(one, other):
    assert (file_key(one) == file_key(other)) == (one == other)
