"""What the outlets with a login share: reading the service's answers, comparing texts, reading back."""

import unicodedata
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from outagetui.core.markup import text_of
from outagetui.core.model import Outlet
from outagetui.core.outlet_options import OutletOptions
from outagetui.outlets import Delivered, Delivery, Fitted, MaybeSentError, Placed, Tools
from outagetui.outlets.http import Wire, base
from outagetui.outlets.notices import notices, tidy
from outagetui.protocols.http_answer import Reply
from outagetui.wording.counting import URL

HELD: Final = "held until a moderator approves it"
LOOK_AGAIN: Final = 60.0  # seconds between two looks at what somebody has to approve
SKEW: Final = 300.0  # seconds that a service's clock may be behind ours
T = TypeVar("T", bound=OutletOptions)


def options_of(outlet: Outlet, kind: type[T]) -> T:
    """Return the outlet's options; ValueError when they are of another kind."""
    if not isinstance(outlet.options, kind):
        raise ValueError(f"outlet {outlet.id} has the options of another kind")
    return outlet.options


def words_of(delivery: Delivery) -> Fitted:
    """Return the words to send; ValueError when the delivery was not fitted."""
    if delivery.text is None:
        raise ValueError("the text was not fitted to this outlet")
    return delivery.text


def login_of(outlet: Outlet, tools: Tools) -> tuple[str, str]:
    """Return the secret's name and its content without space around; raises SecretError."""
    name = str(getattr(outlet.options, "secret", None) or "")
    return name, tools.secret(name).strip()


class Account(Wire):
    """What one delivery says to its service, at `base`, as the outlet's account; `name` is that of its `secret`."""

    def __init__(self, outlet: Outlet, tools: Tools) -> None:
        self.name, self.secret = login_of(outlet, tools)
        self.base = base(outlet)
        super().__init__(outlet, tools)

    def login(self, method: str, url: str, params: Mapping[str, str]) -> Mapping[str, str]:
        """Return the secret as a bearer token; services that want something else have a class of their own."""
        return {"Authorization": f"Bearer {self.secret}"}

    async def read(self, url: str, params: Mapping[str, str] | None = None, *, also: Container[int] = ()) -> Reply:
        """Return the answer to a question: one with the status 200, or `also` others; raises as `refuse` says."""
        reply = await self.ask("GET", url, params=params)
        if reply.status != 200 and reply.status not in also:
            raise self.refuse(reply, publishes=False)
        return reply

    async def publish(
        self, method: str, url: str, good: Container[int], json: object = None, form: Mapping[str, str] | None = None
    ) -> Reply:
        """Return the answer to a request that publishes: one with a `good` status; raises as `refuse` says."""
        reply = await self.ask(method, url, publishes=True, json=json, form=form)
        if reply.status not in good:
            raise self.refuse(reply)
        return reply

    async def take_back(self, placed: Iterable[Placed], url_of: Callable[[Placed], str]) -> Delivered:
        """Delete what is placed, each at its URL."""

        async def delete(each: Placed) -> Reply:
            return await self.ask("DELETE", url_of(each), publishes=True)

        return await take_back(self, placed, delete)

    def refuse(self, reply: Reply, *, secret: str | None = None, publishes: bool = True) -> Exception:
        """As for any service, with the secret to check; raised for what is no success where nothing else is said."""
        return super().refuse(reply, secret=secret or self.name, publishes=publishes)


def held_back(remote_id: str, url: str = "", why: str = HELD) -> Delivered:
    """Return what became of what was accepted and that no reader sees yet: it is looked for again by itself."""
    return Delivered("unknown", url, remote_id, why, look_again=LOOK_AGAIN)


def required(reply: Reply, *path: str | int) -> str:
    """Return a text or number of an answer that says it was published; MaybeSentError when it is not there."""
    value = value_of(reply, *path)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise MaybeSentError(f"answered {reply.status}, but not with {'.'.join(map(str, path))}; it may be published")
    return str(value)


def value_of(reply: Reply, *path: str | int) -> Any:
    """Return what stands at `path` in an answer's JSON; None when it does not."""
    try:
        return inside(reply.json(), *path)
    except ValueError:
        return None


def inside(value: Any, *path: str | int) -> Any:
    """Return what stands at `path` in a JSON value; None when it does not."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def rows_of(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a JSON list; ValueError when it is no list."""
    if not isinstance(value, list):
        raise ValueError("an answer that is not understood: expected a list")
    return [each for each in value if isinstance(each, dict)]


def moment(text: object) -> float:
    """Return an ISO 8601 time as epoch seconds; ValueError when it is none."""
    if not isinstance(text, str):
        raise ValueError("an answer that is not understood: expected a time")
    return datetime.fromisoformat(text).timestamp()


def same(one: object, other: str) -> bool:
    """Return whether two texts are the same but for how their characters are composed and for white space."""
    return isinstance(one, str) and _spaced(one) == _spaced(other)


def status_of(delivery: Delivery) -> str:
    """Return investigating, identified, monitoring or resolved: what holds now, which an `update` does not change."""
    own = tidy(delivery.announcement, 80)
    return next(notice.meaning.status for notice in notices(delivery) if notice.announcement == own)


def shows(page: str, *texts: str) -> bool:
    """Return whether every line of `texts` is in what a page shows; signs, case and white space do not count.

    Services make signs prettier and URLs shorter.
    """
    seen = _bare(page)
    lines = (piece for text in texts for line in text.splitlines() for piece in URL.split(line))
    return all(_bare(line) in seen for line in lines)


async def read_back(
    outlet: Outlet,
    delivered: Delivered,
    tools: Tools,
    url: str,
    texts: Iterable[str],
    extract: Callable[[Reply], str] = lambda reply: text_of(reply.text),
) -> Delivered:
    """Fetch `url` as anybody may and return `seen` when what `extract` finds there shows all of `texts`."""
    wire = Wire(outlet, tools)
    reply = await wire.ask("GET", url, headers={"Accept": "*/*"}, follow=True)
    if reply.status == 200 and shows(extract(reply), *texts):
        return replace(delivered, state="seen")
    why = "does not show the text" if reply.status == 200 else f"answers {reply.status}"
    return replace(delivered, detail=f"{delivered.url or url} {why} to readers without a login")


async def take_back(
    wire: Wire, placed: Iterable[Placed], delete: Callable[[Placed], Awaitable[Reply]], secret: str | None = None
) -> Delivered:
    """Delete what is placed, newest first; what is gone already counts as deleted."""
    gone = 0
    for each in placed:
        reply = await delete(each)
        if reply.status not in (200, 202, 204, 404, 410):
            raise wire.refuse(reply, secret=secret)
        gone += 1
    return Delivered("retracted", detail=f"deleted {gone} of {gone}")


def _spaced(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _bare(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())
