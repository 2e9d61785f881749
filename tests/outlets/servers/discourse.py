"""Discourse: docs.discourse.org; its Markdown in as far as our texts use it."""

import html
import re
from typing import Any

from tests.outlets.servers.mastodon import iso
from tests.outlets.servers.service import Answer, Request, Service


def cooked(raw: str) -> str:
    """HTML of Markdown: autolinks, backslash escapes, lists, and tags where none was escaped."""
    made = []
    for paragraph in raw.split("\n\n"):
        for line in paragraph.split("\n"):
            text = re.sub(r"\\([!-/:-@\[-`{-~])", lambda found: f"\0{ord(found[1])}\0", line)
            text = re.sub(r"<(https?://[^>\s]+)>", r'<a href="\1">\1</a>', text)
            text = re.sub("\0(\\d+)\0", lambda found: html.escape(chr(int(found[1]))), text)
            made.append(f"<li>{text[2:]}</li>" if text.startswith("- ") else f"<p>{text}</p>")
    return "".join(made)


class Discourse(Service):
    user = "press"

    def __init__(self) -> None:
        super().__init__()
        self.topics: dict[int, dict[str, Any]] = {}
        self.posts: dict[int, dict[str, Any]] = {}
        self.moderated = False
        self.held: dict[int, dict[str, Any]] = {}
        self.deleted: dict[int, dict[str, Any]] = {}
        self.staff = False  # whether our login is shown what was deleted
        self.may_reject = False  # forums let hardly any login take back what is held

    def texts(self) -> list[str]:
        return [post["cooked"] for post in self.posts.values() if post["topic_id"] in self.topics]

    def post(self, topic: int, raw: str) -> dict[str, Any]:
        id = len(self.posts) + 500
        number = sum(post["topic_id"] == topic for post in self.posts.values()) + 1
        self.posts[id] = {
            "id": id,
            "topic_id": topic,
            "topic_slug": self.topics[topic]["slug"],
            "post_number": number,
            "created_at": iso(self.now),
            "raw": raw,
            "cooked": cooked(raw),
        }
        return self.posts[id]

    def answer(self, request: Request) -> Answer:
        method, path = request.method, request.path
        if method == "GET" and (found := re.fullmatch(r"/posts/(\d+)\.json", path)):
            request.public()
            post = self.posts.get(int(found[1]))
            return Answer(200, post) if post and post["topic_id"] in self.topics else Answer(404, {"errors": ["gone"]})
        if (request.headers.get("api-key"), request.headers.get("api-username")) != (self.secret, self.user):
            return Answer(403, {"errors": ["You are not permitted to view the requested resource."]})
        if (method, path) == ("POST", "/posts.json"):
            return self._create(request.json())
        if method == "GET" and (found := re.fullmatch(r"/t/external_id/([\w-]{1,50})\.json", path)):
            for id, topic in self.topics.items():
                if topic["external_id"] == found[1]:
                    return Answer(301, "", {"Location": f"{self.url}/t/{topic['slug']}/{id}.json"})
            return Answer(404, {"errors": ["The requested URL or resource could not be found."]})
        if method == "GET" and path == f"/posts/{self.user}/pending.json":
            return Answer(200, {"pending_posts": list(self.held.values())})
        if method == "GET" and path == f"/topics/created-by/{self.user}.json":
            rows = [{key: each[key] for key in ("slug", "title", "created_at")} | {"id": id}
                    for id, each in self.topics.items()]  # fmt: skip
            return Answer(200, {"topic_list": {"topics": rows[::-1]}})
        if method == "DELETE" and (found := re.fullmatch(r"/review/(\d+)\.json", path)):
            if int(found[1]) not in self.held:
                return Answer(404, {"errors": ["The requested URL or resource could not be found."]})
            if not self.may_reject:
                return Answer(403, {"errors": ["You are not permitted to view the requested resource."]})
            del self.held[int(found[1])]
            return Answer(200, {"success": "OK"})
        found = re.fullmatch(r"/t/(\d+)(/posts)?\.json", path)
        assert found
        id = int(found[1])
        there = self.topics.get(id) or (self.deleted.get(id) if self.staff and method == "GET" else None)
        if there is None:
            return Answer(404, {"errors": ["The requested URL or resource could not be found."]})
        if method == "DELETE":
            self.deleted[id] = self.topics.pop(id) | {"deleted_at": iso(self.now)}
            return Answer(200)
        assert method == "GET"
        posts = [post for post in self.posts.values() if post["topic_id"] == id]
        if found[2]:
            assert request.query["include_raw"] == "true"
            return Answer(200, {"post_stream": {"posts": posts}, "id": id})
        bare = [{key: post[key] for key in post if key != "raw"} for post in posts]
        stream = {"posts": bare[:20], "stream": [post["id"] for post in posts]}
        shown = {key: there.get(key) for key in ("slug", "external_id", "deleted_at")}
        return Answer(200, {"id": id, "post_stream": stream, **shown})

    def approve(self, id: int) -> None:
        post = self.held.pop(id)
        topic = post.get("topic_id")
        self.post(self.open(post) if topic is None else topic, post["raw_text"])

    def open(self, fields: dict[str, Any]) -> int:
        id = len(self.topics) + 40
        slug = re.sub(r"[^a-z0-9]+", "-", fields["title"].lower()).strip("-")
        title = fields["title"][:1].upper() + fields["title"][1:]
        made = {"slug": slug, "external_id": None, **fields, "title": title, "created_at": iso(self.now)}
        self.topics[id] = made
        return id

    def _create(self, fields: dict[str, Any]) -> Answer:
        if self.moderated:
            id = len(self.held) + 3
            kept = {key: fields[key] for key in ("title", "topic_id") if key in fields}  # not the external id
            self.held[id] = {"id": id, "raw_text": fields["raw"], "created_at": iso(self.now)} | kept
            return Answer(200, {"success": True, "action": "enqueued", "pending_post": self.held[id]})
        assert len(fields["raw"]) >= 8
        if "topic_id" in fields:
            assert set(fields) == {"topic_id", "raw"}
            if fields["topic_id"] not in self.topics:
                return Answer(404, {"errors": ["The requested URL or resource could not be found."]})
            return Answer(200, self.post(fields["topic_id"], fields["raw"]))
        assert set(fields) <= {"title", "raw", "external_id", "category"}
        assert re.fullmatch(r"[\w-]{1,50}", fields["external_id"])
        assert 15 <= len(fields["title"]) <= 255
        for topic in self.topics.values():
            if topic["external_id"] == fields["external_id"]:
                return Answer(422, {"action": "create_post", "errors": ["External ID has already been taken"]})
            if topic["title"] == fields["title"]:
                return Answer(422, {"action": "create_post", "errors": ["Title has already been used"]})
        return Answer(200, self.post(self.open(fields), fields["raw"]))
