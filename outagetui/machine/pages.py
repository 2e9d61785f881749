"""Pages from templates of ours: everything put into one is escaped, and only its own style sheet takes effect."""

import base64
import hashlib
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup


@cache
def template(directory: Path, name: str) -> jinja2.Template:
    """Return one of the templates in a directory of the package."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(directory),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


def styles(directory: Path) -> dict[str, object]:
    """Return the style sheet `page.css` and its hash, which is all that a page's policy lets in."""
    css = (directory / "page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return {"css": Markup(css), "csp": digest}  # noqa: S704  our own file
