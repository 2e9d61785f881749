"""`value`: one number from a page, such as a balance, an operators' rating or the length of a queue, against limits."""

import asyncio
import json
import math
import re
import time
from functools import partial

from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import ValueOptions
from outagetui.core.text import clean
from outagetui.net.aside import aside
from outagetui.net.pattern import search
from outagetui.net.trouble import Trouble, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.http_answer import Reply, at_path, refused
from outagetui.protocols.http_fetch import fetch

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Fetch the page and judge its number. A page that fails is a failure; one without the number is unknown."""
    options = check.own(ValueOptions)
    reply = await fetch(vantage, check.target, ca=options.ca, connect=check.connect, deadline=deadline)
    try:
        if not 200 <= reply.status < 300:
            raise refused(reply, f"the page answered {reply.status}", time.time())
        if reply.truncated:
            unknown("value.missing", f"the page is longer than the {len(reply.body) >> 10} KiB that are read")
        found = await _find(reply, options, deadline)
        number = number_of(found)
    except Trouble as trouble:
        trouble.phases = reply.phases
        raise
    outcome, code, words = judge(number, options)
    return Sample(outcome, code, clean(words), sum(reply.phases.values()), reply.phases, number)


async def _find(reply: Reply, options: ValueOptions, deadline: float) -> object:
    """Return what stands at the path, or in the first group of the pattern. Raises `Trouble` where that is not one."""
    text = await reply.searchable()
    if options.path is None:
        found = await search(options.match or "", text, deadline)
        if found is None:
            unknown("value.missing", f"{options.match} is not on the page")
        return found[1]
    try:
        async with asyncio.timeout_at(deadline):
            return await aside(partial(at_path, text, options.path), len(reply.body))
    except TimeoutError:
        unknown("value.missing", "the page could not be read in time")


def number_of(found: object) -> float:
    """Return `found` as a number; numeric strings are numbers. Raises `Trouble` `value.not-a-number`."""
    number = math.nan
    if isinstance(found, str) and _NUMBER.fullmatch(found.strip()):
        number = float(found)
    elif isinstance(found, (int, float)) and not isinstance(found, bool):
        try:
            number = float(found)
        except OverflowError:
            number = math.inf
    if not math.isfinite(number):
        unknown("value.not-a-number", f"{clean(_shown(found), 60)} is not a number")
    return number


def _shown(found: object) -> str:
    if isinstance(found, (dict, list)):
        return "an object" if isinstance(found, dict) else "a list"
    if isinstance(found, float):
        return "a value beyond all limits"  # which JSON has no word for
    if found is None or isinstance(found, bool):
        return json.dumps(found)
    return str(found)[:200] or "an empty text"


def judge(number: float, options: ValueOptions) -> tuple[Outcome, str, str]:
    """Return outcome, code and words for `number` against the limits; a limit itself is still well."""
    shown = f"{number:,.10g} {options.unit}".rstrip()
    for outcome, below, above in (
        (Outcome.FAIL, options.down_below, options.down_above),
        (Outcome.WARN, options.slow_below, options.slow_above),
    ):
        if below is not None and number < below:
            return outcome, "value.low", f"{shown}, below {below:,.10g}"
        if above is not None and number > above:
            return outcome, "value.high", f"{shown}, above {above:,.10g}"
    return Outcome.PASS, "", shown
