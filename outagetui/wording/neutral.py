"""Making words inert: nothing in them mentions a person, opens a topic, or becomes markup. Pure.

A mention or hashtag is broken by a space that everybody sees (`@ everyone`, `# sale`): the characters that break it
unseen are what we take out of all texts. Mail and Jabber addresses keep their `@`, which mentions nobody, and a URL has
`%40` where an `@` might mention somebody, so that it leads where it led.
"""

import html
import re
from typing import TYPE_CHECKING

from outagetui.core.expression import Expression
from outagetui.wording.counting import URL
from outagetui.wording.links import Piece, blocks

if TYPE_CHECKING:
    import regex

_MANY = r"(?:everyone|here|channel|all|room|group|followers|highlight)"  # what calls many people at once somewhere
_KEPT = (
    rf"(?P<url>{URL.pattern})"
    r"|(?<![\w@＠#＃.%+\-])[\w.%+\-]+@(?!(?:everyone|here|channel)\b)(?:[\w\-]+\.)+[\w\-]+(?![\w@＠])"  # with a domain
)
_MARK = Expression(
    rf"(?P<kept>{_KEPT})|(?P<mark>[@＠](?=[\w\[{{])|[#＃](?!\d+\b)(?=\w)|\$(?=[A-Za-z]))", ignore_case=True
)
# Mastodon looks for mentions within URLs too, though not after a slash or within a word; others take @everyone there.
_MARK_IN_URL = re.compile(rf"(?<![A-Za-z0-9_/])@|@(?={_MANY}|\[)", re.IGNORECASE)
_LABEL = r"[\p{L}\p{M}\p{N}](?:[\p{L}\p{M}\p{N}\-]*[\p{L}\p{M}\p{N}])?"
_SITE = rf"(?:(?:{_LABEL}\.)+{_LABEL}|(?!{_MANY}\b){_LABEL})(?::[0-9]+)?"
_URI = Expression(
    rf"(?:xmpp|sips?|mailto):[A-Za-z0-9!%&'*+.=_~\-]*[A-Za-z0-9_]@{_SITE}(?:[/?;][!-?A-~]*)?"
    rf"|[A-Za-z0-9.%+_\-]+@(?:{_LABEL}\.)+{_LABEL}"
    r"|tel:\+?[0-9][0-9A-Za-z().;=\-]*"
    rf"|ircs?://{_SITE}(?:/[!-?A-~]*)?"
    r"|matrix:(?:r|u|e|roomid)/[!-?A-~]+",
    ignore_case=True,
)
_WEB = re.compile(r"https?://[^\s<>]+[^\s<>.,;:!?)'\"\]}]", re.IGNORECASE)
_MARKUP = re.compile(r"[\\`*_{}\[\]<>|~&$^]")
_AT_START = re.compile(r"(?P<sign>[#+\-=:])|(?P<number>\d+)(?P<after>[.)])")


def neutral(text: str) -> str:
    """Return prose in which nothing is a mention, hashtag or cashtag."""
    return _MARK.sub(_inert, text)


def neutral_address(address: str) -> str:
    """As `neutral`, for the address of an account of ours: a URI of a person or room stays whole, to be copied."""
    return address if _URI.fullmatch(address) else neutral(address)


def _inert(match: "regex.Match[str]") -> str:
    if match["url"]:
        return _MARK_IN_URL.sub("%40", match["url"])  # the same URL, spelt so that nobody is called
    return match["kept"] or f"{match['mark']} "


def unangled(text: str) -> str:
    """Return `text` with visible other signs for those that begin and end an HTML tag."""
    return text.replace("<", "‹").replace(">", "›")


def markdown(text: str, line_break: str = "\n") -> str:
    """Return plain text as Markdown that shows just it: URLs are links, lines that begin with `- ` a list.

    `line_break` ends a line within a paragraph; CommonMark wants `\\` before the line feed.
    """
    lines = [_markdown_line(line.strip()) for line in text.split("\n")]
    made = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        within = line and following and not following.startswith("- ") and not line.startswith("- ")
        made.append(line + (line_break if within else "\n"))
    return "".join(made).strip("\n")


def hypertext(text: str) -> str:
    """Return `text` for HTML; the bracket that opens a WordPress shortcode is an entity too."""
    return html.escape(text).replace("[", "&#91;")


def hypertext_of(plain: str) -> str:
    """Return plain lines as HTML: in paragraphs and, where they begin with `- `, lists, with harmless links."""
    made = []
    for block in blocks(plain):
        lines = ["".join(_hypertext_piece(piece) for piece in line) for line in block.lines]
        if block.items:
            made.append("<ul>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>")
        else:
            made.append("<p>" + "<br>".join(lines) + "</p>")
    return "\n".join(made)


def _hypertext_piece(piece: Piece) -> str:
    text = hypertext(piece.text)
    return f'<a href="{hypertext(piece.href)}">{text}</a>' if piece.href else text


def _markdown_line(line: str) -> str:
    if line.startswith("- "):
        return f"- {_escaped(line[2:].lstrip())}"
    return _escaped(line)


def _escaped(line: str) -> str:
    made = []
    done = 0
    for match in _WEB.finditer(line):
        made += [_MARKUP.sub(r"\\\g<0>", line[done : match.start()]), f"<{match[0]}>"]
        done = match.end()
    made.append(_MARKUP.sub(r"\\\g<0>", line[done:]))
    escaped = "".join(made)
    start = _AT_START.match(escaped)
    if start is None:
        return escaped
    if start["sign"]:
        return f"\\{escaped}"
    return f"{start['number']}\\{escaped[start.end('number') :]}"
