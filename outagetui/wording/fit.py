"""An announcement's words as each kind of outlet takes them: inert, in its markup, and within its limit. Pure.

What is too long keeps its title, then what must not be used any more and as many accounts as fit, the first first and
each whole, then prose up to a
word's end (to a character's where words have no spaces between), and always ends with where to read on.
"""

import re
from collections.abc import Callable, Sequence

from outagetui.core import telephone, times
from outagetui.core.expression import Expression
from outagetui.core.model import Config, Outlet
from outagetui.core.outlet_options import OutletOptions
from outagetui.wording.compose import account_line
from outagetui.wording.counting import BARE, URL, count, fits
from outagetui.wording.delivery import Fitted
from outagetui.wording.neutral import hypertext_of, markdown, neutral, neutral_address, unangled
from outagetui.wording.published import published

LEAST_PROSE = 20
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー々。、，！？；：」』）]"
# After such a character, unless it or the next cannot stand without the other: marks, vowel signs, small kana, stops.
_END = Expression(
    rf"\s+|(?<={_UNSPACED}\p{{M}}*)(?<![เ-ไເ-ໄ])(?![\p{{M}}\p{{P}}ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮะาำๅๆະາຳໆ]|$)"
)
_STOPS = "。、，！？；"
_WHOLE = Expression(rf"{URL.pattern}|[a-z]+:[!-~]+|[!-~]*@[!-~]*", ignore_case=True)
_WORDS = {
    "en": ("our website", "see our website", "See our website.", "More: "),
    "de": ("unserer Website", "siehe unsere Website", "Siehe unsere Website.", "Mehr: "),
}


class FitError(ValueError):
    """Not even where to read on fits into the outlet's limit."""


def fit(
    kind: str,
    *,
    title: str,
    body: str,
    accounts: Sequence[tuple[str, str]] = (),
    corrections: Sequence[str] = (),
    page: str = "",
    language: str = "en",
    links: bool = True,
) -> Fitted:
    """Return what an outlet of `kind` is sent; raises FitError.

    `accounts` are the (name, address) pairs that `body` may name, most liked first, `corrections` the lines that say
    what must not be used any more. Without `links`, as on X where they cost, every URL gives way to the words "our
    website".
    """
    of = OutletOptions.of(kind)
    website, see, hint, more = _WORDS.get(times.base(language), _WORDS["en"])

    def say(text: str) -> str:
        if of.page:
            return text
        return neutral(text if links else URL.sub(website, text))

    # A line as composed, to the name of the account that it is about, if any, and the line as shown.
    lines: dict[str, tuple[str, str]] = {line: ("", say(line)) for line in corrections}
    for name, address in accounts:
        linked = not links and (URL.search(address) or BARE.search(address))
        shown = see if linked else neutral_address(published(telephone.shown(address), 300))
        named = neutral(published(name, 80))
        line = account_line(name, address)
        lines[line] = name, line if of.page else f"- {named}: {shown}" if shown else f"- {named}"
    head = say(title)
    plain = "\n".join(lines[line][1] if line in lines else say(line) for line in body.split("\n"))
    names = tuple(dict.fromkeys(name for line, (name, _) in lines.items() if name and line in body.split("\n")))
    whole = f"{head}\n\n{plain}" if of.one_text else plain
    if not of.one_text or fits(kind, whole):
        return _fitted(kind, head, whole, names, shortened=False)
    tail = hint if not links else f"{more}{page}" if page else ""
    prose = _prose(body, lines, page, say)
    short = _shorten(kind, head, prose, [shown for _, shown in lines.values()], tail)
    kept = short.split("\n")
    return _fitted(
        kind, head, short, tuple(name for name, shown in lines.values() if name and shown in kept), shortened=True
    )


def fit_for(
    config: Config,
    outlet: Outlet,
    title: str,
    body: str,
    accounts: Sequence[tuple[str, str]],
    corrections: Sequence[str] = (),
) -> Fitted:
    """Return what `outlet` is sent of a text for its audience, whose page the configuration names; raises FitError."""
    return fit(
        outlet.kind,
        title=title,
        body=body,
        accounts=accounts,
        corrections=corrections,
        page=page_of(config, outlet.audience, outlet.language),
        language=outlet.language,
        links=outlet.options.keeps_links(),
    )


def sent_text(kind: str, text: Fitted) -> str:
    """Return the whole of what an outlet of `kind` is sent, title and all."""
    return text.text if OutletOptions.of(kind).one_text else f"{text.title}\n\n{text.text}"


def page_of(config: Config, audience: str, language: str) -> str:
    """Return the address of the audience's page in `language`, else of its first page; empty without one."""
    pages = [each for each in config.outlets if OutletOptions.of(each.kind).page and each.audience == audience]
    same = [each for each in pages if times.base(each.language) == times.base(language)]
    exact = [each for each in same if each.language.lower() == language.lower()]
    return next((each.url for each in (*exact, *same, *pages)), "")


def _fitted(kind: str, title: str, plain: str, names: tuple[str, ...], *, shortened: bool) -> Fitted:
    of = OutletOptions.of(kind)
    if of.unangled:
        title, plain = unangled(title), unangled(plain)
    text = markdown(plain, of.line_end) if of.line_end else plain
    return Fitted(
        title=title,
        text=text,
        html=hypertext_of(plain),
        plain=plain,
        count=count(kind, text),
        limit=of.limit,
        shortened=shortened,
        names=names,
    )


def _shorten(kind: str, title: str, prose: str, lines: list[str], tail: str) -> str:
    """Return the parts that fit. What an account's line says is never cut in the title or the prose either."""
    limit = OutletOptions.of(kind).limit
    whole = [piece for line in lines for piece in (line, *line[2:].split(": ", 1))]

    def put(title: str, prose: str, lines: list[str]) -> str:
        return "\n\n".join(filter(None, (title, prose, "\n".join(lines), tail)))

    if not fits(kind, tail):
        raise FitError(f"the limit of {limit} is too small even for the link to the page")
    half = limit // 2
    if not fits(kind, put(title, "", lines)):
        room = half if lines else 2 * half
        title = _cut(title, lambda part: count(kind, part) <= room and fits(kind, put(part, "", [])), whole)
    kept: list[str] = []
    for line in lines:
        if fits(kind, put(title, "", [*kept, line])):
            kept.append(line)
    part = _cut(prose, lambda part: fits(kind, put(title, part, kept)), whole)
    made = put(title, part if len(part) >= LEAST_PROSE else "", kept)
    if not made:
        raise FitError(f"nothing of it fits into the limit of {limit}")
    return made


def _cut(text: str, good: Callable[[str], bool], whole: Sequence[str]) -> str:
    """Return as much of `text` as is good, cut with an ellipsis where a word ends, never within one of `whole`.

    Where words have no spaces between, a comma or full stop is preferred to a little more text.
    """
    if good(text):
        return text
    kept = [match.span() for piece in whole if piece for match in re.finditer(re.escape(piece), text)]
    kept += [match.span() for match in _WHOLE.finditer(text)]
    ends = [match.start() for match in _END.finditer(text)]
    ends = [end for end in ends if end and not any(start < end < stop for start, stop in kept)]
    low, high = 0, len(ends)  # the first `low` are good
    while low < high:
        middle = (low + high) // 2
        if good(_ended(text[: ends[middle]])):
            low = middle + 1
        else:
            high = middle
    if not low:
        return ""
    stops = [end for end in ends[low // 2 : low] if text[end - 1] in _STOPS]
    return _ended(text[: stops[-1] if stops and not text[ends[low - 1]].isspace() else ends[low - 1]])


def _ended(text: str) -> str:
    return f"{text.rstrip(' .,;:-–。、，；：')}…"


def _prose(body: str, lines: dict[str, tuple[str, str]], page: str, say: Callable[[str], str]) -> str:
    """Return the body in one paragraph, without the accounts, what leads to them, and where the page is."""
    kept: list[str] = []
    for line in body.split("\n"):
        if line in lines:
            if kept and kept[-1].rstrip().endswith(":"):
                kept.pop()
        elif line.strip() and not (page and page in line):
            kept.append(line.strip())
    return say(" ".join(kept))
