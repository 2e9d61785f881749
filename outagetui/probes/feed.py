"""`feed`: a provider's own word about its service, from its status page."""

import asyncio
import time
from functools import partial

from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import FeedOptions
from outagetui.core.text import clean
from outagetui.core.times import about
from outagetui.net.aside import aside
from outagetui.net.fairness import in_turns
from outagetui.net.trouble import Trouble
from outagetui.net.vantage import Vantage
from outagetui.probes.feeds import LIMIT, Reading, Unreadable, is_xml, read_json, read_xml
from outagetui.protocols.http_answer import Reply, retry_after
from outagetui.protocols.http_fetch import fetch

REDIRECTS = 3


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Fetch and read the feed. One that cannot be fetched or read is unknown: it says neither up nor down."""
    options = check.own(FeedOptions)
    phases: dict[str, float] = {}
    wait: float | None = None
    try:
        reply = await fetch(
            vantage,
            check.target,
            ca=options.ca,
            redirects=REDIRECTS,
            connect=check.connect,
            limit=LIMIT,
            deadline=deadline,
        )
        phases = reply.phases
        if reply.url.partition(":")[0] != check.target.partition(":")[0].lower():
            raise Unreadable("feed.unreachable", f"redirected to {reply.url}: name that address as the target")
        if reply.status != 200:
            wait = retry_after(reply.headers, time.time())
            raise Unreadable("feed.unreachable", f"the feed answered {reply.status}")
        if reply.unread:
            raise Unreadable("feed.unreadable", f"the feed cannot be read: {reply.unread}")
        age = reply.headers.get("age", "")
        if (
            options.stale_after is not None
            and age.isascii()
            and age.isdecimal()
            and int(age[:12]) > options.stale_after
        ):
            raise Unreadable("feed.stale", f"the answer is a copy, made {about(float(age[:12]))} ago")
        if reply.truncated:
            raise Unreadable("feed.unreadable", f"the feed is longer than {LIMIT >> 20} MiB")
        async with asyncio.timeout_at(deadline):
            said = await _read(reply, options)
    except Trouble as trouble:
        words = f"{trouble.code}: {trouble.detail}"
        return Sample(Outcome.UNKNOWN, "feed.unreachable", clean(words), phases=trouble.phases)
    except Unreadable as problem:
        return Sample(Outcome.UNKNOWN, problem.code, clean(problem.detail), phases=phases, retry_after=wait)
    except TimeoutError:
        return Sample(Outcome.UNKNOWN, "feed.unreadable", "the feed could not be read in time", phases=phases)
    return Sample(said.outcome, said.code, clean(said.detail), sum(phases.values()), phases)


async def _read(reply: Reply, options: FeedOptions) -> Reading:
    if is_xml(reply.body, options.format):  # how long XML takes is not told by its length
        return await in_turns(
            read_xml(reply.body, options.components, time.time(), reply.headers.get("content-type", ""))
        )
    reads = partial(read_json, reply.body, options.format, options.components, time.time(), options.stale_after)
    return await aside(reads, len(reply.body))
