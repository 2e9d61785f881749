"""`value`: one number from a page, such as a balance, an operators' rating or the length of a queue, against limits."""

import asyncio
import math
import re
from functools import partial

import msgspec

from outagetui.feeds.plain import decode
from outagetui.model import Check, Outcome, Sample
from outagetui.options import ValueOptions
from outagetui.probes.aside import aside
from outagetui.probes.fetch import fetch
from outagetui.probes.trouble import Trouble, fail, unknown
from outagetui.probes.vantage import Vantage
from outagetui.text import clean

PATIENCE = 1.0  # seconds a pattern may search, at most
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Fetch the page and judge its number. A page that fails is a failure; one without the number is unknown."""
    options = check.options
    assert isinstance(options, ValueOptions)
    if (options.path is None) == (options.match is None):
        unknown("option.invalid", "a value needs either path or match")
    reply = await fetch(vantage, check.target, connect=check.connect, deadline=deadline)
    try:
        if not 200 <= reply.status < 300:
            fail(f"http.{reply.status}", f"the page answered {reply.status}")
        if reply.truncated:
            unknown("value.missing", f"the page is longer than the {len(reply.body) >> 10} KiB that are read")
        try:
            async with asyncio.timeout_at(deadline):
                # How long a pattern takes is not told by the page's length.
                size = None if options.match is not None else len(reply.body)
                found = await aside(partial(find, reply.body, options), size)
        except TimeoutError:
            unknown("value.missing", "the value could not be found in time")
        number = number_of(found)
    except Trouble as trouble:
        trouble.phases = reply.phases
        raise
    outcome, code, words = judge(number, options)
    return Sample(outcome, code, clean(words), sum(reply.phases.values()), reply.phases, number)


def find(body: bytes, options: ValueOptions) -> object:
    """Return what stands at the path, or in the first group of the pattern. Raises `Trouble` where that is not one."""
    try:
        text = decode(body, errors="strict" if options.path is not None else "replace")
    except UnicodeDecodeError:
        unknown("value.missing", "the page is not text")
    if options.path is not None:
        return _by_path(text, options.path)
    return _by_pattern(text, options.match or "")


def _by_path(text: str, path: str) -> object:
    """Return the one value at `path` (JSONPath, RFC 9535)."""
    from itertools import islice

    import jsonpath_rfc9535 as jsonpath

    try:
        query = jsonpath.compile(path)
    except jsonpath.JSONPathError as error:
        unknown("option.invalid", f"path: {path} is not a JSONPath: {error}")
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        unknown("value.missing", f"the page is not JSON: {error}")
    try:
        nodes = list(islice(query.finditer(document), 2))
    except (jsonpath.JSONPathError, RecursionError) as error:
        unknown("value.missing", f"{path} cannot be followed: {error}")
    if not nodes:
        unknown("value.missing", f"nothing at {path}")
    if len(nodes) > 1:
        unknown("value.ambiguous", f"more than one value at {path}")
    value: object = nodes[0].value
    return value


def _by_pattern(text: str, pattern: str) -> object:
    """Return the first group of the first match of `pattern`."""
    import regex  # type: ignore[import-untyped]

    try:
        compiled = regex.compile(pattern, regex.MULTILINE)
    except regex.error as error:
        unknown("option.invalid", f"match: {pattern} is not a regular expression: {error}")
    if not compiled.groups:
        unknown("option.invalid", f"match: {pattern} has no group, in which the number would stand")
    try:
        found = compiled.search(text, timeout=PATIENCE, concurrent=True)
    except TimeoutError:
        unknown("value.missing", f"{pattern} took longer than {PATIENCE:g} s on this page")
    if found is None or found[1] is None:
        unknown("value.missing", f"{pattern} is not on the page")
    return str(found[1])


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
    return "null" if found is None else str(found)[:200] or "an empty text"


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
