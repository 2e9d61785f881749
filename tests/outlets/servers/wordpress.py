"""WordPress: developer.wordpress.org/rest-api/reference/posts."""

import base64
import re
from typing import Any

from tests.outlets.servers.service import Answer, Request, Service

ALLOWED = {"title", "content", "excerpt", "slug", "status", "sticky"}


class Wordpress(Service):
    user = "press"

    def __init__(self) -> None:
        super().__init__()
        self.posts: dict[int, dict[str, Any]] = {}
        self.moderated = ""  # the status that new posts get, whatever was asked for

    def texts(self) -> list[str]:
        shown = [post["content"] for post in self.posts.values() if post["status"] == "publish"]
        return [part for content in shown for part in re.findall(r'<div id="[\w-]+">(.*?)</div>', content, re.DOTALL)]

    def put(self, fields: dict[str, Any]) -> dict[str, Any]:
        id = len(self.posts) + 11
        slug = fields["slug"]
        while any(post["slug"] == slug for post in self.posts.values()):
            slug += "-2"
        self.posts[id] = {"id": id, "link": f"{self.url}/blog/{slug}/", "status": "draft", **fields, "slug": slug}
        if self.moderated:  # such a post has no slug before it is published
            self.posts[id] |= {"status": self.moderated, "slug": "", "link": f"{self.url}/?p={id}"}
        return self.posts[id]

    def shown(self, post: dict[str, Any]) -> dict[str, Any]:
        keys = ("title", "content", "excerpt")
        return post | {key: {"raw": post[key], "rendered": post[key]} for key in keys if key in post}

    def answer(self, request: Request) -> Answer:
        method, path = request.method, request.path
        if method == "GET" and (found := re.fullmatch(r"/blog/([\w-]+)/", path)):
            request.public()
            posts = [post for post in self.posts.values() if (post["slug"], post["status"]) == (found[1], "publish")]
            if not posts:
                return Answer(404, "<h1>Nothing here</h1>")
            # Quotes, dashes and dots come out prettier than they went in.
            pretty = (
                posts[0]["content"].replace("...", "&#8230;").replace("&#x27;", "&#8217;").replace(" - ", " &#8211; ")
            )
            return Answer(200, f"<!doctype html><title>{posts[0]['title']}</title><main>{pretty}</main>")
        pair = base64.b64encode(f"{self.user}:{self.secret}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            words = "Sorry, you are not allowed to create posts as this user."
            return Answer(401, {"code": "rest_cannot_create", "message": words, "data": {"status": 401}})
        if (method, path) == ("GET", "/site/wp-json/wp/v2/posts"):
            assert request.query["context"] == "edit"
            assert set(request.query["status"].split(",")) <= {"publish", "future", "draft", "pending", "private"}
            found_posts = [post for post in self.posts.values() if post["status"] in request.query["status"].split(",")]
            if "search" in request.query:
                return Answer(
                    200, [self.shown(each) for each in found_posts if request.query["search"] in each["content"]]
                )
            return Answer(200, [self.shown(each) for each in found_posts if each["slug"] == request.query["slug"]])
        assert method == "POST"
        fields = request.json()
        assert set(fields) <= ALLOWED
        assert fields["status"] in ("publish", "draft")
        if path == "/site/wp-json/wp/v2/posts":
            assert re.fullmatch(r"[a-z0-9-]+", fields["slug"])
            return Answer(201, self.shown(self.put(fields)))
        found = re.fullmatch(r"/site/wp-json/wp/v2/posts/(\d+)", path)
        assert found
        if int(found[1]) not in self.posts:
            return Answer(404, {"code": "rest_post_invalid_id", "message": "Invalid post ID.", "data": {"status": 404}})
        self.posts[int(found[1])] |= fields
        return Answer(200, self.shown(self.posts[int(found[1])]))
