"""What a drill plays: faults over time, as data. Times are seconds after the quiet start; the drill has two speeds."""

from msgspec import Struct

SEED = 2011


class Fault(Struct, frozen=True):
    """From `at` on, `share` of the answers of `target` fail, drawn with the scenario's seed."""

    at: float
    target: str
    share: float
    words: str


class Pace(Struct, frozen=True):
    """How fast a scenario goes: the quiet start, probe intervals, and when each act begins."""

    quiet: float
    every: str
    feed_every: str
    suggest_after: str
    acts: tuple[Fault, ...]


class Scenario(Struct, frozen=True):
    """A scenario at two paces: for a person at the screens, and shortened for a scripted operator."""

    id: str
    name: str
    story: str
    playbook: str
    live: Pace
    short: Pace


def _acts(quarter: float, whole: float, over: float) -> tuple[Fault, ...]:
    return (
        Fault(quarter, "messenger", 0.25, "a quarter of the answers fail"),
        Fault(whole, "messenger", 1.0, "every answer fails"),
        Fault(over, "messenger", 0.0, "answers again"),
    )


MESSENGER_2011 = Scenario(
    id="messenger-2011",
    name="A public messenger loses a quarter of its users",
    story="After a quiet start about a quarter of the messenger's answers fail, later all, then it recovers.",
    playbook="messenger-down",
    live=Pace(quiet=15.0, every="1s", feed_every="3s", suggest_after="5s", acts=_acts(0.0, 150.0, 330.0)),
    short=Pace(quiet=2.0, every="500ms", feed_every="1s", suggest_after="500ms", acts=_acts(0.0, 24.0, 30.0)),
)
SCENARIOS: dict[str, Scenario] = {MESSENGER_2011.id: MESSENGER_2011}
