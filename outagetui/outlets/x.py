"""The `x` outlet: a post for every part, later ones as replies to the one before.

https://docs.x.com/x-api · The secret holds four lines for OAuth 1.0a, as the developer portal shows them (API key, API
key secret, access token, access token secret), or one line: an OAuth 2.0 user token, which X lets expire in two hours.
"""

import html
import secrets
from typing import Any
from urllib.parse import quote

from outagetui.announce.counting import price
from outagetui.announce.times import stamp
from outagetui.model import Outlet
from outagetui.outlets import Delivered, Delivery, Placed, Tools, UnsentError
from outagetui.outlets.oauth1 import Keys, authorization
from outagetui.outlets.service import (
    SKEW,
    inside,
    login_of,
    moment,
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

PAGES = 3  # of the account's posts that a look-up reads
PER_PAGE = 100
SITE = "https://x.com"
PUBLIC = "https://publish.x.com"  # tells without a login what a post says


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Post it."""
    return await _post(outlet, delivery, tools, {"text": words_of(delivery).text})


async def update(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Post a reply to the part before."""
    reply = {"in_reply_to_tweet_id": delivery.placed[0].remote_id}
    return await _post(outlet, delivery, tools, {"text": words_of(delivery).text, "reply": reply})


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Delete all posts of the announcement."""
    async with Wire(outlet, tools) as wire:

        async def delete(placed: Placed) -> Reply:
            path = f"/2/tweets/{quote(placed.remote_id, safe='')}"
            return await _ask(wire, outlet, tools, "DELETE", path, publishes=True)

        return await take_back(wire, delivery.placed, delete, login_of(outlet, tools)[0])


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look through the account's posts since the part was made for one with the same text."""
    name, _ = login_of(outlet, tools)
    others = {each.remote_id for each in delivery.placed}
    async with Wire(outlet, tools) as wire:
        me = await _ask(wire, outlet, tools, "GET", "/2/users/me")
        if me.status != 200:
            raise wire.refuse(me, secret=name, publishes=False)
        path = f"/2/users/{quote(told(me, 'data', 'id'), safe='')}/tweets"
        params = {
            "max_results": str(PER_PAGE),
            "start_time": stamp(delivery.at - SKEW),
            "tweet.fields": "created_at,entities",
        }
        for _ in range(PAGES):
            reply = await _ask(wire, outlet, tools, "GET", path, params=params)
            if reply.status != 200:
                raise wire.refuse(reply, secret=name, publishes=False)
            document = reply.json()
            for row in rows_of(inside(document, "data") or []):
                fresh = moment(row.get("created_at")) >= delivery.at - SKEW
                if fresh and str(row.get("id")) not in others and same(_said(row), words_of(delivery).text):
                    return _sent(str(row["id"]), "already there")
            more = inside(document, "meta", "next_token")
            if not isinstance(more, str):
                return None
            params["pagination_token"] = more
    raise UnsentError(f"more than {PAGES * PER_PAGE} newer posts to look through")


async def seen(outlet: Outlet, delivered: Delivered, delivery: Delivery, tools: Tools) -> Delivered:
    """Ask what sites ask that embed the post; the post's own page is nothing but a script."""
    url = f"{outlet.url.rstrip('/') or PUBLIC}/oembed?url={quote(delivered.url, safe='')}&omit_script=true"
    texts = (words_of(delivery).plain,)
    return await read_back(outlet, delivered, tools, url, texts, lambda reply: text_of(str(value_of(reply, "html"))))


async def _post(outlet: Outlet, delivery: Delivery, tools: Tools, document: dict[str, object]) -> Delivered:
    name, _ = login_of(outlet, tools)
    async with Wire(outlet, tools) as wire:
        reply = await _ask(wire, outlet, tools, "POST", "/2/tweets", publishes=True, json=document)
        refused = wire.refuse(reply, secret=name) if reply.status != 201 else None
    if refused is None:
        return _sent(told(reply, "data", "id"), f"about ${price('x', words_of(delivery).text):.3f}")
    if reply.status == 403 and "duplicate" in reply.text.lower():
        there = await find(outlet, delivery, tools)
        if there is not None:
            return there
        raise UnsentError("refused, since an earlier post has the same text")
    raise refused


async def _ask(
    wire: Wire,
    outlet: Outlet,
    tools: Tools,
    method: str,
    path: str,
    *,
    publishes: bool = False,
    params: dict[str, str] | None = None,
    json: object = None,
) -> Reply:
    name, secret = login_of(outlet, tools)
    url = f"{base(outlet)}{path}"
    lines = [line.strip() for line in secret.splitlines() if line.strip()]
    if len(lines) == 4:
        nonce, now = secrets.token_hex(16), int(tools.now())
        login = authorization(method, url, Keys(*lines), timestamp=now, nonce=nonce, params=params)
    elif len(lines) == 1:
        login = f"Bearer {lines[0]}"
    else:
        found = f"the secret {name} holds {len(lines)} lines"
        raise UnsentError(f"{found}; expected four (OAuth 1.0a) or one (an OAuth 2.0 user token)")
    return await wire.ask(method, url, publishes=publishes, headers={"Authorization": login}, params=params, json=json)


def _said(row: dict[str, Any]) -> str:
    """Return a post's text with its URLs as they were written."""
    text = html.unescape(str(row.get("text")))
    for each in rows_of(inside(row, "entities", "urls") or []):
        text = text.replace(str(each.get("url")), str(each.get("expanded_url")))
    return text


def _sent(id: str, detail: str) -> Delivered:
    return Delivered("sent", f"{SITE}/i/status/{id}", id, detail)
