"""The `x` outlet: a post for every part, later ones as replies to the one before.

https://docs.x.com/x-api · The secret holds four lines for OAuth 1.0a, as the developer portal shows them (API key, API
key secret, access token, access token secret), or one line: an OAuth 2.0 user token, which X lets expire in two hours.
"""

import asyncio
import base64
import html
import re
import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from outagetui.core.markup import text_of
from outagetui.core.model import Outlet
from outagetui.core.times import stamp
from outagetui.outlets import Delivered, Delivery, Tools, UnsentError
from outagetui.outlets.answers import (
    SKEW,
    Account,
    inside,
    moment,
    read_back,
    required,
    rows_of,
    same,
    value_of,
    words_of,
)
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


class _Account(Account):
    @property
    def lines(self) -> list[str]:
        """The lines of the secret."""
        return [line.strip() for line in self.secret.splitlines() if line.strip()]

    def login(self, method: str, url: str, params: Mapping[str, str]) -> Mapping[str, str]:
        lines = self.lines
        if len(lines) == 4:
            nonce, now = secrets.token_hex(16), int(self._tools.now())
            login = authorization(method, url, Keys(*lines), timestamp=now, nonce=nonce, params=params)
        elif len(lines) == 1:
            login = f"Bearer {lines[0]}"
        else:
            found = f"the secret {self.name} holds {len(lines)} lines"
            raise UnsentError(f"{found}; expected four (OAuth 1.0a) or one (an OAuth 2.0 user token)")
        return {"Authorization": login}

    def refuse(self, reply: Reply, *, secret: str | None = None, publishes: bool = True) -> Exception:
        """As for others, but for what X refuses to logins that are right: those without credits, or without a right."""
        depleted = value_of(reply, "title") == "CreditsDepleted"
        if reply.status == 402 and (depleted or "credit" in reply.text.lower()):
            return UnsentError(f"the prepaid credits are used up (402: {self.words(reply)}); buy more at console.x.com")
        if reply.status == 403:
            return UnsentError(f"refused (403: {self.words(reply)})")
        return super().refuse(reply, publishes=publishes)


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Post it, a later part as a reply to the one before."""
    document: dict[str, object] = {"text": words_of(delivery).text}
    if delivery.placed:
        document["reply"] = {"in_reply_to_tweet_id": delivery.placed[0].remote_id}
    until = asyncio.get_running_loop().time() + outlet.timeout * 0.8
    account = _Account(outlet, tools)
    reply = await account.ask("POST", f"{account.base}/2/tweets", publishes=True, json=document)
    if reply.status == 201:
        cost = f"about ${price('x', words_of(delivery).text):.3f}"
        return _sent(required(reply, "data", "id"), cost + await _left(account, until))
    if reply.status == 403 and "duplicate" in reply.text.lower():
        there = await find(outlet, delivery, tools)
        if there is not None:
            return there
        raise UnsentError("refused, since an earlier post has the same text")
    raise account.refuse(reply)


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Delete all posts of the announcement."""
    account = _Account(outlet, tools)
    tweets = f"{account.base}/2/tweets"
    return await account.take_back(delivery.placed, lambda each: f"{tweets}/{quote(each.remote_id, safe='')}")


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look through the account's posts since the part was made for one with the same text."""
    others = {each.remote_id for each in delivery.placed}
    ours = _linkless(words_of(delivery).text)
    account = _Account(outlet, tools)
    me = await account.read(f"{account.base}/2/users/me")
    url = f"{account.base}/2/users/{quote(required(me, 'data', 'id'), safe='')}/tweets"
    params = {
        "max_results": str(PER_PAGE),
        "start_time": stamp(delivery.at - SKEW),
        "tweet.fields": "created_at,entities",
    }
    for _ in range(PAGES):
        document = (await account.read(url, params)).json()
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


async def _left(account: _Account, until: float) -> str:
    """Return in words what is left to pay posts with; nothing when X does not tell, which must not hold up a post.

    X tells it to an app or a user's OAuth 2.0 token, not to OAuth 1.0a: then the app logs in with its own two keys.
    """
    now = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout_at(min(now + BALANCE_WITHIN, until)):
            token = account.lines[0] if len(account.lines) == 1 else await _app_token(account)
            login = {"Authorization": f"Bearer {token}"}
            reply = await account.ask("GET", f"{account.base}/2/usage/credits", headers=login)
    except (TimeoutError, UnsentError):
        return ""
    left = value_of(reply, "data", "total_balance") if reply.status == 200 else None
    known = isinstance(left, int | float) and not isinstance(left, bool)
    return f"; ${left:.2f} of credits left" if known else ""


async def _app_token(account: _Account) -> str:
    key, key_secret = (quote(line, safe="") for line in account.lines[:2])
    pair = base64.b64encode(f"{key}:{key_secret}".encode()).decode()
    login, form = {"Authorization": f"Basic {pair}"}, {"grant_type": "client_credentials"}
    reply = await account.ask("POST", f"{account.base}/oauth2/token", headers=login, form=form)
    token = value_of(reply, "access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise UnsentError("no token for the app")
    return token


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
