"""What may not be read in words from outside: secrets in whatever form they come back, and who somebody is. Pure.

A person is known by addresses and telephone numbers, however they are written, and by the names that we said ourselves.

A secret is found as it is, percent-encoded (RFC 3986), with the escapes of JSON, XML and quoted-printable (RFC 2045),
in hexadecimal, and inside base64 at any of its three alignments (RFC 4648). Text that was cut is searched for the
beginning of a secret before the cut, which therefore has to be marked by an ellipsis.
"""

import base64
import html
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator

from msgspec import Struct

from outagetui.core.text import clean, in_quotes

HIDDEN = "[secret]"
SHORTEST = 4  # characters; what is shorter is hidden only where it stands alone, or half of every text would go
_ALONE = 2  # characters, at least, of what is hidden where it stands alone
_CUT = "…"
_ROUNDS = 2  # of decoding: an escaped text may be escaped again, as JSON in a URL

_ESCAPES = re.compile(
    r"(?=[%=\\&])(?:"  # a quick look: most characters begin none
    r"(?P<percent>(?:%[0-9A-Fa-f]{2})+)|(?P<quoted>(?:=[0-9A-F]{2})+)|(?P<bytes>(?:\\x[0-9A-Fa-f]{2})+)"
    r"|(?P<units>(?:\\u[0-9A-Fa-f]{4})+)|(?P<escape>\\[\"'\\/])|(?P<entity>&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[a-z]{2,6});))"
)
_BASE64 = r"A-Za-z0-9+/_\-"
_URL_SAFE = str.maketrans("-_", "+/")
# What is a credential by its form alone: a digest's response, an HTTP or SASL blob, an access token.
_CREDENTIALS = re.compile(
    r"\b(?:(?i:response\s*=\s*\\?[\"']?)(?P<digest>[0-9A-Fa-f]{32,128})"
    rf"|(?i:(?:basic|bearer)\s+)(?P<blob>(?=[^\s\"'<>,;]*[0-9=+/._~])[{_BASE64}.~]{{8,}}=*)"
    r"|(?i:(?:access|refresh)_?token|client_?secret|api_?key)\\?[\"']?\s*[=:]\s*\\?[\"']?(?P<named>[^\s\"'\\&,;]{4,})"
    r"|(?P<matrix>(?:syt|mat|mct|mcr)_[A-Za-z0-9_=+/.-]{6,}))"
)

MOST_SHOWN = 2000  # characters of an answer: more are never shown
_OWN_SHORTEST = 3  # characters of a word of our own; shorter ones stand in every text
# As servers write addresses: plain, quoted, in a URL, in quoted-printable, as an entity, or made hard for collectors;
# the local part may be anything that RFC 5321 section 4.1.2 and RFC 6531 allow, the domain an address in brackets.
_BREAK = r"\s<>()\[\]{}\",;:@\N{FULLWIDTH COMMERCIAL AT}`\\/…"
_HIGH = r"[%=][89A-F][0-9A-F]"  # a byte of UTF-8
_LABEL = rf"(?:[^\W_]|{_HIGH})(?:(?:[\w-]|{_HIGH})*(?:[^\W_]|{_HIGH}))?"
_ADDRESS = re.compile(
    rf"""(?P<local>"[^"]{{1,64}}"|(?<![^{_BREAK}'])[^{_BREAK}'][^{_BREAK}]{{0,320}}?)
    (?:(?:[@\N{{FULLWIDTH COMMERCIAL AT}}]|[%=]40|&\#64;|&\#x40;|&commat;)
      (?P<domain>\[[^\]\s]{{2,64}}\]|(?:{_LABEL}\.)*{_LABEL}|(?=…))
    |\s?(?:[@\N{{FULLWIDTH COMMERCIAL AT}}]|[(\[{{]\s?at\s?[)\]}}])\s?
      (?P<apart>(?:{_LABEL}\.)+(?!\d){_LABEL}))
    (?:@{_LABEL}(?:\.{_LABEL})*)*""",
    re.VERBOSE | re.IGNORECASE,
)
_MATRIX = re.compile(r"(?<![\w.@])@(?P<local>[A-Za-z0-9._=/+-]{1,128}):(?P<domain>[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?")
# What stands in every text that one of the three finds something in.
_SIGN = re.compile(
    r"[@\N{FULLWIDTH COMMERCIAL AT}+]|00[1-9]|[%=]40|&\#64;|&\#x40;|&commat;|[(\[{]\s?at\s?[)\]}]", re.IGNORECASE
)
_NUMBER = re.compile(r"(?<![\w+])(?:\+[ (]{0,2}|00)[1-9](?:[ ()./-]{0,2}\d){6,14}(?:(?=x\d)|(?!\w))", re.IGNORECASE)
# Names of tasks, not of people (RFC 2142, RFC 6186).
_ROLES = frozenset(
    (
        *("abuse", "admin", "hostmaster", "info", "mailer-daemon", "marketing", "no-reply", "noc", "noreply"),
        *("postmaster", "root", "sales", "security", "support", "usenet", "webmaster", "www"),
    )
)


class Secret(Struct, frozen=True):
    """How one secret may appear: as text, inside base64, in hexadecimal; `alone` only as a word of its own."""

    texts: frozenset[str] = frozenset()
    coded: frozenset[str] = frozenset()
    hexes: frozenset[str] = frozenset()
    alone: frozenset[str] = frozenset()


def shapes(secret: str) -> Secret:
    """Return how `secret`, and each line of one that has several, may appear in somebody's words."""
    lines = [secret, secret.strip(), *(line.strip() for line in secret.splitlines())]
    lines += [unicodedata.normalize("NFC", line) for line in lines]
    lines += [clean(line, len(line) + 1) for line in lines]
    lines += [" ".join(line.split()) for line in lines] + [line.replace(" ", "+") for line in lines]
    known = {line for line in lines if line}
    texts = frozenset(line for line in known if len(line) >= SHORTEST)
    raw = [line.encode("utf-8", "surrogatepass") for line in texts]
    return Secret(
        texts,
        frozenset(core for each in raw for core in _cores(each)),
        frozenset(each.hex() for each in raw),
        frozenset(line for line in known if _ALONE <= len(line) < SHORTEST),
    )


def together(secrets: Iterable[Secret]) -> Secret:
    """Return how any of `secrets` may appear."""
    known = list(secrets)
    return Secret(
        frozenset(shape for each in known for shape in each.texts),
        frozenset(shape for each in known for shape in each.coded),
        frozenset(shape for each in known for shape in each.hexes),
        frozenset(shape for each in known for shape in each.alone),
    )


def _cores(data: bytes) -> Iterator[str]:
    """Yield the characters of base64 that `data` alone decides, after 0, 1 or 2 bytes of something else."""
    for before in range(3):
        core = base64.b64encode(bytes(before) + data)[-(-8 * before // 6) : 8 * (before + len(data)) // 6].decode()
        if len(core) >= SHORTEST:
            yield core


def hide_secrets(text: str, known: Secret) -> str:
    """Return `text` with what is `known` (see `together`) and all that looks like a credential replaced."""
    if not text:
        return text
    spans = [found.span(found.lastgroup or 0) for found in _CREDENTIALS.finditer(text)]
    for view, places in _views(text) if known.texts or known.alone else ():
        folded, spelled = view.lower(), view.translate(_URL_SAFE)
        found = [*_found(view, known.texts), *_standing_alone(view, known.alone)]
        # Lower-casing may lengthen a few letters, and places would no longer fit.
        found += _found(folded, known.hexes) if len(folded) == len(view) else []
        found += [_whole(spelled, span) for span in _found(spelled, known.coded)]
        spans += [(places[start][0], places[end - 1][1]) for start, end in found] if places else found
    return _replaced(text, spans)


def _views(text: str) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Yield `text` without places, and `text` with its escapes resolved, each character with its place in `text`."""
    yield text, []
    if not _ESCAPES.search(text):
        return
    places = [(at, at + 1) for at in range(len(text))]
    for _ in range(_ROUNDS):
        parts: list[str] = []
        kept: list[tuple[int, int]] = []
        last = 0
        for found in _ESCAPES.finditer(text):
            start, end = found.span()
            plain = _plain(found)
            parts += [text[last:start], plain]
            whole = (places[start][0], places[end - 1][1])
            kept += [*places[last:start], *([whole] * len(plain))]
            last = end
        if not parts:
            return
        text, places = "".join((*parts, text[last:])), [*kept, *places[last:]]
        yield text, places


def _plain(found: re.Match[str]) -> str:
    kind, escape = found.lastgroup, found[0]
    if kind == "escape":
        return escape[1]
    if kind == "entity":
        return html.unescape(escape)
    if kind == "units":
        return bytes.fromhex(escape.replace("\\u", "")).decode("utf-16-be", "replace")
    return bytes.fromhex(re.sub(r"[%=]|\\x", "", escape)).decode("utf-8", "replace")


def _found(view: str, shapes: Collection[str]) -> Iterator[tuple[int, int]]:
    """Yield where any of `shapes` stands, or where its beginning was cut."""
    for shape in shapes:
        start = view.find(shape)
        while start >= 0:
            yield start, start + len(shape)
            start = view.find(shape, start + 1)
    if _CUT in view:
        yield from _cut_off(view, shapes)


def _cut_off(view: str, shapes: Collection[str]) -> Iterator[tuple[int, int]]:
    """Yield from where the beginning of any of `shapes` stands to where it was cut."""
    alike: dict[str, list[str]] = {}
    for shape in shapes:
        alike.setdefault(shape[:SHORTEST], []).append(shape)
    for head, own in alike.items():
        longest, begins = max(map(len, own)), _Beginnings(own)
        start = view.find(head)
        while start >= 0:
            cut = view.find(_CUT, start + SHORTEST, start + longest + 1)
            while cut >= 0 and begins[view[start:cut]]:
                yield start, cut
                cut = view.find(_CUT, cut + 1, start + longest + 1)  # the secret may hold an ellipsis itself
            start = view.find(head, start + 1)


class _Beginnings(dict[str, bool]):
    """Whether any of `shapes` begins so, looked up once for each beginning."""

    def __init__(self, shapes: Collection[str]) -> None:
        self._shapes = shapes

    def __missing__(self, beginning: str) -> bool:
        self[beginning] = any(shape.startswith(beginning) for shape in self._shapes)
        return self[beginning]


def _standing_alone(view: str, shapes: Iterable[str]) -> Iterator[tuple[int, int]]:
    for shape in shapes:
        yield from (found.span() for found in re.finditer(rf"(?<!\w){re.escape(shape)}(?!\w)", view))


def _whole(view: str, span: tuple[int, int]) -> tuple[int, int]:
    """Widen `span` to all of the base64 around it: the characters beside a secret hold some of its bits."""
    start, end = span
    while start and re.match(f"[{_BASE64}]", view[start - 1]):
        start -= 1
    while end < len(view) and re.match(f"[{_BASE64}=]", view[end]):
        end += 1
    return start, end


def _replaced(text: str, spans: list[tuple[int, int]]) -> str:
    parts: list[str] = []
    last = 0
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= last:
            parts += [text[last:start], HIDDEN]
        elif end > last and parts and parts[-1] != HIDDEN:
            parts.append(HIDDEN)
        last = max(last, end)
    return "".join((*parts, text[last:]))


def may_name_people(text: str) -> bool:
    """Tell at a glance whether there may be an address in `text` that `mask_people` replaces."""
    return _SIGN.search(text) is not None


def mask_people(text: str, keep: Collection[str] = (), own: Iterable[str] = ()) -> str:
    """Return `text` with mail, chat and telephone addresses replaced, which are somebody's.

    Those that stand in one of `keep` (texts of the configuration) stay, and those of tasks, such as postmaster; one of
    Matrix stays where its user is a whole text of `keep`.
    `own` are names, addresses and secrets that we said in a dialogue, and that a server may repeat alone: none stays,
    in any case of its letters.
    """
    kept = {f"{each['local']}@{_domain(each)}".casefold() for one in keep for each in _ADDRESS.finditer(one)}
    text = _ADDRESS.sub(lambda found: _address(found, kept), text)
    users = {one.casefold() for one in keep}
    text = _MATRIX.sub(lambda found: found[0] if _user(found) & users else "[address]", text)
    numbers = {_digits(each[0]) for one in keep for each in _NUMBER.finditer(one)}
    text = _NUMBER.sub(lambda found: found[0] if _digits(found[0]) in numbers else "[number]", text)
    for word in sorted({each for each in own if len(each) >= _OWN_SHORTEST}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "[…]", text, flags=re.IGNORECASE)
    return text


def mask_answer(text: str, own: Iterable[str] = ()) -> str:
    """Return the beginning of what a server answered, as much as is ever shown, as `mask_people` does."""
    return mask_people(text[:MOST_SHOWN], own=own)


def quote_answer(raw: bytes | str, own: Iterable[str] = ()) -> str:
    """Return the beginning of an answer that was not understood, in quotes, as people may see it."""
    raw = raw[:MOST_SHOWN]
    return in_quotes(mask_answer(raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw, own))


def names_of(address: str) -> tuple[str, ...]:
    """Return the words by which a server may name the person of `address`: the whole, and what stands before the @."""
    return (address, address.rpartition("@")[0]) if "@" in address else (address,)


def texts_in(value: object) -> list[str]:
    """Return every text that stands somewhere in `value`, which is made of dictionaries, lists and texts."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [text for each in value for text in texts_in(each)]
    return [value] if isinstance(value, str) else []


def _address(found: re.Match[str], kept: Collection[str]) -> str:
    local, domain = found["local"].casefold(), _domain(found).casefold()
    names = (local, local.rpartition("=")[2], local.rpartition("'")[2])  # as in to=someone@example.net
    return found[0] if any(each in _ROLES or f"{each}@{domain}" in kept for each in names) else "[address]"


def _domain(found: re.Match[str]) -> str:
    """Return all behind the local part's @."""
    return found["domain"] or found["apart"] or ""


def _user(found: re.Match[str]) -> set[str]:
    """Return how a configuration may name a user of Matrix: by its local part, or whole."""
    return {found["local"].casefold(), found[0].casefold()}


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number).removeprefix("00")
