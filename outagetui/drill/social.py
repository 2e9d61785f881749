"""The drill's social services: a page with its Graph API, and a Mastodon server; each as its documentation says.

https://developers.facebook.com/docs/pages-api/posts · https://docs.joinmastodon.org/methods/statuses/
What each has taken is kept in a file, to be read after the drill.
"""

import html
import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from outagetui.drill.business_files import PAGE_ID
from outagetui.drill.servers import Answer, Request

VERSION = "v25.0"
HEAD = "<!doctype html><title>Example Hosting</title><h1>Example Hosting</h1>"


class Posts:
    """What was posted, by id, in the order of posting; also in the file `kept`, with how often it was changed."""

    def __init__(self, kept: Path) -> None:
        self._kept = kept
        self._made = 0
        self.rows: dict[str, dict[str, Any]] = {}
        self.write()

    def add(self, prefix: str, text: str, **more: object) -> dict[str, Any]:
        """Keep a new post and return it."""
        self._made += 1
        row: dict[str, Any] = {"id": f"{prefix}{self._made}", "text": text, "at": time.time(), "edits": 0, **more}
        self.rows[row["id"]] = row
        self.write()
        return row

    def edit(self, id: str, text: str) -> None:
        """Replace a post's text."""
        self.rows[id] |= {"text": text, "edits": self.rows[id]["edits"] + 1}
        self.write()

    def remove(self, id: str) -> None:
        """Take a post away."""
        del self.rows[id]
        self.write()

    def write(self) -> None:
        """Write the file."""
        self._kept.write_text(json.dumps(list(self.rows.values()), ensure_ascii=False, indent=1), encoding="utf-8")


class Facebook:
    """A page: what everybody may read of it, and the Graph API for whoever has its token."""

    def __init__(self, token: str, kept: Path) -> None:
        self._token, self._posts = token, Posts(kept)

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        if request.method == "GET" and request.path == f"/{PAGE_ID}":
            texts = (_paragraphs(row["text"]) for row in reversed(self._posts.rows.values()))
            posts = "".join(f"<article>{each}</article>" for each in texts)
            return 200, "text/html; charset=utf-8", f"{HEAD}{posts}".encode()
        if request.headers.get("authorization") != f"Bearer {self._token}":
            return _refusal(190, "Error validating access token", 401)
        if request.path == f"/{VERSION}/{PAGE_ID}/feed":
            if request.method == "POST":
                return _json({"id": self._posts.add(f"{PAGE_ID}_", _field(request, "message"))["id"]})
            since = float(request.query.get("since", "0"))
            rows = [self._row(row) for row in reversed(self._posts.rows.values()) if row["at"] >= since]
            return _json({"data": rows, "paging": {}})
        id = request.path.removeprefix(f"/{VERSION}/")
        if id not in self._posts.rows:
            return _refusal(100, "Object does not exist", 400, 33)
        if request.method == "GET":
            return _json(self._row(self._posts.rows[id]))
        if request.method == "DELETE":
            self._posts.remove(id)
        else:
            self._posts.edit(id, _field(request, "message"))
        return _json({"success": True})

    def _row(self, row: dict[str, Any]) -> dict[str, Any]:
        return {"id": row["id"], "message": row["text"], "created_time": _iso(row["at"])}


class Mastodon:
    """A server with one account; `url` is where it is reached."""

    def __init__(self, token: str, kept: Path) -> None:
        self._token, self._posts = token, Posts(kept)
        self._keys: dict[str, str] = {}
        self.url = ""

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        rows = self._posts.rows
        found = re.fullmatch(r"/api/v1/statuses/(\d+)", request.path)
        if request.path == "/api/v2/instance":
            return _json({"title": "Social drill", "version": "4.4.0"})
        if found and found[1] not in rows:
            return _json({"error": "Record not found"}, 404)
        if request.method == "GET" and found:
            return _json(self._status(rows[found[1]]))
        if request.headers.get("authorization") != f"Bearer {self._token}":
            return _json({"error": "The access token is invalid"}, 401)
        if (request.method, request.path) == ("POST", "/api/v1/statuses"):
            key = request.headers.get("idempotency-key", "")
            if key not in self._keys:
                status = json.loads(request.body)
                self._keys[key] = self._posts.add("11", status["status"], reply_to=status.get("in_reply_to_id"))["id"]
            return _json(self._status(rows[self._keys[key]]))
        if request.method == "DELETE" and found:
            gone = self._status(rows[found[1]])
            self._posts.remove(found[1])
            return _json(gone)
        if (request.method, request.path) == ("GET", "/api/v1/accounts/verify_credentials"):
            return _json({"id": "7", "username": "examplehosting"})
        if (request.method, request.path) == ("GET", "/api/v1/accounts/7/statuses"):
            return _json([] if "max_id" in request.query else [self._status(row) for row in reversed(rows.values())])
        return _json({"error": "Record not found"}, 404)

    def _status(self, row: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": row["id"],
            "url": f"{self.url}/@examplehosting/{row['id']}",
            "content": _paragraphs(row["text"]),
            "created_at": _iso(row["at"]),
            "in_reply_to_id": row["reply_to"],
        }


def _field(request: Request, name: str) -> str:
    return parse_qs(request.body.decode(), strict_parsing=True)[name][0]


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{html.escape(each)}</p>" for each in text.split("\n\n")).replace("\n", "<br>")


def _refusal(code: int, words: str, status: int, subcode: int = 0) -> Answer:
    return _json({"error": {"message": words, "code": code, "error_subcode": subcode}}, status)


def _json(document: object, status: int = 200) -> Answer:
    return status, "application/json", json.dumps(document).encode()


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
