"""HTML elements whose text is escaped by construction: a plain `str` inside is text, only `Html` is markup; pure."""

import html

# After these a line ends, so that people can edit the page.
LINES = frozenset(
    {"title", "h1", "h2", "h3", "h4", "p", "li", "ul", "ol", "dl", "dd", "pre", "tr", "thead", "line", "rect", "text"}
)


class Html(str):
    """Markup that is safe as it stands."""

    __slots__ = ()


def tag(name: str, *inside: str, **attributes: str | None) -> Html:
    """Return `<name …>inside</name>`; an attribute that is None is left out, `class_` is written `class`."""
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    end = "\n" if name in LINES else ""
    return Html(f"<{name}{shown}>{join(*inside)}</{name}>{end}")


def join(*inside: str) -> Html:
    """Return pieces of text and markup one after the other."""
    return Html("".join(piece if isinstance(piece, Html) else html.escape(piece) for piece in inside))
