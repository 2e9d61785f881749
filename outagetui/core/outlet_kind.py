"""What an outlet is: the base of all outlet options, which holds what the program knows of a kind beside its module."""

from collections.abc import Iterator
from typing import ClassVar, Literal, NamedTuple, Protocol

from outagetui.core.kind import Kind
from outagetui.core.troubles import Trouble


class Shared(Protocol):
    """What the options of an outlet are judged with: keys of `[outlet]` that all kinds have."""

    url: str
    audience: Literal["staff", "customers"]
    timeout: float


class Letterhead(NamedTuple):
    """What receivers of mail can look up: who sends, the selector of the key that signs, how one leaves the list."""

    sender: str
    selector: str
    leave: str


class OutletOptions(Kind, frozen=True, kw_only=True):
    """Base of all outlet options; a kind's module in `outlets/` has its name.

    An outlet without the key that `published_with` names is only watched. `needed` are the keys that this one makes
    necessary; `service` is where a hosted service lives, for outlets without a `url` of their own. `page`: we write it
    ourselves, in HTML of ours, also while nobody can read it. `web_url`: its url is a web page. `names` are keys that
    hold names, each with what of; `commands` those that name declared commands; `secret_is_url`: it is apprise's.

    `limit` is the greatest length of a text (0: none), counted by `counting`, `most_bytes` one more limit. `one_text`:
    what it posts has no title of its own. `line_end` is how a line within a paragraph ends in its Markdown, where it
    takes that. `unangled`: <…> may become a tag there, or call everybody. `price` is what a post costs (US dollars,
    prepaid), and one with a link. `repeatable`: it does again what is not done, and nothing else, without a look-up.
    """

    kinds: ClassVar[dict[str, type["OutletOptions"]]] = {}
    files: ClassVar[tuple[str, ...]] = ("ca", "recipients_file")
    published_with: ClassVar[str] = "secret"
    needed: ClassVar[tuple[str, ...]] = ()
    service: ClassVar[str] = ""
    page: ClassVar[bool] = False
    web_url: ClassVar[bool] = True
    names: ClassVar[tuple[tuple[str, str], ...]] = ()
    commands: ClassVar[tuple[str, ...]] = ()
    secret_is_url: ClassVar[bool] = False
    limit: ClassVar[int] = 0
    counting: ClassVar[Literal["characters", "graphemes", "short-links", "weighted"]] = "characters"
    most_bytes: ClassVar[int] = 0
    one_text: ClassVar[bool] = False
    line_end: ClassVar[str] = ""
    unangled: ClassVar[bool] = False
    price: ClassVar[tuple[float, float] | None] = None
    repeatable: ClassVar[bool] = False

    def troubles(self, outlet: Shared) -> Iterator[Trouble]:
        """Yield what types alone cannot judge, each with its key."""
        yield from ()

    def odd(self, outlet: Shared) -> Iterator[Trouble]:
        """Yield what can be meant and hardly ever is, each with its key."""
        yield from ()

    def keeps_links(self) -> bool:
        """Return whether URLs stay in what is posted."""
        return True

    def letterhead(self) -> Letterhead | None:
        """Return as whom letters are sent; None for what sends none."""
        return None
