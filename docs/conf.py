"""Sphinx configuration of Vega's documentation."""

from __future__ import annotations

import sys
from pathlib import Path

import vega_core

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "Vega"
author = "The Vega authors"
version = release = vega_core.__version__

extensions = ["myst_parser", "vega_reference"]
exclude_patterns = ["_build", "_ext", "reference/_generated/spellings.md"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"Vega {release}"
html_show_sourcelink = False
