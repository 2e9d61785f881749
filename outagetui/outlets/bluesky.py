"""The `bluesky` outlet: a post for every part under a record key that follows from its own, so none is there twice.

https://docs.bsky.app/ · AT Protocol: com.atproto.server.createSession, com.atproto.repo.putRecord, getRecord,
deleteRecord; record keys are TIDs (https://atproto.com/specs/tid).
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from outagetui.core.model import Outlet
from outagetui.core.outlet_options import BlueskyOptions
from outagetui.core.times import base as tongue
from outagetui.core.times import stamp_ms
from outagetui.outlets import Delivered, Delivery, Placed, Tools, UnsentError
from outagetui.outlets.answers import login_of, options_of, read_back, required, same, take_back, value_of, words_of
from outagetui.outlets.http import Wire, base
from outagetui.protocols.http_answer import Reply
from outagetui.wording.counting import URL

POSTS = "app.bsky.feed.post"
SITE = "https://bsky.app"
_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"


class Session(Struct, frozen=True):
    """A login, kept because a server grants few of them a day."""

    did: str
    handle: str
    token: str
    password: str  # digest of the one it was made with


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Put the post under its key, a later part as a reply to the one before; doing so again changes nothing."""
    text = words_of(delivery).text
    record: dict[str, Any] = {
        "$type": POSTS,
        "text": text,
        "createdAt": stamp_ms(delivery.at),
        "langs": [tongue(delivery.language)],
        **({"facets": facets(text)} if facets(text) else {}),
    }
    wire = Wire(outlet, tools)

    async def act(session: Session) -> Reply:
        if delivery.placed:
            root, parent = delivery.placed[-1], delivery.placed[0]
            references = {name: await _reference(wire, outlet, session, each) for name, each in
                          (("root", root), ("parent", parent))}  # fmt: skip
            record["reply"] = references
        document = {"repo": session.did, "collection": POSTS, "rkey": rkey(delivery), "record": record}
        return await _call(wire, outlet, "com.atproto.repo.putRecord", session, document)

    reply = await _as_account(wire, outlet, tools, act)
    if reply.status != 200:
        raise wire.refuse(reply, secret=login_of(outlet, tools)[0])
    return _sent(options_of(outlet, BlueskyOptions).user or "", required(reply, "uri"), "")


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Delete all posts of the announcement."""
    wire = Wire(outlet, tools)

    async def delete(placed: Placed) -> Reply:
        async def act(session: Session) -> Reply:
            document = {"repo": session.did, "collection": POSTS, "rkey": _rkey_of(placed.remote_id)}
            return await _call(wire, outlet, "com.atproto.repo.deleteRecord", session, document)

        return await _as_account(wire, outlet, tools, act)

    return await take_back(wire, delivery.placed, delete, login_of(outlet, tools)[0])


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look whether the key is taken, and by this text."""
    user = options_of(outlet, BlueskyOptions).user or ""
    wire = Wire(outlet, tools)
    reply = await _record(wire, outlet, user, rkey(delivery))
    if reply.status == 400 and value_of(reply, "error") == "RecordNotFound":
        return None
    if reply.status != 200:
        raise wire.refuse(reply, publishes=False)
    if not same(value_of(reply, "value", "text"), words_of(delivery).text):
        return None
    return _sent(user, required(reply, "uri"), "already there")


async def seen(outlet: Outlet, delivered: Delivered, delivery: Delivery, tools: Tools) -> Delivered:
    """Read the record without a login."""
    did = delivered.remote_id.removeprefix("at://").partition("/")[0]
    url = f"{base(outlet)}/xrpc/com.atproto.repo.getRecord?repo={did}&collection={POSTS}&rkey={rkey(delivery)}"
    texts = (words_of(delivery).plain,)
    return await read_back(outlet, delivered, tools, url, texts, lambda reply: str(value_of(reply, "value", "text")))


def rkey(delivery: Delivery) -> str:
    """Return the delivery's record key: a TID of its time, its clock number drawn from its key."""
    number = int(delivery.at * 1_000_000) & (1 << 53) - 1
    clock = int.from_bytes(hashlib.sha256(delivery.key.encode()).digest()[:2], "big") & 1023
    value = number << 10 | clock
    return "".join(_DIGITS[value >> shift & 31] for shift in range(60, -1, -5))


def facets(text: str) -> list[dict[str, Any]]:
    """Return what makes the URLs in `text` links; offsets count bytes of UTF-8."""
    return [
        {
            "index": {
                "byteStart": len(text[: match.start()].encode()),
                "byteEnd": len(text[: match.end()].encode()),
            },
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": match[0]}],
        }
        for match in URL.finditer(text)
    ]


async def _as_account(wire: Wire, outlet: Outlet, tools: Tools, act: Callable[[Session], Awaitable[Reply]]) -> Reply:
    """Return the answer to what `act` asks with a session; a session that is over is made anew, once."""
    kept = await _session(wire, outlet, tools)
    reply = await act(kept)
    if reply.status == 401 or (reply.status == 400 and value_of(reply, "error") == "ExpiredToken"):
        tools.kept.pop(outlet.id, None)
        reply = await act(await _session(wire, outlet, tools))
    return reply


async def _session(wire: Wire, outlet: Outlet, tools: Tools) -> Session:
    name, password = login_of(outlet, tools)
    user = options_of(outlet, BlueskyOptions).user or ""
    digest = hashlib.sha256(f"{base(outlet)} {user} {password}".encode()).hexdigest()
    kept = tools.kept.get(outlet.id)
    if isinstance(kept, Session) and kept.password == digest:
        return kept
    url = f"{base(outlet)}/xrpc/com.atproto.server.createSession"
    reply = await wire.ask("POST", url, json={"identifier": user, "password": password})
    did, token = value_of(reply, "did"), value_of(reply, "accessJwt")
    if reply.status != 200 or not isinstance(did, str) or not isinstance(token, str):
        raise wire.refuse(reply, secret=name, publishes=False)
    session = Session(did, user, token, digest)
    tools.kept[outlet.id] = session
    return session


async def _reference(wire: Wire, outlet: Outlet, session: Session, placed: Placed) -> dict[str, str]:
    reply = await _record(wire, outlet, session.did, _rkey_of(placed.remote_id))
    uri, cid = value_of(reply, "uri"), value_of(reply, "cid")
    if reply.status != 200 or not isinstance(uri, str) or not isinstance(cid, str):
        raise UnsentError(f"the earlier part is not there any more ({reply.status}), so there is nothing to reply to")
    return {"uri": uri, "cid": cid}


async def _record(wire: Wire, outlet: Outlet, repo: str, key: str) -> Reply:
    params = {"repo": repo, "collection": POSTS, "rkey": key}
    return await wire.ask("GET", f"{base(outlet)}/xrpc/com.atproto.repo.getRecord", params=params)


async def _call(wire: Wire, outlet: Outlet, method: str, session: Session, document: object) -> Reply:
    headers = {"Authorization": f"Bearer {session.token}"}
    return await wire.ask("POST", f"{base(outlet)}/xrpc/{method}", publishes=True, headers=headers, json=document)


def _sent(user: str, uri: str, detail: str) -> Delivered:
    return Delivered("sent", f"{SITE}/profile/{user}/post/{_rkey_of(uri)}", uri, detail)


def _rkey_of(uri: str) -> str:
    return uri.rpartition("/")[2]
