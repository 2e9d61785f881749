"""Cachet 3: docs.cachethq.io/api-reference."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.outlets.servers.discourse import cooked
from tests.outlets.servers.service import Answer, Request, Service

NAMES = {1: "Investigating", 2: "Identified", 3: "Watching", 4: "Fixed"}


def row(id: int, kind: str, attributes: dict[str, Any]) -> dict[str, Any]:
    status = attributes["status"]
    shown = attributes | {"id": id, "status": {"human": NAMES[status], "value": status}}
    return {"id": str(id), "type": kind, "attributes": shown}


def shown(message: str) -> str:
    return cooked(message.replace("\\\n", "\n"))


class Cachet(Service):
    def __init__(self) -> None:
        super().__init__()
        self.incidents: dict[int, dict[str, Any]] = {}
        self.zone = 0
        self.updates: dict[int, tuple[int, dict[str, Any]]] = {}

    def texts(self) -> list[str]:
        first = [each["message"] for each in self.incidents.values()]
        later = [each["message"] for id, each in self.updates.values() if id in self.incidents]
        return [shown(message) for message in first + later]

    def answer(self, request: Request) -> Answer:
        method, path = request.method, request.path
        if method == "GET" and (found := re.fullmatch(r"/incidents/([\w-]+)", path)):
            request.public()
            for id, each in self.incidents.items():
                if each["guid"] == found[1] and each["visible"]:
                    texts = [each["message"], *(update["message"] for to, update in self.updates.values() if to == id)]
                    return Answer(200, "".join(shown(text) for text in texts))
            return Answer(404, "gone")
        if request.headers.get("authorization") != f"Bearer {self.secret}":
            return Answer(401, {"message": "Unauthenticated."})
        found = re.fullmatch(r"/api/incidents(?:/(\d+)(/updates)?)?", path)
        assert found
        if found[1] is None and method == "GET":
            assert set(request.query) == {"per_page", "sort"}
            assert request.query["sort"] == "-id"  # it allows name, status and id
            return Answer(200, {"data": [row(*each) for each in self._rows(self.incidents, "incidents")]})
        if found[1] is None:
            assert method == "POST"
            fields = request.json()
            assert set(fields) == {"name", "message", "status", "visible", "stickied", "notifications"}
            assert len(fields["name"]) <= 255
            assert fields["status"] in NAMES
            id = len(self.incidents) + 3
            self.incidents[id] = {"guid": str(uuid.UUID(int=id)), "created": self.created(), **fields}
            return Answer(201, {"data": row(id, "incidents", self.incidents[id])})
        id = int(found[1])
        if id not in self.incidents:
            return Answer(404, {"message": "No query results for model."})
        if method == "DELETE":
            assert not found[2]
            del self.incidents[id]
            return Answer(204)
        assert found[2]
        if method == "GET":
            assert set(request.query) <= {"per_page", "sort"}
            own = {key: each for key, (to, each) in self.updates.items() if to == id}
            return Answer(200, {"data": [row(*each) for each in self._rows(own, "updates")]})
        assert method == "POST"
        fields = request.json()
        assert set(fields) == {"status", "message"}
        assert fields["status"] in NAMES
        self.updates[len(self.updates) + 3] = (id, fields)
        return Answer(201, {"data": row(len(self.updates) + 2, "updates", fields)})

    def created(self) -> dict[str, str]:
        """A time as it is told: in the time zone of the status page, which is not named."""
        at = datetime.fromtimestamp(self.now, UTC) + timedelta(hours=self.zone)
        return {"human": "a while ago", "string": at.strftime("%Y-%m-%d %H:%M:%S")}

    def _rows(self, kept: dict[int, dict[str, Any]], kind: str) -> list[tuple[int, str, dict[str, Any]]]:
        return [(key, kind, each) for key, each in reversed(kept.items())]
