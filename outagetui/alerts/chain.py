"""Who is told what now: the chain of links over one incident. Pure; a decision is made anew every second.

The first link is alerted once the incident has lasted, the next one when nobody acknowledged it after the link's
`after`, or at once when the one before it failed or was passed over. A link that failed is tried again, ever more
slowly, until somebody acknowledges. Those who were alerted hear, each at most every five minutes, of more channels
and of a relapse, and also who took the incident and that all is well again.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from outagetui.core.model import Alert
from outagetui.core.words import ALERT_MISSED, AlertNews, AlertPhase, AlertState
from outagetui.facts.alert_ledger import LinkRecord

LASTING = 30.0  # seconds that a channel has to be bad, or all of them good
UPDATE_EVERY = 300.0
FIRST_RETRY = 60.0
LONGEST_RETRY = 900.0
MOST_TRIES = 8  # of what is not the alert itself
TEST_RETRY = 3600.0


class Link(Struct, frozen=True, kw_only=True):
    """A link as it is now. `blocked` says why nothing may be sent through it, or is empty."""

    name: str
    after: float
    blocked: str = ""


class Scene(Struct, frozen=True, kw_only=True):
    """An incident as it is now.

    `bad` are its channels that have been bad long enough and are neither muted nor suppressed; `age` is for how many
    seconds it has been bad; `recovered` says that all its channels have been good for long enough. `dead` are those of
    the bad ones that people were sent to: of them is told at once.
    """

    incident: str
    open: bool = True
    acked_by: str = ""
    age: float = 0.0
    bad: frozenset[str] = frozenset()
    dead: frozenset[str] = frozenset()
    recovered: bool = False


class Act(Struct, frozen=True, kw_only=True):
    """Tell `link` `what` (opened, update, acked or recovered), or pass it over because of `skip`.

    `again` says that a daemon which was killed may have told it already.
    """

    link: str
    what: str
    skip: str = ""
    again: bool = False


def due(
    scene: Scene, links: Sequence[Link], told: Mapping[str, LinkRecord], busy: Iterable[str], now: float
) -> list[Act]:
    """Return what is to be done at `now` (epoch seconds); nothing is begun with links that are `busy`."""
    acts: list[Act] = []
    before = ""  # what became of the alert at the link before
    for link in links:
        state = told.get(link.name, LinkRecord())
        if link.name in busy:
            before = AlertState.SENDING if state.opened != AlertState.SENT else AlertState.SENT
            continue
        act = _opening(scene, link, state, before, now) or _following(scene, link, state, now)
        if act is not None:
            acts.append(act)
        opens = act is not None and act.what == AlertNews.OPENED
        before = (AlertState.SKIPPED if act is not None and act.skip else AlertState.SENDING) if opens else state.opened
    return acts


def _opening(scene: Scene, link: Link, state: LinkRecord, before: str, now: float) -> Act | None:
    if not scene.open or not scene.bad or scene.acked_by or state.opened == AlertState.SENT:
        return None
    if scene.age < link.after and before not in ALERT_MISSED:
        return None
    if link.blocked:
        known = state.opened in ALERT_MISSED
        return None if known else Act(link=link.name, what=AlertNews.OPENED, skip=link.blocked)
    if state.opened == AlertState.FAILED and not passed(state.tried, now, retry_after(state.tries)):
        return None
    return Act(link=link.name, what=AlertNews.OPENED, again=state.opened == AlertState.SENDING)


def _following(scene: Scene, link: Link, state: LinkRecord, now: float) -> Act | None:
    what = _news(scene, state, now) if state.opened == AlertState.SENT and not link.blocked else ""
    if not what:
        return None
    waits = state.tries >= MOST_TRIES or not passed(state.tried, now, retry_after(state.tries))
    if state.trying == what and waits:
        return None
    return Act(link=link.name, what=what, again=state.pending == what)


def _news(scene: Scene, state: LinkRecord, now: float) -> str:
    if scene.recovered:
        return AlertNews.RECOVERED if state.phase == AlertPhase.BAD else ""
    if not scene.open:
        return ""
    if scene.acked_by and not state.acked and state.phase == AlertPhase.BAD:
        return AlertNews.ACKED
    more = scene.bad - state.channels or (scene.bad and state.phase == AlertPhase.RECOVERED)
    return AlertNews.UPDATE if more and (scene.dead - state.channels or passed(state.at, now, UPDATE_EVERY)) else ""


def by_failure_only(links: Sequence[Link]) -> list[Link]:
    """Return the chain for what nobody can acknowledge: the first link at once, another only when one failed."""
    return [
        Link(name=link.name, after=math.inf if number else 0.0, blocked=link.blocked)
        for number, link in enumerate(links)
    ]


def retry_after(tries: int) -> float:
    """Return the seconds until something that failed `tries` times in a row is tried again."""
    return min(FIRST_RETRY * 2.0 ** (min(tries, 10) - 1), LONGEST_RETRY)


def passed(at: float, now: float, span: float) -> bool:
    """Whether `span` seconds went by since `at`; a clock that was put back must not silence anybody."""
    return not at <= now < at + span


def test_due(link: Alert, worked: float | None, tested: float | None, now: float) -> bool:
    """Whether the link's test is due: it last `worked` too long ago, and was not `tested` in vain just now."""
    if link.test_every is None:
        return False
    if worked is not None and not passed(worked, now, link.test_every):
        return False
    return tested is None or passed(tested, now, min(link.test_every, TEST_RETRY))
