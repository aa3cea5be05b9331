"""Pages of HTML from the templates: nothing is loaded, everything is escaped, nothing undefined goes unseen."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from calcmeasure import __version__


def render_page(template: str, **values: object) -> str:
    """Render one page.

    Parameters
    ----------
    template
        Name of its file among the package's templates.
    **values
        What it shows; the version of the program is added.

    Returns
    -------
    str
        HTML; the same values give the same text.
    """
    environment = Environment(
        loader=PackageLoader("calcmeasure.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values, version=__version__).lstrip()
