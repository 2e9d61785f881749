"""Facebook's Graph API for pages: developers.facebook.com/docs/pages-api/posts."""

import html
import re
from typing import Any

from tests.outlets.servers.mastodon import iso
from tests.outlets.servers.service import Answer, Request, Service


def error(code: int, words: str, status: int = 400, subcode: int = 0) -> Answer:
    document = {"message": words, "type": "OAuthException", "code": code, "error_subcode": subcode, "fbtrace_id": "A1"}
    return Answer(status, {"error": document})


class Facebook(Service):
    page = "1234567890"

    def __init__(self) -> None:
        super().__init__()
        self.posts: dict[str, dict[str, Any]] = {}
        self.made = 0
        self.no_twins = False

    def texts(self) -> list[str]:
        return [each["message"] for each in self.posts.values()]

    def post(self, message: str) -> dict[str, Any]:
        self.made += 1
        id = f"{self.page}_{self.made}"
        row = {"id": id, "message": message, "created_time": iso(self.now).replace(".000Z", "+0000")}
        self.posts[id] = row | {"permalink_url": f"{self.url}/posts/{id}"}
        return self.posts[id]

    def answer(self, request: Request) -> Answer:
        method, path = request.method, request.path
        if method == "GET" and (found := re.fullmatch(r"/posts/(\w+)", path)):
            request.public()
            post = self.posts.get(found[1])
            return Answer(200, f"<p>{html.escape(post['message'])}</p>") if post else Answer(404, "gone")
        assert "access_token" not in request.query
        if request.headers.get("authorization") != f"Bearer {self.secret}":
            return error(190, "Error validating access token: Session has expired", 401)
        if path == f"/v25.0/{self.page}/feed":
            if method == "POST":
                form = request.form()
                assert set(form) <= {"message", "link", "published"}
                assert form["published"] == "true"
                if self.no_twins and form["message"] in self.texts():
                    return error(506, "Duplicate status message")
                return Answer(200, {"id": self.post(form["message"])["id"]})
            assert method == "GET"
            assert int(request.query["limit"]) <= 100
            assert int(request.query["since"]) <= self.now
            assert set(request.query["fields"].split(",")) == {"id", "message", "created_time", "permalink_url"}
            return Answer(200, {"data": list(reversed(self.posts.values())), "paging": {"cursors": {}}})
        found = re.fullmatch(r"/v25.0/(\d+_\d+)", path)
        assert found
        if found[1] not in self.posts:
            return error(100, "Object does not exist, cannot be loaded due to missing permissions", subcode=33)
        if method == "POST":
            form = request.form()
            assert set(form) == {"message"}
            self.posts[found[1]] |= form
            return Answer(200, {"success": True})
        if method == "DELETE":
            del self.posts[found[1]]
            return Answer(200, {"success": True})
        assert method == "GET"
        return Answer(200, self.posts[found[1]])
