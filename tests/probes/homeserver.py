"""A Matrix homeserver in miniature: the documented requests are checked, and answered or refused as documented."""

import asyncio
import contextlib
import json
import secrets
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

ROOM, ALIAS, OTHER_ROOM = "!abc:example.test", "#watch:example.test", "!other:example.test"
USER, PASSWORD = "watch", "geheim"
Answer = tuple[int, Any]


def error(status: int, word: str, words: str = "no") -> Answer:
    return status, {"errcode": word, "error": words}


class Homeserver:
    """What it holds: sessions by token, messages by event id, and answers that a test puts in the place of its own."""

    def __init__(self) -> None:
        self.files: dict[str, Answer] = {}
        self.instead: dict[str, Answer] = {}  # by the last words of a path
        self.sessions: dict[str, str] = {}  # token: device
        self.devices: list[str] = []
        self.events: dict[str, dict[str, Any]] = {}
        self.sent: dict[str, str] = {}  # transaction: event
        self.redacted: list[str] = []
        self.asked: list[str] = []
        self.faults: list[str] = []
        self.held: set[str] = set()  # requests that are done, and not answered the first time
        self.reached = asyncio.Event()
        self.logins = ["m.login.password"]
        self.quiet = False  # messages are taken and not passed on
        self._arrived = asyncio.Event()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.partition("\r\n")[0].split(" ")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:])
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        parts = urlsplit(target)
        name = self.name(parts.path)
        self.asked.append(name)
        held = name in self.held
        self.held.discard(name)
        if name in self.instead:
            status, content = self.instead[name]
        else:
            token = headers.get("authorization", "").removeprefix("Bearer ")
            document = json.loads(body) if body else None
            if method != "GET" and document is None:
                self.faults.append(f"{name}: without a JSON body")
            status, content = await self.answer(method, parts.path, parse_qs(parts.query), token, document)
        if held:
            self.reached.set()
            await reader.read()
            return
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)

    @staticmethod
    def name(path: str) -> str:
        """`/_matrix/client/v3/rooms/R/send/…` is `send`, and so on."""
        words = path.removeprefix("/_matrix/client/").removeprefix("v3/").split("/")
        if words[0] == "rooms":
            return words[2]
        return path if path.startswith("/.well-known") else words[0]

    async def answer(self, method: str, path: str, query: dict[str, list[str]], token: str, body: Any) -> Answer:
        if path.startswith("/.well-known/"):
            return self.files.get(path.rpartition("/")[2], error(404, "M_NOT_FOUND"))
        words = [unquote(word) for word in path.split("/")]
        match method, words[3:]:
            case "GET", ["versions"]:
                return 200, {"versions": ["v1.10", "v1.11"], "unstable_features": {"org.example": True}}
            case "GET", ["v3", "login"]:
                return 200, {"flows": [{"type": each, "x": 1} for each in self.logins]}
            case "POST", ["v3", "login"]:
                return self.login(body)
        if token not in self.sessions:
            return error(401, "M_UNKNOWN_TOKEN" if token else "M_MISSING_TOKEN")
        match method, words[4:]:
            case "GET", ["directory", "room", alias]:
                return (200, {"room_id": ROOM, "servers": []}) if alias == ALIAS else error(404, "M_NOT_FOUND")
            case "GET", ["sync"]:
                return await self.sync(query)
            case "PUT", ["rooms", room, "send", "m.room.message", transaction]:
                return self.send(room, transaction, body)
            case "PUT", ["rooms", room, "redact", event, _] if room == ROOM and event in self.events:
                self.redacted.append(event)
                return 200, {"event_id": f"${secrets.token_hex(8)}"}
            case "POST", ["logout"]:
                del self.sessions[token]
                return 200, {}
        return error(404, "M_UNRECOGNIZED")

    def login(self, body: dict[str, Any]) -> Answer:
        if body.get("type") not in self.logins:
            return error(403, "M_FORBIDDEN", "Password login has been disabled.")
        if body.get("type") != "m.login.password" or body["identifier"]["type"] != "m.id.user":
            return error(400, "M_UNKNOWN", "unknown login type")
        if (body["identifier"]["user"], body["password"]) != (USER, PASSWORD):
            return error(403, "M_FORBIDDEN", "Invalid username or password")
        device = body["device_id"]
        self.sessions = {token: held for token, held in self.sessions.items() if held != device}
        token = secrets.token_hex(8)
        self.sessions[token] = device
        self.devices.append(device)
        return 200, {"user_id": f"@{USER}:example.test", "access_token": token, "device_id": device, "home_server": "x"}

    def send(self, room: str, transaction: str, body: dict[str, Any]) -> Answer:
        if room != ROOM:
            return error(403, "M_FORBIDDEN", "User not in room")
        if body["msgtype"] != "m.notice":
            self.faults.append("send: not a notice")
        event = self.sent.setdefault(transaction, f"${secrets.token_hex(8)}")
        self.events[event] = body
        self._arrived.set()
        return 200, {"event_id": event}

    async def sync(self, query: dict[str, list[str]]) -> Answer:
        wanted = json.loads(query["filter"][0])
        if wanted["room"]["rooms"] != [ROOM] and wanted["room"]["rooms"] != [OTHER_ROOM]:
            self.faults.append("sync: the filter names other rooms")
        since = int(query["since"][0]) if "since" in query else len(self.events)
        if "since" in query and not self.quiet and since == len(self.events):
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), int(query["timeout"][0]) / 1000)
        news = [] if self.quiet else [{"event_id": event, "content": {}} for event in list(self.events)[since:]]
        rooms = {"join": {ROOM: {"timeline": {"events": news, "limited": False}}}} if news else {}
        return 200, {"next_batch": str(since if self.quiet else len(self.events)), "rooms": rooms}
