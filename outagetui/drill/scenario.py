"""What a drill plays: faults over time, as data. Times are seconds after the quiet start; the drill has two speeds."""

from msgspec import Struct

SEED = 2011
CURED = "answers again"  # the words of a fault that is taken away


class Fault(Struct, frozen=True):
    """From `at` on `target` misbehaves: `share` of its answers fail, drawn with the scenario's seed.

    Each server names in its module the kinds it knows, such as `hang`, `503` or `one-way`; an empty one ends the fault.
    """

    at: float
    target: str
    share: float
    words: str
    kind: str = "drop"


def cured(at: float, target: str) -> Fault:
    """Return the end of whatever `target` suffers."""
    return Fault(at, target, 0.0, CURED, "")


class Pace(Struct, frozen=True):
    """How fast a scenario goes: the quiet start, probe intervals, and when each act begins.

    At the seconds `proofs` after the quiet start the scripted operator proves every backup. `update_every` is the
    rhythm in which people are promised news.
    """

    quiet: float
    every: str
    feed_every: str
    suggest_after: str
    acts: tuple[Fault, ...]
    proofs: tuple[float, ...] = ()
    update_every: str = "30m"


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
        cured(over, "messenger"),
    )


MESSENGER_2011 = Scenario(
    id="messenger-2011",
    name="A public messenger loses a quarter of its users",
    story="After a quiet start about a quarter of the messenger's answers fail, later all, then it recovers.",
    playbook="messenger-down",
    live=Pace(quiet=15.0, every="1s", feed_every="3s", suggest_after="5s", acts=_acts(0.0, 150.0, 330.0)),
    short=Pace(quiet=2.0, every="500ms", feed_every="1s", suggest_after="500ms", acts=_acts(0.0, 24.0, 30.0)),
)


def _moved(broken: float, lost: float, busy: float, better: float, over: float) -> tuple[Fault, ...]:
    return (
        Fault(0.0, "messenger", 1.0, "every answer fails"),
        Fault(broken, "phone", 1.0, "callers are not heard: sound goes one way", "one-way"),
        Fault(lost, "mail", 1.0, "takes mail and loses it"),
        Fault(busy, "phone", 1.0, "too busy: 503 with Retry-After", "503"),
        cured(better, "mail"),
        cured(better, "phone"),
        cured(over, "messenger"),
    )


JABBER_AND_PHONE = Scenario(
    id="jabber-and-phone",
    name="Staff move to Jabber, customers to the telephone",
    story="The messenger fails; later the telephone has no sound and mail is lost, which only its proof shows.",
    playbook="move",
    live=Pace(15.0, "1s", "3s", "5s", _moved(90.0, 100.0, 180.0, 240.0, 330.0)),
    short=Pace(2.0, "500ms", "1s", "500ms", _moved(10.0, 11.0, 16.0, 19.0, 34.0), proofs=(12.0, 28.0)),
)


def _dark(over: float) -> tuple[Fault, ...]:
    return (
        Fault(0.0, "names", 1.0, "its name servers are gone: look-ups fail", "servfail"),
        Fault(0.2, "messenger", 1.0, "dark, with all that belongs to its provider", "hang"),
        Fault(0.2, "facebook", 1.0, "the page we announce on is dark as well", "hang"),
        cured(over, "names"),
        cured(over + 1.0, "facebook"),
        cured(over + 1.0, "messenger"),
    )


FACEBOOK_2021 = Scenario(
    id="facebook-2021",
    name="The messenger goes dark, and a place to announce with it",
    story=(
        "The provider's name servers vanish, and with them the messenger, its other apps, the staff's tools that hang "
        "on it, and the page on which we announce. What is left has to be on other networks."
    ),
    playbook="provider-dark",
    live=Pace(15.0, "1s", "3s", "5s", _dark(330.0), update_every="2m"),
    short=Pace(2.0, "500ms", "1s", "500ms", _dark(22.0), update_every="8s"),
)
SCENARIOS: dict[str, Scenario] = {each.id: each for each in (MESSENGER_2011, JABBER_AND_PHONE, FACEBOOK_2021)}
