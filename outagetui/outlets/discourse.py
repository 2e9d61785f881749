"""The `discourse` outlet: a topic for an announcement, found again by its external id; later parts are posts in it.

https://docs.discourse.org/ · A forum wants every topic's title to be new, so the time is part of it. It may hold a post
until a moderator approves it, and then forgets our external id: such a topic is found by its title.
"""

import re
from typing import Any, Final
from urllib.parse import quote, urlencode

from outagetui.core import times
from outagetui.core.markup import text_of
from outagetui.core.model import Outlet
from outagetui.core.outlet_options import DiscourseOptions
from outagetui.outlets import Delivered, Delivery, MaybeSentError, Placed, Tools
from outagetui.outlets.answers import (
    SKEW,
    inside,
    login_of,
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
from outagetui.outlets.http import Wire, base
from outagetui.protocols.http_answer import Reply

LAST = 20  # posts of a topic that a look-up reads
HELD: Final = "held until a moderator approves it"
_HELD = "pending."  # what the id of a post that is held begins with
_TOPIC = re.compile(r"/t/(?:[^/?]+/)?(\d+)(?:[/.?]|$)")


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Open a topic."""
    options = options_of(outlet, DiscourseOptions)
    fitted = words_of(delivery)
    document: dict[str, object] = {
        "title": _title(delivery),
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
    """Delete the topic, and what is held."""
    name, auth = _login(outlet, tools)
    held = [each for each in delivery.placed if each.remote_id.startswith(_HELD)]
    first = [each for each in delivery.placed if each not in held][-1:]
    wire = Wire(outlet, tools)

    async def delete(placed: Placed) -> Reply:
        if placed not in held:
            topic, _ = _ids(placed.remote_id)
            return await wire.ask("DELETE", f"{base(outlet)}/t/{topic}.json", publishes=True, headers=auth)
        id = placed.remote_id.removeprefix(_HELD)
        url = f"{base(outlet)}/review/{quote(id, safe='')}"
        reply = await wire.ask("DELETE", f"{url}.json", publishes=True, headers=auth)
        if reply.status in (403, 404):  # forums let few logins do that, and it may just have been approved
            why = f"the forum does not let this login take it back ({reply.status})"
            raise MaybeSentError(f"{HELD}; {why}; reject it at {url}")
        return reply

    return await take_back(wire, [*held, *first], delete, name)


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look the topic up by its external id or title, a later part among the topic's last posts, both in what is held.

    What is held is looked at before what was approved, so that nothing is missed that is approved meanwhile.
    """
    name, auth = _login(outlet, tools)
    wire = Wire(outlet, tools)
    if delivery.placed:
        topic, _ = _ids(delivery.placed[-1].remote_id)
        held = await _held(wire, outlet, delivery, topic, name, auth)
        return await _reply_in(wire, outlet, delivery, topic, name, auth) or held
    url = f"{base(outlet)}/t/external_id/{quote(delivery.key, safe='')}.json"
    reply = await wire.ask("GET", url, headers=auth)
    if reply.status in (404, 410):
        held = await _held(wire, outlet, delivery, "", name, auth)
        return await _titled(wire, outlet, delivery, name, auth) or held
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
    wire = Wire(outlet, tools)
    reply = await wire.ask("POST", f"{base(outlet)}/posts.json", publishes=True, headers=auth, json=document)
    refused = wire.refuse(reply, secret=name) if reply.status != 200 else None
    if refused is not None:
        # Also what a forum says of a second try: the external id is taken, or the text was just posted.
        there = await find(outlet, delivery, tools) if reply.status == 422 else None
        if there is None:
            raise refused
        return there
    if value_of(reply, "action") == "enqueued":
        held = value_of(reply, "pending_post", "id")
        return Delivered("unknown", "", f"{_HELD}{held}" if isinstance(held, int) else "", HELD)
    topic, slug, number = required(reply, "topic_id"), required(reply, "topic_slug"), required(reply, "post_number")
    return Delivered("sent", f"{base(outlet)}/t/{slug}/{topic}/{number}", f"{topic}.{required(reply, 'id')}")


async def _reply_in(
    wire: Wire, outlet: Outlet, delivery: Delivery, topic: str, name: str, auth: dict[str, str]
) -> Delivered | None:
    document = await _topic(wire, outlet, topic, name, auth)
    stream = inside(document, "post_stream", "stream")
    last = stream[-LAST:] if isinstance(stream, list) else []
    others = {_ids(each.remote_id)[1] for each in delivery.placed}
    for post in await _posts(wire, outlet, topic, last, name, auth):
        fresh = moment(post.get("created_at")) >= delivery.at - SKEW
        if fresh and str(post.get("id")) not in others and same(post.get("raw"), words_of(delivery).text):
            return _found(outlet, document, post)
    return None


async def _posts(
    wire: Wire, outlet: Outlet, topic: str, ids: list[Any], name: str, auth: dict[str, str]
) -> list[dict[str, Any]]:
    """Return posts of a topic with the text that they were written in."""
    query = urlencode([*(("post_ids[]", str(each)) for each in ids), ("include_raw", "true")])
    reply = await wire.ask("GET", f"{base(outlet)}/t/{topic}/posts.json?{query}", headers=auth)
    if reply.status != 200:
        raise wire.refuse(reply, secret=name, publishes=False)
    return rows_of(value_of(reply, "post_stream", "posts"))


async def _held(
    wire: Wire, outlet: Outlet, delivery: Delivery, topic: str, name: str, auth: dict[str, str]
) -> Delivered | None:
    """Look among the account's posts that wait for a moderator, in `topic` or for topics of their own."""
    document = await _own_list(wire, outlet, "posts/{}/pending", name, auth)
    for row in rows_of(inside(document, "pending_posts") or []):
        here = str(row.get("topic_id")) == topic if topic else _is_title(row.get("title"), delivery)
        if here and same(row.get("raw_text"), words_of(delivery).text):
            return Delivered("unknown", "", f"{_HELD}{row.get('id')}", HELD)
    return None


async def _titled(wire: Wire, outlet: Outlet, delivery: Delivery, name: str, auth: dict[str, str]) -> Delivered | None:
    """Look among the account's newest topics without an external id for one with this title and text."""
    document = await _own_list(wire, outlet, "topics/created-by/{}", name, auth)
    for row in rows_of(inside(document, "topic_list", "topics") or []):
        fresh = moment(row.get("created_at")) >= delivery.at - SKEW
        if fresh and _is_title(row.get("title"), delivery):
            id = str(row.get("id"))
            topic = await _topic(wire, outlet, id, name, auth)
            first = inside(topic, "post_stream", "stream", 0)
            for post in await _posts(wire, outlet, id, [first], name, auth):
                own = post.get("id") == first and same(post.get("raw"), words_of(delivery).text)
                if own and not inside(topic, "external_id"):
                    return _found(outlet, topic, post)
    return None


async def _own_list(wire: Wire, outlet: Outlet, path: str, name: str, auth: dict[str, str]) -> Any:
    """Return a list of the account's own; nothing from a forum that is too old to have it."""
    whole = path.format(quote(options_of(outlet, DiscourseOptions).user or "", safe=""))
    reply = await wire.ask("GET", f"{base(outlet)}/{whole}.json", headers=auth)
    if reply.status == 404:
        return None
    if reply.status != 200:
        raise wire.refuse(reply, secret=name, publishes=False)
    return reply.json()


async def _topic(wire: Wire, outlet: Outlet, topic: str, name: str, auth: dict[str, str]) -> Any:
    reply = await wire.ask("GET", f"{base(outlet)}/t/{topic}.json", headers=auth)
    if reply.status != 200:
        raise wire.refuse(reply, secret=name, publishes=False)
    return reply.json()


def _title(delivery: Delivery) -> str:
    return f"{words_of(delivery).title} ({times.utc(delivery.at)})"


def _is_title(title: object, delivery: Delivery) -> bool:
    """Return whether a topic has the title that we gave it; forums make its first letter a capital."""
    return isinstance(title, str) and same(title.casefold(), _title(delivery).casefold())


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
