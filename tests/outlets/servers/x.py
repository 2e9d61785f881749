"""X: docs.x.com/x-api, and the signatures of RFC 5849."""

import base64
import html
import re
from typing import Any
from urllib.parse import unquote

import regex
from outagetui.outlets.oauth1 import Keys, signature
from outagetui.wording.counting import BARE, URL, count
from tests.outlets.servers.mastodon import iso
from tests.outlets.servers.service import Answer, Request, Service

LINK = regex.compile(f"{URL.pattern}|{BARE.pattern}", regex.IGNORECASE)  # X makes links of bare domains as well
APP_TOKEN = "app%2Ftoken"
KEYS = Keys("consumer-key", "consumer-5ecret", "7-token", "token-5ecret")


class X(Service):
    secret = "\n".join((KEYS.consumer, KEYS.consumer_secret, KEYS.token, KEYS.token_secret))

    def __init__(self) -> None:
        super().__init__()
        self.posts: dict[str, dict[str, Any]] = {}
        self.nonces: set[str] = set()
        self.made = 0
        self.balance: object = None

    def texts(self) -> list[str]:
        return [each["said"] for each in self.posts.values()]

    def post(self, text: str) -> dict[str, Any]:
        self.made += 1
        id = str(1790000000000000000 + self.made)
        urls: list[dict[str, str]] = []

        def short(found: Any) -> str:
            full = found[0] if "://" in found[0] else f"http://{found[0]}"
            shown = full.partition("://")[2].rstrip("/")
            short = f"https://t.co/a{len(urls)}bcdefgh"
            urls.append({"url": short, "expanded_url": full, "display_url": shown})
            return urls[-1]["url"]

        shown = html.escape(LINK.sub(short, text), quote=False)
        self.posts[id] = {"id": id, "text": shown, "created_at": iso(self.now), "said": text}
        if urls:
            self.posts[id]["entities"] = {"urls": urls}
        return self.posts[id]

    def publishes(self, request: Request) -> bool:
        return super().publishes(request) and request.path != "/oauth2/token"

    def usage(self, request: Request) -> Answer:
        """What is left to pay with; X answers 404 without a body to accounts that it does not tell."""
        told = request.headers.get("authorization", "")
        if request.path == "/oauth2/token":
            pair = base64.b64encode(f"{KEYS.consumer}:{KEYS.consumer_secret}".encode()).decode()
            assert (told, request.form()) == (f"Basic {pair}", {"grant_type": "client_credentials"})
            return Answer(200, {"token_type": "bearer", "access_token": APP_TOKEN})
        assert request.method == "GET"
        if told not in (f"Bearer {APP_TOKEN}", "Bearer user-token"):
            return Answer(403, {"title": "Unsupported Authentication"})
        return Answer(200, {"data": {"total_balance": self.balance}}) if self.balance is not None else Answer(404)

    def allowed(self, request: Request) -> bool:
        told = request.headers.get("authorization", "")
        if told == "Bearer user-token":
            return True
        if not told.startswith("OAuth "):
            return False
        pairs = dict(re.findall(r'(\w+)="([^"]*)"(?:, |$)', told[6:]))
        own = {key: unquote(value) for key, value in pairs.items()}
        signed = own.pop("oauth_signature")
        assert set(own) == {f"oauth_{each}" for each in
                            ("consumer_key", "nonce", "signature_method", "timestamp", "token", "version")}  # fmt: skip
        assert own["oauth_nonce"] not in self.nonces
        self.nonces.add(own["oauth_nonce"])
        assert abs(int(own["oauth_timestamp"]) - self.now) < 300
        return signed == signature(request.method, f"{self.url}{request.path}", KEYS, own | request.query)

    def answer(self, request: Request) -> Answer:
        method, path = request.method, request.path
        if (method, path) == ("GET", "/oembed"):
            request.public()
            post = self.posts.get(request.query["url"].rpartition("/")[2])
            if post is None:
                return Answer(404, {"error": "gone"})
            return Answer(200, {"html": f"<blockquote><p>{post['text']}</p>— Example</blockquote>"})
        if path in ("/oauth2/token", "/2/usage/credits"):
            return self.usage(request)
        if not self.allowed(request):
            return Answer(
                401, {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}
            )
        if (method, path) == ("POST", "/2/tweets"):
            document = request.json()
            assert set(document) <= {"text", "reply"}
            if "reply" in document:
                assert list(document["reply"]) == ["in_reply_to_tweet_id"]
                assert document["reply"]["in_reply_to_tweet_id"] in self.posts
            assert count("x", document["text"]) <= 280
            if document["text"] in self.texts():
                words = "You are not allowed to create a Tweet with duplicate content."
                return Answer(403, {"detail": words, "type": "about:blank", "title": "Forbidden", "status": 403})
            post = self.post(document["text"])
            return Answer(201, {"data": {"id": post["id"], "text": post["text"]}})
        if method == "DELETE" and (found := re.fullmatch(r"/2/tweets/(\d+)", path)):
            gone = self.posts.pop(found[1], None) is not None
            return Answer(200, {"data": {"deleted": gone}}) if gone else Answer(404, {"title": "Not Found Error"})
        if (method, path) == ("GET", "/2/users/me"):
            return Answer(200, {"data": {"id": "7", "username": "example"}})
        assert (method, path) == ("GET", "/2/users/7/tweets")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", request.query["start_time"])
        assert 5 <= int(request.query["max_results"]) <= 100
        newest = list(reversed(self.posts.values()))
        first, size = int(request.query.get("pagination_token", "0")), int(request.query["max_results"])
        meta: dict[str, Any] = {"next_token": str(first + size)} if first + size < len(newest) else {}
        rows = newest[first : first + size]
        shown = [{key: value for key, value in row.items() if key != "said"} for row in rows]
        body: dict[str, Any] = {"meta": {"result_count": len(rows)} | meta}
        return Answer(200, body | ({"data": shown} if rows else {}))
