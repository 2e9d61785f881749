"""`http`: one request on a fresh connection; status, body and certificate must be as expected.

Codes: `http.NNN` for a status that is not accepted, `http.match` when `match` is not in the body, `http.no-match` when
`no_match` is, warn `tls.expires-soon`, beside those of `fetch`.
"""

import re
import time
from http import HTTPStatus

from outagetui.model import Check, Outcome, Sample
from outagetui.options import HttpOptions
from outagetui.probes.certificate import left
from outagetui.probes.fetch import LIMIT, Reply, fetch
from outagetui.probes.pattern import search
from outagetui.probes.trouble import unknown
from outagetui.probes.vantage import Vantage
from outagetui.text import clean

_CHARSET = re.compile(r"charset=[\"']?([\w.:-]+)", re.IGNORECASE)


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Look once at the page of `check`."""
    options = check.options
    assert isinstance(options, HttpOptions)
    reply = await fetch(
        vantage,
        check.target,
        method=options.method,
        headers=options.headers,
        body=options.body.encode(),
        ca=options.ca,
        ip=options.ip,
        redirects=options.redirects,
        connect=check.connect,
        deadline=deadline,
    )
    outcome, code, detail = await _judge(reply, options, deadline)
    return Sample(
        outcome=outcome,
        code=code,
        detail=clean(detail),
        latency_ms=sum(reply.phases.values()),
        phases=reply.phases,
    )


async def _judge(reply: Reply, options: HttpOptions, deadline: float) -> tuple[Outcome, str, str]:
    status = status_words(reply.status)
    if not accepted(reply.status, options.status):
        return Outcome.FAIL, f"http.{reply.status}", status
    if options.match is not None or options.no_match is not None:
        text = decoded(reply)
        where = f"the first {LIMIT >> 20} MiB of the body" if reply.truncated else "the body"
        if options.match is not None and not await search(options.match, text, deadline):
            return Outcome.FAIL, "http.match", f"{status}, but {where} does not hold {options.match!r}"
        if options.no_match is not None and (found := await search(options.no_match, text, deadline)):
            return Outcome.FAIL, "http.no-match", f"{status}, but {where} holds {clean(found[0], 80)!r}"
    if reply.expires is not None and reply.expires - time.time() < options.expires_warn:
        return Outcome.WARN, "tls.expires-soon", f"certificate ends in {left(reply.expires - time.time())}; {status}"
    size = f"more than {len(reply.body)}" if reply.truncated else f"{len(reply.body)}"
    return Outcome.PASS, "", f"{status}, {size} bytes, HTTP/{reply.version}"


def accepted(status: int, wanted: tuple[str | int, ...]) -> bool:
    """Tell whether `status` is among codes and ranges such as `404` and `"200-399"`."""
    try:
        for each in wanted:
            first, _, last = str(each).partition("-")
            if int(first) <= status <= int(last or first):
                return True
    except ValueError:
        unknown("option.invalid", f"status {each!r} is neither a code nor a range such as 200-399")
    return False


def decoded(reply: Reply) -> str:
    """Return the body as text in the charset the reply names, UTF-8 otherwise; what cannot be read is replaced."""
    named = _CHARSET.search(reply.headers.get("content-type", ""))
    try:
        return reply.body.decode(named[1] if named else "utf-8", "replace")
    except (LookupError, UnicodeError):
        return reply.body.decode("utf-8", "replace")


def status_words(status: int) -> str:
    """Return a status code with its phrase, such as `404 Not Found`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
