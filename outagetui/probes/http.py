"""`http`: one request on a fresh connection; status, body and certificate must be as expected.

Codes: `http.NNN` for a status that is not accepted, `http.match` when `match` is not in the body, `http.no-match` when
`no_match` is, warn `tls.expires-soon`, beside those of `http_fetch`.
"""

import time

from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import HttpOptions
from outagetui.core.text import clean, in_quotes
from outagetui.core.times import about_in_full
from outagetui.net.pattern import search
from outagetui.net.vantage import Vantage
from outagetui.protocols.http_answer import LIMIT, Reply, accepted, status_words
from outagetui.protocols.http_fetch import fetch


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Look once at the page of `check`."""
    options = check.own(HttpOptions)
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
        text = reply.text
        where = f"the first {LIMIT >> 20} MiB of the body" if reply.truncated else "the body"
        if options.match is not None and not await search(options.match, text, deadline):
            return Outcome.FAIL, "http.match", f"{status}, but {where} does not hold {in_quotes(options.match)}"
        if options.no_match is not None and (found := await search(options.no_match, text, deadline)):
            return Outcome.FAIL, "http.no-match", f"{status}, but {where} holds {in_quotes(found[0], 80)}"
    if reply.expires is not None and reply.expires - time.time() < options.expires_warn:
        return (
            Outcome.WARN,
            "tls.expires-soon",
            f"certificate ends in {about_in_full(reply.expires - time.time())}; {status}",
        )
    size = f"more than {len(reply.body)}" if reply.truncated else f"{len(reply.body)}"
    return Outcome.PASS, "", f"{status}, {size} bytes, HTTP/{reply.version}"
