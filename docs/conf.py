"""Sphinx configuration."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from calcmeasure import __version__

project = "calcmeasure"
copyright = "2026, the calcmeasure developers"
author = "The calcmeasure developers"
release = version = __version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "command_line",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "calcmeasure"
html_static_path = ["_static"]
html_css_files = ["page.css"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autosummary_generate = True
toc_object_entries = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
nitpicky = False
copybutton_prompt_text = "$ "
