"""The few requests of the Matrix client-server API (v1.11) that a look needs, each bounded, its refusal told."""

import re
import time
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct, field

from outagetui.core.model import Outcome
from outagetui.core.text import clean
from outagetui.core.unread_json import why
from outagetui.core.urls import read_url
from outagetui.net.aside import aside
from outagetui.net.trouble import Trouble, fail, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.http_answer import TOO_MANY, Reply, believed, refused, retry_after
from outagetui.protocols.http_fetch import fetch

T = TypeVar("T")

REDIRECTS = 3  # of what is asked without a token
PASSWORD = "m.login.password"  # noqa: S105 a kind of login
DEVICE_NAME = "outagetui"
EVENTS = 50  # of a room's newest, among which our own must be
_ERROR = re.compile(r"M_[A-Z_]{1,40}", re.ASCII)


class Versions(Struct):
    """`GET /_matrix/client/versions`."""

    versions: list[str]


class Homeserver(Struct):
    """Where a server's clients go."""

    base_url: str


class ClientFile(Struct):
    """`/.well-known/matrix/client`."""

    homeserver: Homeserver = field(name="m.homeserver")


class ServerFile(Struct):
    """`/.well-known/matrix/server`."""

    server: str = field(name="m.server")


class Login(Struct):
    """`POST /login`."""

    access_token: str
    user_id: str


class Flow(Struct):
    """A kind of login."""

    type: str


class Logins(Struct):
    """`GET /login`."""

    flows: list[Flow] = []


class Alias(Struct):
    """`GET /directory/room/ALIAS`."""

    room_id: str


class Sent(Struct):
    """`PUT …/send/…` and `PUT …/redact/…`."""

    event_id: str


class Event(Struct):
    """One event of a room, of which only the id matters."""

    event_id: str = ""


class Timeline(Struct):
    """A room's newest events."""

    events: list[Event] = []


class Joined(Struct):
    """A room we are in."""

    timeline: Timeline = field(default_factory=Timeline)


class Rooms(Struct):
    """The rooms of a sync."""

    join: dict[str, Joined] = {}


class Sync(Struct):
    """`GET /sync`."""

    next_batch: str
    rooms: Rooms = field(default_factory=Rooms)

    def holds(self, room: str, event: str) -> bool:
        """Return whether `event` is among the newest of `room`."""
        joined = self.rooms.join.get(room)
        return joined is not None and any(one.event_id == event for one in joined.timeline.events)


class MatrixApi:
    """A homeserver as a client sees it. Requests raise `Trouble`: `matrix.*` by the server's word, else `http.NNN`."""

    def __init__(self, vantage: Vantage, base: str, connect: str | None, ca: str | None, deadline: float) -> None:
        self.base = base.rstrip("/")
        self.deadline = deadline
        self.token = ""
        self._vantage = vantage
        self._connect = connect
        self._ca = ca

    async def versions(self) -> list[str]:
        """Return the versions of the specification that the server speaks: at least one."""
        reply = await self.ask("GET", "/_matrix/client/versions")
        found = (await read(reply, Versions, "the list of versions")).versions
        if not found:
            fail("matrix.protocol", "the server names no version it speaks")
        return found

    async def login(self, user: str, password: str, device: str) -> Login:
        """Log in with a password; the same `device` again replaces its former session."""
        body = {
            "type": PASSWORD,
            "identifier": {"type": "m.id.user", "user": user},
            "password": password,
            "device_id": device,
            "initial_device_display_name": DEVICE_NAME,
        }
        try:
            reply = await self.ask("POST", "/_matrix/client/v3/login", body)
        except Trouble as trouble:
            if trouble.outcome is Outcome.FAIL and (other := await self._other_logins()):
                words = f"the server offers only logins that outagetui does not speak: {clean(other, 120)}"
                raise Trouble(Outcome.UNKNOWN, "matrix.auth-missing", words) from trouble
            if trouble.code == "matrix.forbidden":
                trouble.code = "matrix.not-authorized"
            raise
        login = await read(reply, Login, "the answer to the login")
        self.token = login.access_token
        self._vantage.secrets.add(self.token)
        return login

    async def _other_logins(self) -> str:
        """Return the kinds of login that the server offers where a password is none of them, else nothing."""
        try:
            reply = await self.ask("GET", "/_matrix/client/v3/login")
            kinds = [flow.type for flow in (await read(reply, Logins, "the list of logins")).flows]
        except Trouble:
            return ""
        return "" if PASSWORD in kinds else ", ".join(kinds)

    async def room(self, name: str) -> str:
        """Return the id of the room `name`: an id itself, or an alias that is looked up."""
        if name.startswith("!"):
            return name
        try:
            reply = await self.ask("GET", f"/_matrix/client/v3/directory/room/{_part(name)}")
        except Trouble as trouble:
            if trouble.code == "matrix.not-found":
                trouble.code = "matrix.room-missing"
            raise
        return (await read(reply, Alias, "the address of the room")).room_id

    async def send(self, room: str, text: str, transaction: str) -> str:
        """Send a notice to `room` and return its event's id."""
        path = f"/_matrix/client/v3/rooms/{_part(room)}/send/m.room.message/{transaction}"
        reply = await self.ask("PUT", path, {"msgtype": "m.notice", "body": text})
        return (await read(reply, Sent, "the answer to the message")).event_id

    async def sync(self, room: str, since: str = "", wait: float = 0.0) -> Sync:
        """Return what is new in `room` since `since`, waiting up to `wait` seconds for something."""
        none: dict[str, Any] = {"types": []}
        rooms = {
            "rooms": [room],
            "timeline": {"limit": EVENTS if since else 1},
            "ephemeral": none,
            "account_data": none,
        }
        wanted = {
            "room": {**rooms, "state": {"lazy_load_members": True, **none}},
            "presence": none,
            "account_data": none,
        }
        query = {"filter": msgspec.json.encode(wanted).decode(), "timeout": str(int(wait * 1000))}
        if since:
            query["since"] = since
        reply = await self.ask("GET", f"/_matrix/client/v3/sync?{urlencode(query)}")
        return await read(reply, Sync, "the answer to the sync")

    async def redact(self, room: str, event: str, transaction: str) -> None:
        """Take the content of `event` back."""
        path = f"/_matrix/client/v3/rooms/{_part(room)}/redact/{_part(event)}/{transaction}"
        await self.ask("PUT", path, {"reason": "a check"})

    async def logout(self) -> None:
        """End the session."""
        await self.ask("POST", "/_matrix/client/v3/logout", {})
        self.token = ""

    async def file(self, path: str) -> Reply:
        """Return what stands at `path`, whatever its status, unless we ask too often to be told."""
        reply = await self._fetch("GET", path, None)
        if reply.status == TOO_MANY:
            raise await refusal(reply)
        return reply

    async def ask(self, method: str, path: str, body: object = None) -> Reply:
        """Send one request and return its reply, which is 200."""
        reply = await self._fetch(method, path, body)
        if reply.status != 200:
            raise await refusal(reply)
        return reply

    async def _fetch(self, method: str, path: str, body: object) -> Reply:
        headers = {"accept": "application/json"}
        if body is not None:
            headers["content-type"] = "application/json"
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        return await fetch(
            self._vantage,
            f"{self.base}{path}",
            method=method,
            headers=headers,
            body=b"" if body is None else msgspec.json.encode(body),
            redirects=0 if self.token or body is not None else REDIRECTS,
            connect=self._connect,
            ca=self._ca,
            deadline=self.deadline,
        )


def _part(text: str) -> str:
    return quote(text, safe="")


async def read(reply: Reply, cls: type[T], what: str) -> T:
    """Return the JSON of `reply` as a `cls`; raises `Trouble` `matrix.protocol` when it is not `what`."""
    if reply.truncated:
        unknown("http.too-large", f"{what} is longer than the {len(reply.body) >> 10} KiB that are read")
    if reply.unread:
        unknown("http.coding", f"{what} cannot be read: {reply.unread}")
    try:
        return await aside(partial(msgspec.json.decode, reply.body, type=cls), len(reply.body))
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        return fail("matrix.protocol", f"{what} is not as it should be: {why(error)}")


async def refusal(reply: Reply) -> Trouble:
    """Return what the server means by a status that is not 200: its own word for it, else the status."""
    try:
        said = msgspec.json.decode(reply.body[:16384])
    except (msgspec.DecodeError, RecursionError, ValueError):
        said = None
    word = said.get("errcode") if isinstance(said, dict) else None
    if not isinstance(word, str) or not _ERROR.fullmatch(word):
        return refused(reply, f"{read_url(reply.url).path} answered {reply.status}", time.time())
    words = said.get("error") if isinstance(said, dict) else None
    code = f"matrix.{word.removeprefix('M_').lower().replace('_', '-')}"
    # Asking too often is our own doing and says nothing of those who do not.
    outcome = Outcome.UNKNOWN if word == "M_LIMIT_EXCEEDED" else Outcome.FAIL
    wait = retry_after(reply.headers, time.time())
    if wait is None and isinstance(said, dict) and isinstance(milliseconds := said.get("retry_after_ms"), int):
        wait = believed(milliseconds // 1000)  # before v1.10 of the specification; it may be longer than any float
    detail = f"{word}: {words if isinstance(words, str) else reply.status}"
    return Trouble(outcome, code, detail, retry_after=wait)
