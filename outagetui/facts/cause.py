"""Why a check is as it is, for somebody in a hurry: the cause, how much fails, and statistics apart from both; pure."""

from collections.abc import Mapping

from msgspec import Struct

from outagetui.core.model import Sample, State
from outagetui.facts.verdict import BAD_AT, RECOVERED_AT, Track, wilson

# What follows the words of a code that do not explain themselves.
_MEANINGS = {
    "http.502": "the server behind it does not answer",
    "http.503": "overloaded or being repaired",
    "http.504": "the server behind it is too slow",
    "xmpp.not-authorized": "password changed?",
}
# What is said in place of the words of a sample.
_WORDS = {
    "dns.servfail": "its name servers do not answer",
    "secret.unreadable": "we cannot read our own password file",
    "sip.404": "the number is not known there",
    "tcp.refused": "nobody listens there (connection refused)",
    "tls.hostname": "its certificate is for another name",
    "xmpp.not-authorized": "our login is refused",
}
_SHORT = {"nobody listens there (connection refused)": "connection refused"}
_TAILS = frozenset(f": {words}" for words in _MEANINGS.values())
_NAMELESS = ": no such name"


class Cause(Struct, frozen=True, gc=False):
    """Why a check is as it is: what it answers, how many of the tries fail (`8 of 20`), how sure that is.

    `first` is when the trouble began, in epoch seconds.
    """

    cause: str = ""
    count: str = ""
    odds: str = ""
    first: float | None = None


def cause_of(track: Track, state: State, sample: Sample | None) -> Cause:
    """Return why a check is in `state`; `sample` is the one that explains it."""
    words = answer(sample.code, sample.detail, sample.phases) if sample is not None else ""
    if state is State.UNKNOWN:
        return Cause(words or "not probed yet")
    evidence = track.slowness if state is State.SLOW else track.failing
    if state in (State.UP, State.BLIND) or not evidence.window:
        return Cause(words)
    failed, seen = sum(evidence.window), len(evidence.window)
    low, high = wilson(failed, seen)
    odds = f"likely {low * 100:.0f}-{high * 100:.0f} %; evidence {evidence.s:.1f}, {BAD_AT:.0f} is enough"
    if evidence.r > 0:
        odds += f"; recovering {evidence.r:.1f} of {RECOVERED_AT:.0f}"
    return Cause(words, f"{failed} of {seen}", odds, evidence.onset)


def answer(code: str, detail: str, phases: Mapping[str, float]) -> str:
    """Return in words what a look met: the sample's own, or plainer ones for its code."""
    if code == "timeout" and detail.startswith("no answer in time"):
        seconds = round(sum(phases.values()) / 1000)
        return f"no answer within {seconds} s" if seconds else "no answer in time"
    if code == "dns.nxdomain" and detail.partition(_NAMELESS)[1]:
        return f"no such name: {detail.partition(_NAMELESS)[0]}"
    words = _WORDS.get(code) or detail or code
    return f"{words}: {_MEANINGS[code]}" if code in _MEANINGS else words


def brief(cause: str) -> str:
    """Return a cause for few cells: without what explains it."""
    for tail in _TAILS:
        cause = cause.removesuffix(tail)
    return _SHORT.get(cause, cause)
