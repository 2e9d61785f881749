"""Which deliveries are still looked for: what was just sent, and what was accepted and waits for somebody. Pure."""

from collections.abc import Iterable

from outagetui.facts.announcement import Announcement

LONGEST_WAIT = 86400.0  # seconds after which what was accepted, and cannot be seen, is looked for no longer


def unsettled(announcements: Iterable[Announcement], since: float, now: float) -> list[tuple[str, int, str]]:
    """Return announcement, part and outlet of what was made after `since` and is still followed, waiting or not.

    What waits, for a moderator say, is among them for longer.
    """
    waiting = min(since, now - LONGEST_WAIT)
    return [
        (made.id, part, name)
        for made in announcements
        for (part, name), done in made.deliveries.items()
        if done.followed and made.retracted is None
        if _made_after(made, part, since if done.look_again is None else waiting)
    ]


def look_again(made: Announcement, part: int, outlet: str, now: float) -> float | None:
    """Return after how many seconds a delivery is looked for again that was accepted, or put off.

    None when it was not, or was made so long ago that nobody waits any more.
    """
    done = made.delivery(part, outlet)
    waits = done.followed and _made_after(made, part, now - LONGEST_WAIT)
    return done.look_again if waits else None


def _made_after(made: Announcement, part: int, since: float) -> bool:
    return any(at >= since for at, _, event in made.parts if event.part == part)
