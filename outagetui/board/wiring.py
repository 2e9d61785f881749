"""What points to what in a configuration, looked up once for all of its boards; pure."""

from collections.abc import Iterable, Mapping

from outagetui.facts.health import needs
from outagetui.facts.live import Public, PublicChannel, PublicOutlet


class Wiring:
    """The look-ups that rows need. `owners` are channels and outlets by id, in the order of the configuration.

    `owner_of` names by check whose it is; `leaning` by name who depends on it; `weighed` are the channels that reach,
    suggestions and what is owed are made from.
    """

    def __init__(self, public: Public) -> None:
        owners: list[PublicChannel | PublicOutlet] = [*public.channels, *public.outlets]
        self.owners = {owner.id: owner for owner in owners}
        self.outlets = [outlet.id for outlet in public.outlets]
        self.place = {owner.id: place for place, owner in enumerate(owners)}
        self.owner_of = {check.id: owner.id for owner in owners for check in owner.checks}
        self.backed_by = _turned({channel.id: channel.backs_up for channel in public.channels})
        self.dependents = _turned({channel.id: channel.depends_on for channel in public.channels})
        self.leaning = _turned({channel.id: needs(channel) for channel in public.channels})
        self.audiences = {each.audience for each in public.channels} | {each.audience for each in public.segments}
        named = {id for segment in public.segments for id in segment.uses}
        named |= {id for book in public.playbooks for held in book.suggest for id in held.channels}
        self.weighed = named | {channel.id for channel in public.channels if channel.is_backup}
        names = {channel.id: channel.name for channel in public.channels}
        self._fates: dict[str, list[str]] = {}
        for fate in public.fates:
            for one, other in dict.fromkeys(((fate.one, fate.other), (fate.other, fate.one))):
                words = f"{', '.join(fate.shares)} with {names.get(other, other)}"
                self._fates.setdefault(one, []).append(words)

    def fates(self, channel: str) -> tuple[str, ...]:
        """Return in words what a channel shares with others."""
        return tuple(self._fates.get(channel, ()))


def _turned(pointers: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return for each name those that point to it, in their order."""
    turned: dict[str, list[str]] = {}
    for name, others in pointers.items():
        for other in dict.fromkeys(others):
            turned.setdefault(other, []).append(name)
    return turned
