"""The `discourse` outlet: a topic for an announcement, found again by its external id; later parts are posts in it.

https://docs.discourse.org/ · A forum wants every topic's title to be new, so the time is part of it. It may hold a post
until a moderator approves it, and then forgets our external id: such a topic is found by its title.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from outagetui.core import times
from outagetui.core.markup import text_of
from outagetui.core.model import Outlet
from outagetui.core.outlet_options import DiscourseOptions
from outagetui.core.text import in_quotes
from outagetui.outlets import Delivered, Delivery, MaybeSentError, Placed, Tools
from outagetui.outlets.answers import (
    HELD,
    SKEW,
    Account,
    held_back,
    inside,
    moment,
    options_of,
    read_back,
    required,
    rows_of,
    same,
    take_back,
    value_of,
    words_of,
)
from outagetui.outlets.http import base
from outagetui.protocols.http_answer import Reply

LAST = 20  # posts of a topic that a look-up reads
_HELD = "pending."  # what the id of a post that is held begins with
_TOPIC = re.compile(r"/t/(?:[^/?]+/)?(\d+)(?:[/.?]|$)")


class _Forum(Account):
    def __init__(self, outlet: Outlet, tools: Tools) -> None:
        super().__init__(outlet, tools)
        self.user = options_of(outlet, DiscourseOptions).user or ""

    def login(self, method: str, url: str, params: Mapping[str, str]) -> Mapping[str, str]:
        return {"Api-Key": self.secret, "Api-Username": self.user}

    async def topic(self, id: str) -> Any:
        """Return a topic with its first posts; None when it was deleted, which moderators are shown all the same."""
        reply = await self.read(f"{self.base}/t/{id}.json", also=(404, 410))
        document = reply.json() if reply.status == 200 else None
        return None if inside(document, "deleted_at") else document

    async def posts(self, topic: str, ids: list[Any]) -> list[dict[str, Any]]:
        """Return posts of a topic with the text that they were written in."""
        query = urlencode([*(("post_ids[]", str(each)) for each in ids), ("include_raw", "true")])
        reply = await self.read(f"{self.base}/t/{topic}/posts.json?{query}")
        return rows_of(value_of(reply, "post_stream", "posts"))

    async def own(self, path: str) -> Any:
        """Return a list of the account's own; nothing from a forum that is too old to have it."""
        reply = await self.read(f"{self.base}/{path.format(quote(self.user, safe=''))}.json", also=(404,))
        return reply.json() if reply.status == 200 else None


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Open a topic; a later part is a reply in it."""
    document: dict[str, object] = {"raw": words_of(delivery).text}
    if delivery.placed:
        document["topic_id"] = int(_ids(delivery.placed[-1].remote_id)[0])
    else:
        document |= {"title": _title(delivery), "external_id": delivery.key}
        if category := options_of(outlet, DiscourseOptions).category:
            document["category"] = category
    forum = _Forum(outlet, tools)
    reply = await forum.ask("POST", f"{forum.base}/posts.json", publishes=True, json=document)
    if reply.status != 200:
        # Also what a forum says of a second try: the external id is taken, or the text was just posted.
        there = await find(outlet, delivery, tools) if reply.status == 422 else None
        if there is None:
            raise forum.refuse(reply)
        return there
    if value_of(reply, "action") == "enqueued":
        held = value_of(reply, "pending_post", "id")
        return held_back(f"{_HELD}{held}" if isinstance(held, int) else "")
    topic, slug, number = required(reply, "topic_id"), required(reply, "topic_slug"), required(reply, "post_number")
    return Delivered("sent", f"{forum.base}/t/{slug}/{topic}/{number}", f"{topic}.{required(reply, 'id')}")


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Delete the topics, and what is held."""
    held = [each for each in delivery.placed if each.remote_id.startswith(_HELD)]
    topics = [each for each in delivery.placed if each not in held]
    forum = _Forum(outlet, tools)

    async def delete(placed: Placed) -> Reply:
        if placed not in held:
            return await forum.ask("DELETE", f"{forum.base}/t/{opened(placed)}.json", publishes=True)
        url = f"{forum.base}/review/{quote(placed.remote_id.removeprefix(_HELD), safe='')}"
        reply = await forum.ask("DELETE", f"{url}.json", publishes=True)
        if reply.status in (403, 404):  # forums let few logins do that, and it may just have been approved
            why = f"the forum does not let this login take it back ({reply.status})"
            raise MaybeSentError(f"{HELD}; {why}; reject it at {url}")
        return reply

    return await take_back(forum, [*held, *topics], delete)


def opened(placed: Placed) -> str:
    """Return the id of a part's topic; what is held has an id of its own."""
    return placed.remote_id if placed.remote_id.startswith(_HELD) else _ids(placed.remote_id)[0]


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look the topic up by its external id or title, a later part among the topic's last posts, both in what is held.

    What is held is looked at before what was approved, so that nothing is missed that is approved meanwhile.
    """
    forum = _Forum(outlet, tools)
    if delivery.placed:
        topic, _ = _ids(delivery.placed[-1].remote_id)
        held = await _held(forum, delivery, topic)
        return await _reply_in(forum, delivery, topic) or held
    reply = await forum.ask("GET", f"{forum.base}/t/external_id/{quote(delivery.key, safe='')}.json")
    if reply.status in (404, 410):
        held = await _held(forum, delivery, "")
        return await _titled(forum, delivery) or held
    found = _TOPIC.search(reply.headers.get("location", "")) if reply.status in (301, 302) else None
    if found is None:
        raise forum.refuse(reply, publishes=False)
    document = await forum.topic(found[1])
    post = inside(document, "post_stream", "posts", 0)
    return _found(forum, document, post) if isinstance(post, dict) else None


async def seen(outlet: Outlet, delivered: Delivered, delivery: Delivery, tools: Tools) -> Delivered:
    """Read the post without a login."""
    _, post = _ids(delivered.remote_id)
    texts = (words_of(delivery).plain,)
    url = f"{base(outlet)}/posts/{post}.json"
    return await read_back(outlet, delivered, tools, url, texts, lambda reply: text_of(str(value_of(reply, "cooked"))))


async def _reply_in(forum: _Forum, delivery: Delivery, topic: str) -> Delivered | None:
    document = await forum.topic(topic)
    if document is None:
        return None
    stream = inside(document, "post_stream", "stream")
    last = stream[-LAST:] if isinstance(stream, list) else []
    others = {_ids(each.remote_id)[1] for each in delivery.placed}
    for post in await forum.posts(topic, last):
        fresh = moment(post.get("created_at")) >= delivery.at - SKEW
        if fresh and str(post.get("id")) not in others and same(post.get("raw"), words_of(delivery).text):
            return _found(forum, document, post)
    return None


async def _held(forum: _Forum, delivery: Delivery, topic: str) -> Delivered | None:
    """Look among the account's posts that wait for a moderator, in `topic` or for topics of their own."""
    document = await forum.own("posts/{}/pending")
    for row in rows_of(inside(document, "pending_posts") or []):
        here = str(row.get("topic_id")) == topic if topic else _is_title(row.get("title"), delivery)
        if here and same(row.get("raw_text"), words_of(delivery).text):
            return held_back(f"{_HELD}{row.get('id')}")
    return None


async def _titled(forum: _Forum, delivery: Delivery) -> Delivered | None:
    """Look among the account's newest topics without an external id for one with this title and text."""
    document = await forum.own("topics/created-by/{}")
    for row in rows_of(inside(document, "topic_list", "topics") or []):
        fresh = moment(row.get("created_at")) >= delivery.at - SKEW
        if fresh and _is_title(row.get("title"), delivery):
            id = str(row.get("id"))
            topic = await forum.topic(id)
            if topic is None:
                continue
            first = inside(topic, "post_stream", "stream", 0)
            for post in await forum.posts(id, [first]):
                own = post.get("id") == first and same(post.get("raw"), words_of(delivery).text)
                if own and not inside(topic, "external_id"):
                    return _found(forum, topic, post)
    return None


def _title(delivery: Delivery) -> str:
    return f"{words_of(delivery).title} ({times.utc(delivery.at)})"


def _is_title(title: object, delivery: Delivery) -> bool:
    """Return whether a topic has the title that we gave it; forums make its first letter a capital."""
    return isinstance(title, str) and same(title.casefold(), _title(delivery).casefold())


def _found(forum: _Forum, topic: Any, post: dict[str, Any]) -> Delivered:
    url = f"{forum.base}/t/{topic.get('slug')}/{topic.get('id')}/{post.get('post_number')}"
    return Delivered("sent", url, f"{topic.get('id')}.{post.get('id')}", "already there")


def _ids(remote_id: str) -> tuple[str, str]:
    """Return the numbers of topic and post; ValueError when it is no such id."""
    topic, _, post = remote_id.partition(".")
    if not (topic.isdecimal() and post.isdecimal()):
        raise ValueError(f"no topic and post are known of {in_quotes(remote_id)}")
    return topic, post
