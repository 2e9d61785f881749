"""The `x` outlet: a post for every part, later ones as replies to the one before.

https://docs.x.com/x-api · The secret holds four lines for OAuth 1.0a, as the developer portal shows them (API key, API
key secret, access token, access token secret), or one line: an OAuth 2.0 user token, which X lets expire in two hours.
"""

import asyncio
import base64
import html
import re
import secrets
from typing import Any, Final
from urllib.parse import quote

from outagetui.core.markup import text_of
from outagetui.core.model import Outlet
from outagetui.core.times import stamp
from outagetui.outlets import Delivered, Delivery, Placed, Tools, UnsentError
from outagetui.outlets.answers import (
    SKEW,
    inside,
    login_of,
    moment,
    read_back,
    required,
    rows_of,
    same,
    take_back,
    value_of,
    words_of,
)
from outagetui.outlets.http import Wire, base
from outagetui.outlets.oauth1 import Keys, authorization
from outagetui.protocols.http_answer import Reply
from outagetui.wording.counting import BARE, price

PAGES = 3  # of the account's posts that a look-up reads
PER_PAGE = 100
SITE = "https://x.com"
PUBLIC = "https://publish.x.com"  # tells without a login what a post says
BALANCE_WITHIN: Final = 3.0  # seconds for asking what is left to pay posts with
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_SLASH = re.compile(r"/(?=\s|$)")


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Post it."""
    return await _post(outlet, delivery, tools, {"text": words_of(delivery).text})


async def update(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Post a reply to the part before."""
    reply = {"in_reply_to_tweet_id": delivery.placed[0].remote_id}
    return await _post(outlet, delivery, tools, {"text": words_of(delivery).text, "reply": reply})


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Delete all posts of the announcement."""
    wire = Wire(outlet, tools)

    async def delete(placed: Placed) -> Reply:
        path = f"/2/tweets/{quote(placed.remote_id, safe='')}"
        reply = await _ask(wire, outlet, tools, "DELETE", path, publishes=True)
        if reply.status in (402, 403):
            raise _refusal(wire, reply, login_of(outlet, tools)[0])
        return reply

    return await take_back(wire, delivery.placed, delete, login_of(outlet, tools)[0])


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look through the account's posts since the part was made for one with the same text."""
    name, _ = login_of(outlet, tools)
    others = {each.remote_id for each in delivery.placed}
    ours = _linkless(words_of(delivery).text)
    wire = Wire(outlet, tools)
    me = await _ask(wire, outlet, tools, "GET", "/2/users/me")
    if me.status != 200:
        raise _refusal(wire, me, name, publishes=False)
    path = f"/2/users/{quote(required(me, 'data', 'id'), safe='')}/tweets"
    params = {
        "max_results": str(PER_PAGE),
        "start_time": stamp(delivery.at - SKEW),
        "tweet.fields": "created_at,entities",
    }
    for _ in range(PAGES):
        reply = await _ask(wire, outlet, tools, "GET", path, params=params)
        if reply.status != 200:
            raise _refusal(wire, reply, name, publishes=False)
        document = reply.json()
        for row in rows_of(inside(document, "data") or []):
            fresh = moment(row.get("created_at")) >= delivery.at - SKEW
            if fresh and str(row.get("id")) not in others and same(_linkless(_said(row)), ours):
                return _sent(str(row["id"]), "already there")
        more = inside(document, "meta", "next_token")
        if not isinstance(more, str):
            return None
        params["pagination_token"] = more
    raise UnsentError(f"more than {PAGES * PER_PAGE} newer posts to look through")


async def seen(outlet: Outlet, delivered: Delivered, delivery: Delivery, tools: Tools) -> Delivered:
    """Ask what sites ask that embed the post; the post's own page is nothing but a script."""
    url = f"{outlet.url.rstrip('/') or PUBLIC}/oembed?url={quote(delivered.url, safe='')}&omit_script=true"
    texts = BARE.split(words_of(delivery).plain)  # X makes links also of what only looks like a domain
    return await read_back(outlet, delivered, tools, url, texts, lambda reply: text_of(str(value_of(reply, "html"))))


async def _post(outlet: Outlet, delivery: Delivery, tools: Tools, document: dict[str, object]) -> Delivered:
    name, _ = login_of(outlet, tools)
    until = asyncio.get_running_loop().time() + outlet.timeout * 0.8
    wire = Wire(outlet, tools)
    reply = await _ask(wire, outlet, tools, "POST", "/2/tweets", publishes=True, json=document)
    if reply.status == 201:
        cost = f"about ${price('x', words_of(delivery).text):.3f}"
        return _sent(required(reply, "data", "id"), cost + await _left(wire, outlet, tools, until))
    refused = _refusal(wire, reply, name)
    if reply.status == 403 and "duplicate" in reply.text.lower():
        there = await find(outlet, delivery, tools)
        if there is not None:
            return there
        raise UnsentError("refused, since an earlier post has the same text")
    raise refused


async def _left(wire: Wire, outlet: Outlet, tools: Tools, until: float) -> str:
    """Return in words what is left to pay posts with; nothing when X does not tell, which must not hold up a post.

    X tells it to an app or a user's OAuth 2.0 token, not to OAuth 1.0a: then the app logs in with its own two keys.
    """
    lines = _lines(login_of(outlet, tools)[1])
    now = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout_at(min(now + BALANCE_WITHIN, until)):
            token = lines[0] if len(lines) == 1 else await _app_token(wire, outlet, *lines[:2])
            login = {"Authorization": f"Bearer {token}"}
            reply = await wire.ask("GET", f"{base(outlet)}/2/usage/credits", headers=login)
    except (TimeoutError, UnsentError):
        return ""
    left = value_of(reply, "data", "total_balance") if reply.status == 200 else None
    known = isinstance(left, int | float) and not isinstance(left, bool)
    return f"; ${left:.2f} of credits left" if known else ""


async def _app_token(wire: Wire, outlet: Outlet, key: str, key_secret: str) -> str:
    pair = base64.b64encode(f"{quote(key, safe='')}:{quote(key_secret, safe='')}".encode()).decode()
    login, form = {"Authorization": f"Basic {pair}"}, {"grant_type": "client_credentials"}
    reply = await wire.ask("POST", f"{base(outlet)}/oauth2/token", headers=login, form=form)
    token = value_of(reply, "access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise UnsentError("no token for the app")
    return token


def _refusal(wire: Wire, reply: Reply, name: str, *, publishes: bool = True) -> Exception:
    """As `Wire.refuse`, but for what X refuses to logins that are right: those without credits, or without a right."""
    depleted = value_of(reply, "title") == "CreditsDepleted"
    if reply.status == 402 and (depleted or "credit" in reply.text.lower()):
        return UnsentError(f"the prepaid credits are used up (402: {wire.words(reply)}); buy more at console.x.com")
    if reply.status == 403:
        return UnsentError(f"refused (403: {wire.words(reply)})")
    return wire.refuse(reply, secret=name, publishes=publishes)


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
    lines = _lines(secret)
    if len(lines) == 4:
        nonce, now = secrets.token_hex(16), int(tools.now())
        login = authorization(method, url, Keys(*lines), timestamp=now, nonce=nonce, params=params)
    elif len(lines) == 1:
        login = f"Bearer {lines[0]}"
    else:
        found = f"the secret {name} holds {len(lines)} lines"
        raise UnsentError(f"{found}; expected four (OAuth 1.0a) or one (an OAuth 2.0 user token)")
    return await wire.ask(method, url, publishes=publishes, headers={"Authorization": login}, params=params, json=json)


def _lines(secret: str) -> list[str]:
    return [line.strip() for line in secret.splitlines() if line.strip()]


def _said(row: dict[str, Any]) -> str:
    """Return a post's text with its URLs as they were written."""
    text = html.unescape(str(row.get("text")))
    for each in rows_of(inside(row, "entities", "urls") or []):
        text = text.replace(str(each.get("url")), str(each.get("expanded_url")))
    return text


def _linkless(text: str) -> str:
    """Return a text as it is compared: X makes links of bare domains, and then tells them with a scheme."""
    return _SLASH.sub("", _SCHEME.sub("", text)).casefold()


def _sent(id: str, detail: str) -> Delivered:
    return Delivered("sent", f"{SITE}/i/status/{id}", id, detail)
