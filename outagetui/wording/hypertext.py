"""Plain lines as HTML: paragraphs, lists and harmless links, everything of the text escaped. Pure."""

from outagetui.wording.links import Piece, blocks
from outagetui.wording.neutral import hypertext


def hypertext_of(plain: str) -> str:
    """Return `plain` in paragraphs and, where lines begin with `- `, lists."""
    made = []
    for block in blocks(plain):
        lines = ["".join(_piece(piece) for piece in line) for line in block.lines]
        if block.items:
            made.append("<ul>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>")
        else:
            made.append("<p>" + "<br>".join(lines) + "</p>")
    return "\n".join(made)


def _piece(piece: Piece) -> str:
    text = hypertext(piece.text)
    return f'<a href="{hypertext(piece.href)}">{text}</a>' if piece.href else text
