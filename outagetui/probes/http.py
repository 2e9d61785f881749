"""`http`: one request on a fresh connection; status, body and certificate must be as expected.

Codes: `http.NNN` for a status that is not accepted (unknown for 429: we ask too often), `http.match` when `match` is
not in the body, `http.no-match` when `no_match` is, unknown `http.too-large` when what was not read decides, warn
`tls.expires-soon`, beside those of `http_fetch` and of the body's coding and charset.
"""

import time

from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import HttpOptions
from outagetui.core.text import clean, in_quotes
from outagetui.core.times import about_in_full
from outagetui.net.pattern import search
from outagetui.net.trouble import Trouble, fail, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.http_answer import LIMIT, Reply, accepted, refused, status_words
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
    try:
        outcome, code, detail = await _judge(reply, options, deadline)
    except Trouble as trouble:
        outcome, code, detail = trouble.outcome, trouble.code, trouble.detail
        retry_after = trouble.retry_after
    else:
        retry_after = None
    return Sample(
        outcome=outcome,
        code=code,
        detail=clean(detail),
        latency_ms=sum(reply.phases.values()),
        phases=reply.phases,
        retry_after=retry_after,
    )


async def _judge(reply: Reply, options: HttpOptions, deadline: float) -> tuple[Outcome, str, str]:
    """Return outcome, code and words of a page that works. Raises `Trouble` for one that does not."""
    status = status_words(reply.status)
    if not accepted(reply.status, options.status):
        raise refused(reply, status, time.time())
    if options.match is not None or options.no_match is not None:
        text = await reply.searchable()
        read = f"the first {LIMIT >> 20} MiB"
        found = options.match is None or await search(options.match, text, deadline)
        if options.no_match is not None and (bad := await search(options.no_match, text, deadline)):
            fail("http.no-match", f"{status}, but the body holds {in_quotes(bad[0], 80)}")
        if not found and not reply.truncated:
            fail("http.match", f"{status}, but the body does not hold {in_quotes(options.match)}")
        if reply.truncated and not (found and options.no_match is None):
            unsaid = "whether it holds" if found else "not within them is"
            pattern = options.no_match if found else options.match
            unknown("http.too-large", f"{status}, but of the body only {read} are read; {unsaid} {in_quotes(pattern)}")
    if reply.expires is not None and reply.expires - time.time() < options.expires_warn:
        return (
            Outcome.WARN,
            "tls.expires-soon",
            f"certificate ends in {about_in_full(reply.expires - time.time())}; {status}",
        )
    size = f"more than {len(reply.body)}" if reply.truncated else f"{len(reply.body)}"
    return Outcome.PASS, "", f"{status}, {size} bytes, HTTP/{reply.version}"
