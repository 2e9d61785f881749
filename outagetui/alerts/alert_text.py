"""What a message to a person says: short, who and since when first, and what to do. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct

from outagetui.core.text import clean, clean_lines, listed
from outagetui.core.times import about, zone
from outagetui.core.words import AlertNews

NAMED = 8  # channels that are named; of more only the number is told
WHY = 160


class Bad(Struct, frozen=True, kw_only=True):
    """A channel that is bad: its name, its state in a word, since when, and why; `sent` is who was sent to it."""

    name: str
    state: str
    since: float
    why: str = ""
    sent: str = ""


class Facts(Struct, frozen=True, kw_only=True):
    """What a message tells of. `over` is for how many seconds it was bad, once it is over.

    `journal` is number and first digits of the journal's head, by which a message proves later what was written then.
    """

    business: str
    vantage: str
    timezone: str
    incident: str
    link: str
    since: float
    bad: Sequence[Bad] = ()
    channels: Sequence[str] = ()  # the names of all that ever were bad in this incident
    acked_by: str = ""
    over: float = 0.0
    blind: bool = False
    journal: str = ""


class Message(Struct, frozen=True, kw_only=True):
    """What is sent. `kind` is apprise's: info, success, warning or failure."""

    title: str
    body: str
    kind: str = "info"


def compose(what: str, facts: Facts, *, again: bool = False) -> Message:
    """Return the message for `what`: opened, update, acked, recovered or test."""
    title, kind, lines = _blindness(what, facts) if facts.blind else _incident(what, facts)
    if again:
        lines.append("(You may have had this message already: the daemon was restarted while it was being sent.)")
    origin = f"{facts.incident}, " if facts.incident else ""
    head = f", journal {facts.journal}" if facts.journal else ""
    lines.append(f"{origin}seen from {facts.vantage}, sent to {facts.link}{head}")
    return Message(title=clean(f"{facts.business}: {title}", 200), body=clean_lines("\n".join(lines), 3000), kind=kind)


def _incident(what: str, facts: Facts) -> tuple[str, str, list[str]]:
    if what == AlertNews.TEST:
        words = [
            "This is only a test of the way to you. Nothing is wrong and nothing is to be done.",
            "If an outage were to wake you, it would come the same way.",
        ]
        return "TEST of the alert, all is well", "info", words
    if what == AlertNews.ACKED:
        return (
            f"taken by {facts.acked_by}",
            "info",
            [f"{facts.acked_by} has taken the incident: nobody else need get up."],
        )
    if what == AlertNews.RECOVERED:
        words = [
            f"{_listed(facts.channels)}: up again after {about(facts.over)}.",
            "The incident stays open for a while.",
        ]
        return "recovered", "success", words
    dead = [each for each in facts.bad if each.sent]
    title = f"{_listed([each.name for each in facts.bad], 3)} {_state(facts.bad)}"
    if dead:
        title = f"DEAD WAY, {dead[0].sent} were sent to {_listed([each.name for each in dead], 3)}: {title}"
    lines = [_line(each, facts.timezone) for each in facts.bad[:NAMED]]
    if len(facts.bad) > NAMED:
        lines.append(f"and {len(facts.bad) - NAMED} more")
    lines.append("")
    if facts.acked_by:
        lines.append(f"{facts.acked_by} has taken the incident.")
    else:
        lines.append("Nobody has taken it yet. Take it: outagetui ack")
    lines += [f"Tell {whom}: outagetui announce update --audience {whom}" for whom in {each.sent: 0 for each in dead}]
    return (f"still: {title}" if what == AlertNews.UPDATE else title), "failure", lines


def _blindness(what: str, facts: Facts) -> tuple[str, str, list[str]]:
    if what == AlertNews.RECOVERED:
        return "can see again", "success", [f"Our own uplink works again after {about(facts.over)}."]
    words = [
        f"Our own uplink fails since {moment(facts.since, facts.timezone)}: none of the canaries answers.",
        "What the channels do meanwhile is not known.",
    ]
    return "BLIND, our own uplink fails", "warning", words


def _state(bad: Sequence[Bad]) -> str:
    states = {each.state for each in bad}
    return f"{'is' if len(bad) == 1 else 'are'} {' or '.join(sorted(states))}"


def _line(bad: Bad, timezone: str) -> str:
    why = f": {clean(bad.why, WHY)}" if bad.why else ""
    to = f" ({bad.sent} were sent there)" if bad.sent else ""
    return f"{bad.name} {bad.state} since {moment(bad.since, timezone)}{to}{why}"


def _listed(names: Sequence[str], most: int = NAMED) -> str:
    return listed(names if len(names) <= most else [*names[:most], f"{len(names) - most} more"])


def moment(at: float, timezone: str) -> str:
    """Return a time of day, here and in UTC."""
    local = datetime.fromtimestamp(at, zone(timezone))
    here = local.strftime("%H:%M %Z")
    return here if local.utcoffset() == UTC.utcoffset(None) else f"{here} ({local.astimezone(UTC):%H:%M} UTC)"
