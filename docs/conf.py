"""How Sphinx builds the site; ``make docs`` stages the pages and calls it (`docs.site`)."""

from importlib.metadata import version as version_of

from docs.mathml import setup  # noqa: F401  # formulas as MathML: the site needs no network

project = "hashballast"
author = "The hashballast authors"
copyright = f"2026, {author}"  # noqa: A001  # Sphinx's own name
release = version_of("hashballast")
version = release

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
html_theme = "furo"
html_title = f"hashballast {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_math_renderer = "mathml"
exclude_patterns = ["notebooks/scenarios"]
templates_path: list[str] = []
pygments_style = "friendly"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True

default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_rtype = False
