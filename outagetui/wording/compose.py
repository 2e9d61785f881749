"""Announcement texts: a template's `{field}` places filled from facts. Pure, and no template language.

`{{` and `}}` stand for braces. A line in which `{accounts}`, `{next_update}`, `{page}` or `{note}` has nothing to say
is left out, and with a line that holds only that field also the line right before it, if that ends in a colon.
A bracket that only repeats the time before it, as `{since} ({since_utc})` does where the clocks show UTC, is left out.
`{failed}` without any failed channel says "one of our contact channels". `{accounts}` also says of each way that people
were sent to and that no longer works not to use it for now; with no account left, what leads to them is left out.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from outagetui.core import telephone, times
from outagetui.core.model import Audience, Template
from outagetui.core.text import clean, in_quotes
from outagetui.wording.links import link, scheme_of
from outagetui.wording.published import published, published_lines

FIELDS: tuple[str, ...] = ("business", "since", "since_utc", "failed", "accounts", "next_update", "page", "note")
_MAY_BE_EMPTY = frozenset({"accounts", "next_update", "page", "note"})
_PLACE = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}|[{}]")
_IN_UTC = re.compile(r"(\{since\})\s*[(（]\{since_utc\}[)）]")
_AND = {"en": " and ", "de": " und "}
_DO_NOT = {
    "en": {
        "call": "please do not call for now, it does not work",
        "write": "please do not write there for now, it does not work",
        "use": "please do not use it for now, it does not work",
    },
    "de": {
        "call": "bitte rufen Sie dort vorerst nicht an, es funktioniert nicht",
        "write": "bitte schreiben Sie dort vorerst nicht, es funktioniert nicht",
        "use": "bitte benutzen Sie es vorerst nicht, es funktioniert nicht",
    },
}
_TELEPHONES = ("tel", "sip", "sips")
_SOMETHING = {"en": "one of our contact channels", "de": "einem unserer Kontaktwege"}
TITLE_LIMIT = 200
BODY_LIMIT = 4000


class ComposeError(ValueError):
    """A text that cannot be made or must not be sent; the message is one line for people."""


class TemplateError(ValueError):
    """A template that cannot be read; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


class Account(Struct, frozen=True):
    """A backup channel to name: what people call it, where it is, and whether it was up when last seen."""

    id: str
    name: str
    address: str
    up: bool = True


class DeadWay(Struct, frozen=True):
    """A backup that people were sent to and that no longer works, and what it carried: text, voice, video."""

    id: str
    name: str
    carries: tuple[str, ...] = ()
    address: str = ""


class Facts(Struct, frozen=True, kw_only=True):
    """What an announcement says. Times are epoch seconds; `failed` are names, `accounts` its audience's only."""

    business: str
    audience: Audience
    kind: str
    since: float
    now: float
    timezone: str = "UTC"
    failed: tuple[str, ...] = ()
    accounts: tuple[Account, ...] = ()
    dead: tuple[DeadWay, ...] = ()
    page: str = ""
    next_update: float | None = None
    note: str = ""


class Text(Struct, frozen=True):
    """A composed announcement: a title of one line and a body of plain lines, both cleaned."""

    title: str
    body: str


def compose(template: Template, facts: Facts) -> Text:
    """Fill `template` from `facts`. ComposeError: an unknown field, a missing value, no words, or too many."""
    name = f"{template.kind}.{template.language}"
    if template.kind != facts.kind:
        raise ComposeError(f"the text {name} cannot announce {facts.kind}")
    values = _values(facts, template.language)
    words = _without_twice(template, facts)
    title = _fill(words.title, values, name)
    if title is None:
        raise ComposeError(f"the title of {name} uses a field that is empty now")
    lines: list[str] = []
    for line in words.body.splitlines():
        filled = _fill(line, values, name)
        nothing = filled is None or (not facts.accounts and "{accounts}" in line)
        if nothing and _is_one_place(line) and lines and lines[-1].rstrip().endswith(":"):
            lines.pop()
        if filled is not None:
            lines.append(filled)
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(lines).strip())
    if len(title) > TITLE_LIMIT or len(body) > BODY_LIMIT:
        raise ComposeError(
            f"the text {name} comes out longer than {TITLE_LIMIT} (title) or {BODY_LIMIT} characters (body)"
        )
    text = Text(published(title), published_lines(body))
    if not text.title or not text.body:
        raise ComposeError(f"the text {name} comes out empty")
    return text


def warnings(facts: Facts) -> tuple[str, ...]:
    """Return what an operator should know before sending: backups that are named but not up, or none to name."""
    said = [f"{clean(each.name, 60)} is named but is not up" for each in facts.accounts if not each.up]
    if facts.kind == "backup-active" and not facts.accounts:
        said.append(f"no active backup for {facts.audience} to name")
    return tuple(said)


def account_line(name: str, address: str) -> str:
    """Return how a text names one backup: `- Name: address`."""
    name, address = published(name, 80), published(telephone.shown(address), 300)
    return f"- {name}: {address}" if address else f"- {name}"


def correction(way: DeadWay, language: str) -> str:
    """Return the line that takes back that people were sent to a way: `Telephone: please do not call for now, …`."""
    told = _DO_NOT.get(times.base(language), _DO_NOT["en"])
    # Whoever leaves `carries` out has a text channel, and nobody writes to a telephone number.
    called = set(way.carries) == {"voice"} or scheme_of(link(way.address)) in _TELEPHONES
    use = "call" if called else "write" if set(way.carries) == {"text"} else "use"
    return f"{published(way.name, 80)}: {told[use]}"


def read_template(kind: str, language: str, text: str) -> Template:
    """Read a template file: its first line is the title, the rest the body. TemplateError tells the line."""
    lines = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines()
    title = lines[0].strip() if lines else ""
    if not title:
        raise TemplateError(1, "the first line is the title and must not be empty")
    body = "\n".join(line.rstrip() for line in lines[1:]).strip("\n")
    if not body:
        raise TemplateError(2, "the body is missing: write it below the title")
    for number, line in enumerate(lines, 1):
        if any(match[0] in ("{", "}") for match in _PLACE.finditer(line)):
            raise TemplateError(number, "a brace without its partner; write {{ or }} for a brace itself")
    return Template(kind=kind, language=language, title=title, body=body)


def places(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line (from 1) and name of every `{field}` in a template's text."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in _PLACE.finditer(line):
            if match[1] is not None:
                yield number, match[1]


def find_template(templates: Sequence[Template], kind: str, language: str) -> Template:
    """Return the words of `kind` in `language`, else its base language, else English; ComposeError: none."""
    of_kind = {each.language.lower(): each for each in templates if each.kind == kind}
    for wanted in (language.lower(), times.base(language), "en"):
        if wanted in of_kind:
            return of_kind[wanted]
    known = ", ".join(sorted({each.kind for each in templates})) or "none"
    if of_kind:
        raise ComposeError(f"no text for {kind} in {language} or en (there is {', '.join(sorted(of_kind))})")
    raise ComposeError(f"no text for announcements of kind {in_quotes(kind, 60)} (known: {known})")


def _values(facts: Facts, language: str) -> dict[str, str]:
    try:
        place = times.zone(facts.timezone)
        since, since_utc = times.moment(facts.since, place, language), times.utc(facts.since)
        following = None if facts.next_update is None else times.clock(facts.next_update, facts.now, place, language)
    except ValueError as error:
        raise ComposeError(str(error)) from error
    tongue = times.base(language)
    return {
        "business": published(facts.business, 120),
        "since": since,
        "since_utc": since_utc,
        "failed": _list([published(each, 80) for each in facts.failed], tongue),
        "accounts": "\n\n".join(
            filter(
                None,
                (
                    "\n".join(account_line(each.name, each.address) for each in facts.accounts),
                    "\n".join(correction(each, language) for each in facts.dead),
                ),
            )
        ),
        "next_update": following or "",
        "page": published(facts.page, 300),
        "note": published_lines(facts.note, 1500).strip(),
    }


def _without_twice(template: Template, facts: Facts) -> Template:
    """Return the template without the time in UTC in brackets where the time before it is in UTC."""
    if not times.shows_utc(facts.since, times.zone(facts.timezone)):
        return template
    return replace(template, title=_IN_UTC.sub(r"\1", template.title), body=_IN_UTC.sub(r"\1", template.body))


def _list(names: list[str], tongue: str) -> str:
    if not names:
        return _SOMETHING.get(tongue, _SOMETHING["en"])
    *most, last = names
    return f"{', '.join(most)}{_AND.get(tongue, ', ')}{last}" if most else last


def _fill(line: str, values: dict[str, str], where: str) -> str | None:
    """Return the line with its places filled, or None when one that may be empty is."""
    nothing = False

    def put(match: re.Match[str]) -> str:
        nonlocal nothing
        name = match[1]
        if name is None:
            if len(match[0]) == 1:
                raise ComposeError(f"the text {where} has a brace without its partner")
            return match[0][0]
        if name not in values:
            raise ComposeError(f"the text {where} uses {{{clean(name, 60)}}}; known are {', '.join(FIELDS)}")
        if not values[name]:
            if name not in _MAY_BE_EMPTY:
                raise ComposeError(f"the text {where} uses {{{name}}}, which is empty")
            nothing = True
        return values[name]

    filled = _PLACE.sub(put, line)
    return None if nothing else filled


def _is_one_place(line: str) -> bool:
    match = _PLACE.fullmatch(line.strip())
    return match is not None and match[1] is not None
