"""The `discourse` outlet: a topic for an announcement, found again by its external id; later parts are posts in it.

https://docs.discourse.org/ · A forum wants every topic's title to be new, so the time is part of it.
"""

import re
from typing import Any
from urllib.parse import quote, urlencode

from outagetui.announce import times
from outagetui.model import Outlet
from outagetui.outlet_options import DiscourseOptions
from outagetui.outlets import Delivered, Delivery, Tools
from outagetui.outlets.service import (
    SKEW,
    inside,
    login_of,
    moment,
    options_of,
    read_back,
    rows_of,
    same,
    take_back,
    text_of,
    told,
    value_of,
    words_of,
)
from outagetui.outlets.wire import Reply, Wire, base

LAST = 20  # posts of a topic that a look-up reads
_TOPIC = re.compile(r"/t/(?:[^/?]+/)?(\d+)(?:[/.?]|$)")


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Open a topic."""
    options = options_of(outlet, DiscourseOptions)
    fitted = words_of(delivery)
    document: dict[str, object] = {
        "title": f"{fitted.title} ({times.utc(delivery.at)})",
        "raw": fitted.text,
        "external_id": delivery.key,
        **({"category": options.category} if options.category else {}),
    }
    return await _post(outlet, delivery, tools, document)


async def update(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Reply in the topic."""
    topic, _ = _ids(delivery.placed[-1].remote_id)
    return await _post(outlet, delivery, tools, {"topic_id": int(topic), "raw": words_of(delivery).text})


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Delete the topic."""
    name, auth = _login(outlet, tools)
    topic, _ = _ids(delivery.placed[-1].remote_id)
    async with Wire(outlet, tools) as wire:

        async def delete(_: object) -> Reply:
            return await wire.ask("DELETE", f"{base(outlet)}/t/{topic}.json", publishes=True, headers=auth)

        return await take_back(wire, delivery.placed[-1:], delete, name)


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look the topic up by its external id, a later part among the topic's last posts."""
    name, auth = _login(outlet, tools)
    async with Wire(outlet, tools) as wire:
        if delivery.placed:
            topic, _ = _ids(delivery.placed[-1].remote_id)
            return await _reply_in(wire, outlet, delivery, topic, name, auth)
        url = f"{base(outlet)}/t/external_id/{quote(delivery.key, safe='')}.json"
        reply = await wire.ask("GET", url, headers=auth)
        if reply.status in (404, 410):
            return None
        found = _TOPIC.search(reply.headers.get("location", "")) if reply.status in (301, 302) else None
        if found is None:
            raise wire.refuse(reply, secret=name, publishes=False)
        document = await _topic(wire, outlet, found[1], name, auth)
        post = inside(document, "post_stream", "posts", 0)
        return _found(outlet, document, post) if isinstance(post, dict) else None


async def seen(outlet: Outlet, delivered: Delivered, delivery: Delivery, tools: Tools) -> Delivered:
    """Read the post without a login."""
    _, post = _ids(delivered.remote_id)
    texts = (words_of(delivery).plain,)
    url = f"{base(outlet)}/posts/{post}.json"
    return await read_back(outlet, delivered, tools, url, texts, lambda reply: text_of(str(value_of(reply, "cooked"))))


async def _post(outlet: Outlet, delivery: Delivery, tools: Tools, document: dict[str, object]) -> Delivered:
    name, auth = _login(outlet, tools)
    async with Wire(outlet, tools) as wire:
        reply = await wire.ask("POST", f"{base(outlet)}/posts.json", publishes=True, headers=auth, json=document)
        refused = wire.refuse(reply, secret=name) if reply.status != 200 else None
    if refused is not None:
        # Also what a forum says of a second try: the external id is taken, or the text was just posted.
        there = await find(outlet, delivery, tools) if reply.status == 422 else None
        if there is None:
            raise refused
        return there
    if value_of(reply, "action") == "enqueued":
        return Delivered("unknown", detail="held until a moderator approves it")
    topic, slug, number = told(reply, "topic_id"), told(reply, "topic_slug"), told(reply, "post_number")
    return Delivered("sent", f"{base(outlet)}/t/{slug}/{topic}/{number}", f"{topic}.{told(reply, 'id')}")


async def _reply_in(
    wire: Wire, outlet: Outlet, delivery: Delivery, topic: str, name: str, auth: dict[str, str]
) -> Delivered | None:
    document = await _topic(wire, outlet, topic, name, auth)
    stream = inside(document, "post_stream", "stream")
    last = [str(each) for each in stream[-LAST:]] if isinstance(stream, list) else []
    query = urlencode([*(("post_ids[]", each) for each in last), ("include_raw", "true")])
    reply = await wire.ask("GET", f"{base(outlet)}/t/{topic}/posts.json?{query}", headers=auth)
    if reply.status != 200:
        raise wire.refuse(reply, secret=name, publishes=False)
    others = {_ids(each.remote_id)[1] for each in delivery.placed}
    for post in rows_of(value_of(reply, "post_stream", "posts")):
        fresh = moment(post.get("created_at")) >= delivery.at - SKEW
        if fresh and str(post.get("id")) not in others and same(post.get("raw"), words_of(delivery).text):
            return _found(outlet, document, post)
    return None


async def _topic(wire: Wire, outlet: Outlet, topic: str, name: str, auth: dict[str, str]) -> Any:
    reply = await wire.ask("GET", f"{base(outlet)}/t/{topic}.json", headers=auth)
    if reply.status != 200:
        raise wire.refuse(reply, secret=name, publishes=False)
    return reply.json()


def _found(outlet: Outlet, topic: Any, post: dict[str, Any]) -> Delivered:
    url = f"{base(outlet)}/t/{topic.get('slug')}/{topic.get('id')}/{post.get('post_number')}"
    return Delivered("sent", url, f"{topic.get('id')}.{post.get('id')}", "already there")


def _ids(remote_id: str) -> tuple[str, str]:
    """Return the numbers of topic and post; ValueError when it is no such id."""
    topic, _, post = remote_id.partition(".")
    if not (topic.isdecimal() and post.isdecimal()):
        raise ValueError(f"no topic and post are known of {remote_id!r}")
    return topic, post


def _login(outlet: Outlet, tools: Tools) -> tuple[str, dict[str, str]]:
    name, key = login_of(outlet, tools)
    return name, {"Api-Key": key, "Api-Username": options_of(outlet, DiscourseOptions).user or ""}
