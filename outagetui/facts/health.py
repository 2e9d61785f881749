"""How a channel or outlet stands by what its checks say: the same for the daemon and for the screens. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping

from outagetui.core.model import Channel, State, worst
from outagetui.facts import verdict
from outagetui.facts.live import PublicChannel
from outagetui.facts.reach import Share, share_of
from outagetui.facts.verdict import Track


def judged(checks: Iterable[Mapping[str, State]]) -> tuple[State, str]:
    """Return the state of what these checks watch, each given by its states from every vantage, and why it is local."""
    return verdict.of_channel([verdict.across(states) for states in checks])


def certain(tracks: Iterable[Track]) -> State:
    """Return the worst state that was certain last; unknown when none ever was."""
    return worst(track.state for track in tracks if track.state is not State.UNKNOWN)


def share(shown: State, tracks: Collection[Track]) -> Share:
    """Return how much works of what is shown to be in the state `shown`."""
    return share_of(shown, certain(tracks), max(map(verdict.failing_share, tracks), default=0.0))


def onset(tracks: Iterable[Track]) -> float | None:
    """Return when the first of the troubles began that last; None when nothing fails."""
    onsets = (track.failing.onset for track in tracks if track.failing.bad)
    return min((at for at in onsets if at is not None), default=None)


def suppressed(channel: Channel | PublicChannel, state_of: Callable[[str], State]) -> bool:
    """Whether all that a channel and its checks depend on is down, so that its own failure says nothing new."""
    needed = needs(channel)
    return bool(needed) and all(state_of(name) is State.DOWN for name in needed)


def needs(channel: Channel | PublicChannel) -> tuple[str, ...]:
    """Return all that a channel and its checks depend on."""
    return (*channel.depends_on, *(name for check in channel.checks for name in check.depends_on))
