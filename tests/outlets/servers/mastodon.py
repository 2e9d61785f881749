"""A Mastodon server: docs.joinmastodon.org/methods/statuses."""

import html
import re
from datetime import UTC, datetime
from typing import Any

from outagetui.wording.counting import count
from tests.outlets.servers.service import Answer, Request, Service

URL = re.compile(r"https?://[^\s<]+[^\s<.,]")


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def cooked(text: str) -> str:
    """HTML as Mastodon makes it, with URLs cut into visible and invisible pieces."""

    def link(found: re.Match[str]) -> str:
        scheme, _, rest = found[0].partition("://")
        hidden = f'<span class="invisible">{scheme}://</span>'
        return f'<a href="{found[0]}">{hidden}<span class="ellipsis">{rest[:30]}</span><span>{rest[30:]}</span></a>'

    paragraphs = html.escape(text).split("\n\n")
    return "".join(f"<p>{URL.sub(link, each)}</p>".replace("\n", "<br />") for each in paragraphs)


class Mastodon(Service):
    def __init__(self) -> None:
        super().__init__()
        self.statuses: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, str] = {}
        self.made = 0

    def texts(self) -> list[str]:
        return [each["text"] for each in self.statuses.values()]

    def post(self, text: str, reply: str | None = None) -> dict[str, Any]:
        self.made += 1
        id = f"11{self.made:010d}"
        self.statuses[id] = {
            "id": id,
            "url": f"{self.url}/@examplehosting/{id}",
            "content": cooked(text),
            "created_at": iso(self.now),
            "in_reply_to_id": reply,
            "text": text,
        }
        return self.statuses[id]

    def answer(self, request: Request) -> Answer:
        method, path = request.method, request.path
        found = re.fullmatch(r"/api/v1/statuses/(\d+)", path)
        if method == "GET" and found:
            request.public()
            status = self.statuses.get(found[1])
            return Answer(200, status) if status else Answer(404, {"error": "Record not found"})
        if request.headers.get("authorization") != f"Bearer {self.secret}":
            return Answer(401, {"error": "The access token is invalid"})
        if (method, path) == ("POST", "/api/v1/statuses"):
            return self._create(request)
        if method == "DELETE" and found:
            assert not request.body
            status = self.statuses.pop(found[1], None)
            return Answer(200, status) if status else Answer(404, {"error": "Record not found"})
        if (method, path) == ("GET", "/api/v1/accounts/verify_credentials"):
            return Answer(200, {"id": "7", "username": "examplehosting"})
        assert (method, path) == ("GET", "/api/v1/accounts/7/statuses")
        assert set(request.query) <= {"limit", "exclude_reblogs", "max_id"}
        limit = int(request.query["limit"])
        assert limit <= 40
        newest = sorted(self.statuses.values(), key=lambda each: each["id"], reverse=True)
        older = [each for each in newest if each["id"] < request.query.get("max_id", "9")]
        return Answer(200, older[:limit])

    def _create(self, request: Request) -> Answer:
        key = request.headers["idempotency-key"]
        assert len(key) >= 16
        if key in self.keys:
            return Answer(200, self.statuses[self.keys[key]])
        document = request.json()
        assert set(document) <= {"status", "visibility", "language", "in_reply_to_id"}
        assert document["visibility"] in ("public", "unlisted", "private")
        assert re.fullmatch("[a-z]{2}", document["language"])
        reply = document.get("in_reply_to_id")
        if count("mastodon", document["status"]) > 500:
            return Answer(422, {"error": "Validation failed: Text character limit of 500 exceeded"})
        if reply is not None and reply not in self.statuses:
            return Answer(404, {"error": "Record not found"})
        status = self.post(document["status"], reply)
        self.keys[key] = status["id"]
        return Answer(200, status)
