"""Whatever happens, and whenever the daemon is killed: nobody is woken twice, too early or in vain, nor forgotten."""

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outagetui.alerts.chain import LASTING, UPDATE_EVERY
from outagetui.core.model import State
from outagetui.daemon.alarm import SEND_SECONDS
from outagetui.facts.events import Acked, AlertEnded, AlertIntended, decode
from tests.alerts.alarm_in_virtual_time import MINUTE, AlarmInVirtualTime, link

LINKS = ("phone", "second", "boss")
CHANNELS = ("chat", "mail", "c0")

steps = st.one_of(
    st.tuples(st.just("turn"), st.sampled_from(CHANNELS), st.sampled_from(["down", "partial", "up", "slow"])),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 7.0, 20.0, 31.0, 200.0, 301.0, 900.0])),
    st.tuples(st.just("way"), st.sampled_from(LINKS), st.sampled_from(["ok", "fail", "hang"])),
    st.tuples(st.just("mute"), st.sampled_from(CHANNELS), st.sampled_from([0.0, 400.0])),
    st.tuples(st.just("ack")),
    st.tuples(st.just("episode"), st.sampled_from([31.0, 320.0])),
    st.tuples(st.just("route"), st.sampled_from(["up", "down"])),
    st.tuples(st.just("crash")),
)


async def act(alarms: AlarmInVirtualTime, step: tuple[Any, ...]) -> None:
    match step:
        case ("turn", name, state):
            await alarms.turn(state, name)
        case ("episode", seconds):
            await alarms.turn("down", *CHANNELS)
            await alarms.wait(LASTING + 10)
            await alarms.turn("up", *CHANNELS)
            await alarms.wait(seconds)
        case ("wait", seconds):
            await alarms.wait(seconds)
        case ("way", name, way):
            alarms.ways[name] = way
        case ("mute", name, seconds):
            await alarms.mute(seconds, name)
        case ("ack",) if alarms.ledger.incident is not None:
            await alarms.ack()
        case ("route", state):
            alarms.watch.states["messenger"] = State(state)
        case ("crash",):
            await alarms.crash()


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, min_size=3, max_size=25))
def test_the_chain_keeps_its_promises(script: list[tuple[Any, ...]]) -> None:
    alarms = AlarmInVirtualTime(
        link("phone"), link("second", 5 * MINUTE, through=("messenger",)), link("boss", 15 * MINUTE), primaries=3
    )

    async def play() -> None:
        for step in script:
            await act(alarms, step)
        for name in LINKS:
            alarms.ways[name] = "ok"
        await alarms.mute(0.0, "chat")
        await alarms.turn("down", "chat")
        await alarms.wait(LASTING + 900 + 2 * SEND_SECONDS)

    alarms.run(play)
    look_over(alarms)
    incident = alarms.ledger.incident
    assert incident is not None
    links = alarms.ledger.alerts.by_link(incident.id)
    if not incident.acked_by:
        assert links["phone"].opened == "sent", "somebody is always woken in the end"


def look_over(alarms: AlarmInVirtualTime) -> None:
    """Walk the journal as an auditor."""
    pending: Counter[tuple[str, str, str]] = Counter()
    opened: Counter[tuple[str, str]] = Counter()
    acked: set[str] = set()
    heard: dict[tuple[str, str], str] = {}  # what a link heard last of an incident
    last: dict[str, float] = {}
    for entry in alarms.entries:
        match decode(entry.kind, entry.document):
            case Acked(incident=incident):
                acked.add(incident)
            case AlertIntended(incident=incident, link=name, what=what):
                pending[incident, name, what] += 1
                if what == "opened":
                    assert incident not in acked, "nobody is woken for what somebody has taken"
                    assert not opened[incident, name], "a link is alerted once"
                if what in ("update", "acked", "recovered"):
                    assert opened[incident, name], "only those who were woken hear more"
                if what == "recovered":
                    assert heard[incident, name] != "recovered", "recovery is told once"
                if what == "update":
                    assert entry.at - last[name] >= UPDATE_EVERY - 1, "updates come every five minutes at most"
            case AlertEnded(incident=incident, link=name, what=what, outcome=outcome):
                if outcome == "skipped":
                    continue
                assert pending[incident, name, what], "nothing is sent without an intent"
                pending[incident, name, what] = 0
                if outcome == "sent":
                    opened[incident, name] += what == "opened"
                    if what != "acked":
                        heard[incident, name], last[name] = what, entry.at
    posted = Counter((each.link, each.message.title, "already" in each.message.body) for each in alarms.sent)
    repeats = sum(count for (_, _, again), count in posted.items() if again)
    assert repeats <= len(LINKS) * alarms.crashes, "only a kill makes a message come twice, and then it says so"
    sent = sum(outcome == "sent" for _, outcome in alarms.outcomes())
    assert len(alarms.sent) - sent <= len(LINKS) * alarms.crashes
