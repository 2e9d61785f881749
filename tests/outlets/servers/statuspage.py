"""Atlassian Statuspage: developer.statuspage.io."""

import html
import re
from typing import Any

from tests.outlets.servers.service import Answer, Request, Service


class Statuspage(Service):
    page = "kctbh9vrtdwd"

    def __init__(self) -> None:
        super().__init__()
        self.incidents: dict[str, dict[str, Any]] = {}

    def texts(self) -> list[str]:
        return [each["body"] for incident in self.incidents.values() for each in incident["incident_updates"]]

    def answer(self, request: Request) -> Answer:
        method, path = request.method, request.path
        if method == "GET" and (found := re.fullmatch(r"/(s|incidents)/(\w+)", path)):
            request.public()
            if found[1] == "s":
                return Answer(302, "", {"Location": f"/incidents/{found[2]}"})
            incident = self.incidents.get(found[2])
            if incident is None:
                return Answer(404, "gone")
            shown = "".join(f"<p>{each['body']}</p>" for each in incident["incident_updates"])
            return Answer(200, f"<h1>{html.escape(incident['name'])}</h1>{shown}".replace("\n", "<br>"))
        if request.headers.get("authorization") != f"OAuth {self.secret}":
            return Answer(401, {"error": "Could not authenticate"})
        if path == f"/v1/pages/{self.page}/incidents":
            if method == "GET":
                assert int(request.query["limit"]) <= 100
                return Answer(200, list(reversed(self.incidents.values())))
            assert method == "POST"
            fields = self.looked_at(request, {"name"})
            id = f"p31zjtct2je{len(self.incidents)}"
            self.incidents[id] = {"id": id, "shortlink": f"{self.url}/s/{id}", "incident_updates": [], **fields}
            self.incidents[id]["incident_updates"].append({"body": fields["body"], "status": fields["status"]})
            return Answer(201, self.incidents[id])
        found = re.fullmatch(rf"/v1/pages/{self.page}/incidents/(\w+)", path)
        assert found
        if found[1] not in self.incidents:
            return Answer(404, {"error": "Not found"})
        incident = self.incidents[found[1]]
        if method == "PATCH":
            fields = self.looked_at(request, set())
            incident |= fields
            incident["incident_updates"].append({"body": fields["body"], "status": fields["status"]})
        elif method == "DELETE":
            del self.incidents[found[1]]
        else:
            assert method == "GET"
        return Answer(200, incident)

    def looked_at(self, request: Request, more: set[str]) -> dict[str, Any]:
        document = request.json()
        assert list(document) == ["incident"]
        fields: dict[str, Any] = document["incident"]
        assert set(fields) == {"status", "body", "deliver_notifications", "metadata", *more}
        assert fields["status"] in ("investigating", "identified", "monitoring", "resolved")
        assert isinstance(fields["deliver_notifications"], bool)
        assert all(isinstance(each, dict) for each in fields["metadata"].values())
        return fields
