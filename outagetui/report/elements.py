"""HTML elements whose text is escaped by construction: a plain `str` inside is text, only `Html` is markup; pure."""

import html


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
    return Html(f"<{name}{shown}>{join(*inside)}</{name}>")


def join(*inside: str) -> Html:
    """Return pieces of text and markup one after the other."""
    return Html("".join(piece if isinstance(piece, Html) else html.escape(piece) for piece in inside))
