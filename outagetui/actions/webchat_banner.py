"""`webchat.banner`: the words of an announcement as a fragment that the website includes, in a file or by HTTP PUT.

What is written is marked with the step's key, so that it is known again after a crash, and so that nothing of the
website is ever overwritten. Taking the banner back leaves an empty fragment, because the include must go on working.
"""

import asyncio
import html
import json
import stat
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from outagetui.actions import Result, StepContext, options_of
from outagetui.actions.deadline import deadline_of
from outagetui.core.step_options import BannerOptions
from outagetui.core.text import clean, in_quotes
from outagetui.core.times import stamp
from outagetui.facts.events import StepPlan
from outagetui.machine import files
from outagetui.machine.secrets import SecretError
from outagetui.net.aside import aside
from outagetui.net.trouble import Trouble
from outagetui.net.vantage import client_context
from outagetui.wording.neutral import hypertext_of

if TYPE_CHECKING:
    from outagetui.protocols.http_exchange import Progress

LONGEST = 64 * 1024  # bytes; a longer file is no banner
_HTML_MARK, _JSON_MARK = "data-outagetui", "outagetui"
_HTML_BEGINS = '<div class="outagetui-banner" '
_PUT_SHARE = 0.6  # of the time: the rest is for looking what became of a request that was not answered


class Fragment(Struct, frozen=True):
    """What a banner is made of; `key` marks it, `updated` is UTC."""

    kind: str
    title: str
    body: str
    language: str
    updated: str
    key: str

    def as_html(self) -> str:
        """Return it as HTML that holds no markup but ours; addresses of harmless kinds become links."""
        attributes = {
            "role": "status",
            "lang": self.language,
            "data-kind": self.kind,
            _HTML_MARK: self.key,
        }
        head = " ".join(f'{name}="{html.escape(value)}"' for name, value in attributes.items())
        moment, shown = html.escape(self.updated), html.escape(self.updated[:16].replace("T", " "))
        when = f'<p><small><time datetime="{moment}">{shown} UTC</time></small></p>'
        title = f"<p><strong>{html.escape(self.title)}</strong></p>"
        return "\n".join((f"{_HTML_BEGINS}{head}>", title, hypertext_of(self.body), when, "</div>")) + "\n"

    def as_json(self) -> str:
        """Return it as JSON that may also stand within a script element."""
        document = {
            "active": True,
            "kind": self.kind,
            "title": self.title,
            "body": self.body,
            "language": self.language,
            "updated": self.updated,
            _JSON_MARK: self.key,
        }
        text = json.dumps(document, indent=2)
        for char in "<>&":
            text = text.replace(char, f"\\u{ord(char):04x}")
        return f"{text}\n"


async def act(plan: StepPlan, context: StepContext) -> Result:
    """Put the banner in place, or an empty one where the step takes it back."""
    options = options_of(plan, BannerOptions)
    removing = bool(plan.facts.get("remove"))
    try:
        content = _empty(options) if removing else _content(options, context)
    except ValueError as error:
        return Result(False, clean(str(error)))
    if options.url:
        return await _Sending(options, context, plan, removing).go(content)
    try:
        async with asyncio.timeout_at(deadline_of(plan, context)):
            return await aside(lambda: _write(Path(options.file), content, context.undone if removing else ""))
    except TimeoutError:
        return Result(False, f"{options.file}: the disk does not answer; it may yet be written", unsure=True)


async def recover(plan: StepPlan, context: StepContext) -> Result | str | None:
    """Look whether the banner is in place; where it is not, putting it there again does no harm."""
    options = options_of(plan, BannerOptions)
    removing = bool(plan.facts.get("remove"))
    if options.url:
        return await _Sending(options, context, plan, removing).look_up()
    if not removing and context.key in await aside(lambda: _read(Path(options.file))):
        return Result(True, f"found in {options.file}")
    return None


def preview(plan: StepPlan, context: StepContext, as_of: float | None) -> str:
    """Return the accounts and then the banner's words, as they would be now, or `as_of` then."""
    options = options_of(plan, BannerOptions)
    if plan.facts.get("remove"):
        return ""
    try:
        return context.words_to_read(options.kind, options.audience, options.language, as_of)
    except ValueError as error:
        return f"This cannot be composed as things are: {error}."


class _Sending:
    """A banner on its way to a URL."""

    def __init__(self, options: BannerOptions, context: StepContext, plan: StepPlan, removing: bool) -> None:
        self._options, self._context, self._removing = options, context, removing
        self._deadline = deadline_of(plan, context)
        self._kind = "text/html; charset=utf-8" if _is_html(options) else "application/json"

    async def go(self, content: str) -> Result:
        """PUT it; when the answer stays away, look what is there."""
        from outagetui.protocols.http_exchange import Progress

        progress = Progress()
        try:
            status, _ = await self._ask("PUT", content, progress, _PUT_SHARE)
        except SecretError as error:
            return Result(False, clean(str(error)))
        except Trouble as trouble:
            words = clean(str(trouble))
        else:
            if 200 <= status < 300:
                return Result(True, self._words(f"{self._options.url} ({status})"))
            if status != 504:
                return Result(False, f"{self._options.url}: http.{status}")
            words = "http.504"
        if not progress.sent:
            return Result(False, f"{self._options.url}: {words}; nothing was sent")
        found = await self.look_up()
        if isinstance(found, Result):
            return found
        return Result(False, f"{self._options.url}: {words}; it was sent and may or may not be in place", unsure=True)

    async def look_up(self) -> Result | str | None:
        """Ask for what is in place; None when that surely is not what we sent."""
        from outagetui.protocols.http_exchange import Progress

        try:
            status, body = await self._ask("GET", "", Progress())
        except (SecretError, Trouble) as error:
            return f"{self._options.url} cannot be looked at: {clean(str(error))}"
        if not 200 <= status < 300:
            return f"{self._options.url} cannot be looked at: http.{status}"
        there = (self._context.undone if self._removing else self._context.key) in body
        if there is not self._removing:
            return Result(True, self._words(f"found so at {self._options.url}"))
        return None

    async def _ask(self, method: str, content: str, progress: "Progress", share: float = 1.0) -> tuple[int, str]:
        """Return status and body, within a share of the time that is left."""
        from outagetui.protocols.http_exchange import exchange
        from outagetui.protocols.http_request import request

        headers = {"Content-Type": self._kind, "Cache-Control": "no-cache"}
        if self._options.secret is not None:
            token = self._context.secret(self._options.secret)
            if not token or not token.isprintable():
                raise SecretError(
                    f"secret {in_quotes(self._options.secret)} is empty or holds characters unfit for a header"
                )
            headers["Authorization"] = f"Bearer {token}"
        # Filled in afterwards, because `request` remembers what it was called with, which no secret may be.
        wanted = replace(request(method, self._options.url), headers=tuple(headers.items()), body=content.encode())
        trusted = await aside(partial(client_context, self._options.ca))
        within = max(0.0, self._deadline - self._context.now()) * share
        reply = await exchange(wanted, trusted, progress, within=within)
        return reply.status, reply.body.decode(errors="replace")

    def _words(self, where: str) -> str:
        return f"banner taken away, {where}" if self._removing else f"banner put, {where}"


def _is_html(options: BannerOptions) -> bool:
    """Whether the place's ending asks for HTML; everything else is JSON."""
    return (options.file or urlsplit(options.url).path).lower().endswith((".html", ".htm"))


def _content(options: BannerOptions, context: StepContext) -> str:
    title, body = context.words(options.kind, options.audience, options.language)
    made = Fragment(options.kind, title, body, options.language, stamp(time.time()), context.key)
    return made.as_html() if _is_html(options) else made.as_json()


def _empty(options: BannerOptions) -> str:
    return "" if _is_html(options) else "{}\n"


def _is_ours(content: str) -> bool:
    """Whether `content` is a banner that a step has put in place."""
    if content.startswith(_HTML_BEGINS):
        return f' {_HTML_MARK}="' in content
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and _JSON_MARK in document


def _is_free(content: str) -> bool:
    """Whether nothing of the website stands in `content`: it is empty, or nothing but a comment."""
    bare = content.strip()
    return bare in ("", "{}") or (bare.startswith("<!--") and bare.endswith("-->") and bare.count("-->") == 1)


def _write(path: Path, content: str, undone: str) -> Result:
    """Put `content` in place; with `undone`, only where the banner of the step with that key stands."""
    try:
        if not path.parent.is_dir():
            return Result(False, f"{path}: there is no directory {path.parent}")
        if path.is_symlink():
            return Result(False, f"{path} is a link: name the file itself")
        with files.only_writer(path.parent) as put:
            there = _read(path)
            if path.exists() and not stat.S_ISREG(path.lstat().st_mode):
                return Result(False, f"{path} is not a file")
            if undone and undone not in there:
                whose = "another step's banner" if _is_ours(there) else "no banner any more"
                return Result(True, f"{path} holds {whose}; left as it is", changed=False)
            if not _is_free(there) and not _is_ours(there):
                why = "holds something else than a banner: nothing was written, name another file"
                return Result(False, f"{path} {why}")
            put([(path.name, content.encode())])
    except (OSError, ValueError) as error:
        return Result(False, f"{path}: {getattr(error, 'strerror', None) or error}")
    return Result(True, f"banner taken out of {path}" if undone else f"banner put into {path}")


def _read(path: Path) -> str:
    """Return what is in a file; nothing when there is none, and when it is no text: then it is looked at by itself."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return ""
        with path.open("rb") as file:
            return file.read(LONGEST + 1).decode(errors="replace")
    except FileNotFoundError:
        return ""
