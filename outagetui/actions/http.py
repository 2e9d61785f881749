"""`http`: one request. What surely was not sent has failed; what was sent and not answered is unsure, and is asked.

Only GET and HEAD follow redirects, and with a secret only on the same server. Everything else carries an
`Idempotency-Key` that is the same for every try of the step, so that a server that knows it does nothing twice.
"""

import ssl
import time
from datetime import UTC, datetime
from functools import partial

import msgspec
from msgspec.structs import replace

from outagetui.actions import Result, StepContext, options_of
from outagetui.actions.deadline import deadline_of
from outagetui.core.step_options import HttpStepOptions
from outagetui.core.text import clean, clean_lines, in_quotes
from outagetui.facts.events import StepPlan
from outagetui.machine.secrets import SecretError
from outagetui.net.aside import aside
from outagetui.net.trouble import Trouble
from outagetui.net.vantage import client_context
from outagetui.protocols.http_answer import LIMIT, Reply, accepted, at_path, retry_after, status_words
from outagetui.protocols.http_exchange import Progress, exchange
from outagetui.protocols.http_request import Request, request

SAFE = frozenset({"GET", "HEAD"})  # methods that only look
REDIRECTS = 5
EXCERPT = 160  # characters of a refusal's body in the words
OUTPUT = 2048  # characters of an answer that are kept
PLACEHOLDER = "{secret}"
_GATEWAY_TIMEOUT = 504


async def act(plan: StepPlan, context: StepContext) -> Result:
    """Send the request and judge the answer."""
    options = options_of(plan, HttpStepOptions)
    step = _Step(options, context, deadline_of(plan, context))
    try:
        result = await step.go(_request(options, context), await aside(partial(client_context, options.ca)))
    except SecretError as error:
        return Result(False, str(error))
    except Trouble as trouble:
        result = step.broken(str(trouble))
    return replace(result, detail=clean(context.hide(result.detail), 600))


async def recover(plan: StepPlan, context: StepContext) -> Result | str | None:
    """Looking again is safe; whether anything else arrived only the other side knows."""
    options = options_of(plan, HttpStepOptions)
    if options.method in SAFE:
        return None
    return f"the request may have reached {_host(options.url)}{_look_there(options, context)}"


def preview(plan: StepPlan, context: StepContext, as_of: float | None) -> str:
    """Return the request as it will be sent, the secret by its name; `as_of` changes nothing."""
    options = options_of(plan, HttpStepOptions)
    if options.secret is None and not options.headers and not options.body:
        return ""  # the step's sentence says it all
    headers = _headers(options)
    if _keyed(options):
        headers["Idempotency-Key"] = context.key
    head = "\n".join((f"{options.method} {options.url}", *(f"{name}: {value}" for name, value in headers.items())))
    text = f"{head}\n\n{options.body}".rstrip()
    return text if options.secret is None else f"{text}\n\n{PLACEHOLDER}: the secret {options.secret}"


class _Step:
    """One try of the step."""

    def __init__(self, options: HttpStepOptions, context: StepContext, deadline: float) -> None:
        self._options, self._context, self._deadline = options, context, deadline
        self.progress = Progress()

    async def go(self, wanted: Request, tls: ssl.SSLContext) -> Result:
        origin = (wanted.scheme, wanted.host, wanted.port)
        for _ in range(REDIRECTS + 1):
            self.progress = Progress()
            began = self._context.now()
            reply = await exchange(wanted, tls, self.progress, within=max(0.0, self._deadline - began))
            if accepted(reply.status, self._options.status):
                return await self._accepted(reply, (self._context.now() - began) * 1000)
            target = reply.headers.get("location")
            if not 300 <= reply.status < 400 or target is None:
                return self._refused(reply)
            whole = wanted.joined(target)
            if self._options.method not in SAFE:
                words = f"http.{reply.status}: it redirects to {whole}, which a {self._options.method} does not follow"
                return Result(False, words)
            wanted = wanted.redirected(reply.status, target)
            if self._options.secret is not None and (wanted.scheme, wanted.host, wanted.port) != origin:
                return Result(False, f"http.{reply.status}: it redirects to {whole}, which must not get the secret")
        return Result(False, f"more than {REDIRECTS} redirects, the last one to {wanted.url}")

    def broken(self, why: str) -> Result:
        """Return what is known when the exchange ended before its end."""
        host = _host(self._options.url)
        status = self.progress.reply.status if self.progress.reply is not None else 0
        if not self.progress.sent:
            return Result(False, f"{host}: {why}; nothing was sent")
        if status and not accepted(status, self._options.status):
            return Result(False, f"http.{status_words(status)}, then: {why}")
        so_far = f"answered {status_words(status)}, but not to the end" if status else "did not answer"
        if self._options.method in SAFE:
            return Result(False, f"{host} {so_far}: {why}")
        words = f"the request was sent to {host}, which {so_far}: {why}; it may or may not have been done"
        return Result(False, f"{words}{_look_there(self._options, self._context)}", unsure=True)

    async def _accepted(self, reply: Reply, took: float) -> Result:
        words = f"{status_words(reply.status)} in {took:.0f} ms"
        output = self._excerpt(reply)
        if self._options.path is None:
            return Result(True, words, output=output)
        differs = await self._differs(reply, self._options.path)
        if differs:
            return Result(False, f"{words}, but {differs}", output=output)
        return Result(True, f"{words}, {self._options.path} is {_json(self._options.equals)}", output=output)

    async def _differs(self, reply: Reply, path: str) -> str:
        """Return how the value at `path` is not the expected one; nothing when it is."""
        if reply.truncated:
            return f"the answer is longer than the {LIMIT >> 20} MiB that are read, so {path} is not known"
        try:
            found = await aside(partial(at_path, await reply.searchable(), path), len(reply.body))
        except Trouble as trouble:
            return trouble.detail
        if _same(found, self._options.equals):
            return ""
        shown = clean(self._context.hide(_json(found)), 80)
        return f"{path} is {shown}, not {_json(self._options.equals)}"

    def _refused(self, reply: Reply) -> Result:
        words = f"http.{status_words(reply.status)}"
        output = self._excerpt(reply)
        if short := clean(output, EXCERPT):
            words += f": {short}"
        if wait := _retry_after(reply):
            words += f"; {wait}"
        if reply.status == _GATEWAY_TIMEOUT and self._options.method not in SAFE:
            # The gateway sent the request on and knows as little as we would.
            words += f"; it may or may not have been done{_look_there(self._options, self._context)}"
            return Result(False, words, output=output, unsure=True)
        return Result(False, words, output=output)

    def _excerpt(self, reply: Reply) -> str:
        """Return the answer's beginning; secrets are hidden in the whole of it first, so that none is cut in two."""
        return clean_lines(self._context.hide(reply.text), OUTPUT)


def _request(options: HttpStepOptions, context: StepContext) -> Request:
    """Return the request with its secret in place. Raises SecretError."""
    headers, body = _headers(options), options.body
    if options.secret is not None:
        secret = context.secret(options.secret)
        if not secret:
            raise SecretError(f"secret {in_quotes(options.secret)} is empty")
        headers = {name: value.replace(PLACEHOLDER, secret) for name, value in headers.items()}
        body = body.replace(PLACEHOLDER, secret)
    if any(not char.isprintable() and char != "\t" for value in headers.values() for char in value):
        raise SecretError(
            f"secret {in_quotes(options.secret)} holds a line end or a control character, unfit for a header"
        )
    if _keyed(options):
        headers["Idempotency-Key"] = context.key
    # Filled in afterwards, because `request` remembers what it was called with, which no secret may be.
    trimmed = tuple((name, value.strip()) for name, value in headers.items())
    return replace(request(options.method, options.url), headers=trimmed, body=body.encode())


def _headers(options: HttpStepOptions) -> dict[str, str]:
    """Return the step's headers; a secret that has no place in headers or body is the bearer token."""
    headers = dict(options.headers)
    placed = any(PLACEHOLDER in text for text in (*headers.values(), options.body))
    if options.secret is not None and not placed:
        headers["Authorization"] = f"Bearer {PLACEHOLDER}"
    return headers


def _keyed(options: HttpStepOptions) -> bool:
    """Whether the request carries our idempotency key."""
    return options.method not in SAFE and not any(name.lower() == "idempotency-key" for name in options.headers)


def _look_there(options: HttpStepOptions, context: StepContext) -> str:
    return f" (its Idempotency-Key: {context.key})" if _keyed(options) else ""


def _host(url: str) -> str:
    return request("GET", url).authority


def _same(found: object, wanted: object) -> bool:
    """Whether two JSON values are equal; true is not 1."""
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    return found == wanted


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _retry_after(reply: Reply) -> str:
    """Return in words when the server asks to try again; nothing if it does not."""
    now = time.time()
    wait = retry_after(reply.headers, now)
    if wait is None:
        return ""
    at = f"at {datetime.fromtimestamp(now + wait, UTC):%H:%M:%S} UTC, "
    moment = "" if reply.headers["retry-after"].strip().isdecimal() else at
    return f"it asks to try again {moment}in {wait:.0f} s"
