"""How long a text is to each kind of outlet, counted as the outlet counts. Pure.

X: twitter-text's configuration 3: every URL is 23, an emoji is 2 whatever it is made of, characters of most alphabets
are 1 and all others 2. Mastodon: graphemes, every URL 23, of `@name@server` only `@name`. Bluesky: graphemes, and a
second limit on bytes.
"""

import unicodedata

from outagetui.core.expression import Expression
from outagetui.core.outlet_options import OutletOptions

URL_LENGTH = 23
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))  # twitter-text, config/v3.json: weight 100 of 200
# Where services differ on what belongs to a URL (a parenthesis, letters of an alphabet), what counts as one ends early
# here: then we count more than they do, never less. What makes a link at a service is always within `URL`.
_LETTERS = r"\p{Latin}\p{Cyrillic}\p{Greek}"


def _path(more: str) -> str:
    return (
        rf"(?:/(?:[A-Za-z0-9!*';:=+,.$/%#\[\]\-_~@|&{more}]*[A-Za-z0-9_#/+\-{more}])?)?"
        rf"(?:\?[A-Za-z0-9!?*';:&=+$/%#\[\]\-_.,~|{more}]*[A-Za-z0-9_&=#/\-{more}])?"
    )


def _host(letters: str, top: str) -> str:
    labels = rf"(?:[{letters}](?:[{letters}_\-]*[{letters}])?\.)+"
    return rf"{labels}(?:[A-Za-z]{{2,63}}|xn--[A-Za-z0-9\-]{{2,59}}{top})(?![A-Za-z0-9+\-@])"


_WEB_HOST = _host(r"\p{L}\p{M}\p{N}", r"|[\p{L}\p{M}]{2,63}")
_START = rf"(?<![A-Za-z0-9@＠$#＃])https?://{_WEB_HOST}(?::[0-9]+)?"
URL = Expression(_START + _path(_LETTERS + "@="), ignore_case=True)
_BARE_HOST = _host(r"0-9\p{Latin}", "")
BARE = Expression(rf"(?<![0-9\p{{Latin}}@＠$#＃_.\-/]){_BARE_HOST}(?::[0-9]+)?{_path('')}", ignore_case=True)
_COUNTED = Expression(_START + _path(""), ignore_case=True)
_LINK = Expression(rf"(?P<url>{_COUNTED.pattern})|(?P<bare>{BARE.pattern})", ignore_case=True)
_EMOJI = Expression(
    r"\p{Regional_Indicator}{2}"
    r"|[0-9#*]\uFE0F?\u20E3"
    r"|[©®]\uFE0F"
    r"|(?![©®0-9#*])\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?[\U000E0020-\U000E007E]*\U000E007F?"
    r"(?:\u200D\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?)*"
)
_REMOTE = Expression(r"(?<![\w=/])@(?P<local>[A-Za-z0-9_]+(?:[A-Za-z0-9_.\-]+[A-Za-z0-9_]+)?)@[\w.\-]+\w")
_GRAPHEME = Expression(r"\X")


def count(kind: str, text: str) -> int:
    """Return how long `text` is to an outlet of `kind`; what looks like a bare domain counts as what is longer for X.

    X makes links of domains that are registered, and the list of those is not kept here.
    """
    way = OutletOptions.of(kind).counting
    if way == "weighted":
        return _weight(unicodedata.normalize("NFC", text))
    if way == "short-links":
        local = _REMOTE.sub(r"@\g<local>", _COUNTED.sub("x" * URL_LENGTH, text))
        return _GRAPHEME.count(local)
    if way == "graphemes":
        return _GRAPHEME.count(text)
    return len(text)


def fits(kind: str, text: str) -> bool:
    """Return whether an outlet of `kind` takes a text of this length."""
    of = OutletOptions.of(kind)
    if of.most_bytes and len(text.encode()) > of.most_bytes:
        return False
    return not of.limit or count(kind, text) <= of.limit


def price(kind: str, text: str) -> float | None:
    """Return what an outlet of `kind` charges for a post with this text, in US dollars; None when it is free."""
    prices = OutletOptions.of(kind).price
    return None if prices is None else prices[has_link(text)]


def has_link(text: str) -> bool:
    """Return whether X would make a link of something in `text`."""
    return _LINK.search(text) is not None


def _weight(text: str) -> int:
    total = 0
    done = 0
    for match in _LINK.finditer(text):
        total += _plain_weight(text[done : match.start()])
        own = 0 if match["url"] else _plain_weight(match[0])
        total += max(URL_LENGTH * 100, own)
        done = match.end()
    return -(-(total + _plain_weight(text[done:])) // 100)


def _plain_weight(text: str) -> int:
    emoji = 0

    def drop(_: object) -> str:
        nonlocal emoji
        emoji += 1
        return ""

    rest = _EMOJI.sub(drop, text)
    return 200 * emoji + sum(100 if any(first <= ord(char) <= last for first, last in _LIGHT) else 200 for char in rest)
