"""A personal data server of the AT Protocol: docs.bsky.app/docs/api, atproto.com/specs/record-key."""

import re
from typing import Any

from outagetui.wording.counting import fits
from tests.outlets.servers.service import Answer, Request, Service

POSTS = "app.bsky.feed.post"
TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")


class Bluesky(Service):
    user = "press.example.net"
    did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, dict[str, Any]] = {}
        self.tokens: list[str] = []
        self.overwritten = 0

    def publishes(self, request: Request) -> bool:
        return request.method != "GET" and not request.path.endswith("createSession")

    def texts(self) -> list[str]:
        return [record["text"] for record in self.records.values()]

    def row(self, key: str) -> dict[str, Any]:
        uri = f"at://{self.did}/{POSTS}/{key}"
        return {"uri": uri, "cid": f"bafyrei{abs(hash(str(self.records[key]))):x}", "value": self.records[key]}

    def answer(self, request: Request) -> Answer:
        call = request.path.removeprefix("/xrpc/com.atproto.")
        if (request.method, call) == ("GET", "repo.getRecord"):
            request.public()
            assert request.query["repo"] in (self.did, self.user)
            assert request.query["collection"] == POSTS
            if request.query["rkey"] in self.records:
                return Answer(200, self.row(request.query["rkey"]))
            return Answer(400, {"error": "RecordNotFound", "message": "Could not locate record"})
        assert request.method == "POST"
        document = request.json()
        if call == "server.createSession":
            if document != {"identifier": self.user, "password": self.secret}:
                words = "Invalid identifier or password"
                return Answer(401, {"error": "AuthenticationRequired", "message": words})
            self.tokens.append(f"jwt-{len(self.tokens)}")
            return Answer(200, {"did": self.did, "handle": self.user, "accessJwt": self.tokens[-1], "refreshJwt": "r"})
        if request.headers.get("authorization") != f"Bearer {self.tokens[-1]}":
            return Answer(400, {"error": "ExpiredToken", "message": "Token has expired"})
        assert document["repo"] == self.did
        assert document["collection"] == POSTS
        key = document["rkey"]
        assert TID.fullmatch(key)
        if call == "repo.deleteRecord":
            assert set(document) == {"repo", "collection", "rkey"}
            self.records.pop(key, None)
            return Answer(200, {})
        assert call == "repo.putRecord"
        assert set(document) == {"repo", "collection", "rkey", "record"}
        self.look_at(document["record"])
        self.overwritten += key in self.records and self.records[key] != document["record"]
        self.records[key] = document["record"]
        return Answer(200, self.row(key))

    def look_at(self, record: dict[str, Any]) -> None:
        assert set(record) <= {"$type", "text", "createdAt", "langs", "facets", "reply"}
        assert record["$type"] == POSTS
        assert fits("bluesky", record["text"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["createdAt"])
        assert all(re.fullmatch("[a-z]{2}", each) for each in record["langs"])
        for facet in record.get("facets", []):
            index, (feature,) = facet["index"], facet["features"]
            assert feature["$type"] == "app.bsky.richtext.facet#link"
            assert record["text"].encode()[index["byteStart"] : index["byteEnd"]].decode() == feature["uri"]
        for each in record.get("reply", {}).values():
            row = self.row(each["uri"].rpartition("/")[2])
            assert each == {"uri": row["uri"], "cid": row["cid"]}
