"""Common fate: what two channels share that can take both down at once; pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

from msgspec import Struct

from outagetui.core.model import Channel

KINDS = ("provider", "host", "network", "name server", "certificate issuer")
MOST_BACKUPS = 1000  # pairs of backups that are told


class Trait(NamedTuple):
    """One thing a channel hangs on: its kind (see KINDS) and which."""

    kind: str
    value: str


class Fate(Struct, frozen=True, array_like=True):
    """Two channels and what they share, in words such as "network 192.0.2.0/24"."""

    one: str
    other: str
    shares: tuple[str, ...]


def common(channels: Sequence[Channel], traits: Mapping[str, Collection[Trait]]) -> tuple[Fate, ...]:
    """Return the pairs that share something and whose common fate matters, in the order of `channels`.

    Those are a backup with each channel that it backs up, and two backups of one audience. Of the latter at most
    MOST_BACKUPS are told: where thousands stand on one host, all their pairs are one fault. The strongest ties come
    first. A shared host says that the network is shared too, so that is not told again.
    """
    places = {channel.id: place for place, channel in enumerate(channels)}
    wanted = {*_backed_up(channels, places), *islice(_beside(channels, traits), MOST_BACKUPS)}
    fates = []
    for one, other in sorted(wanted):
        shared = set(traits.get(channels[one].id, ())) & set(traits.get(channels[other].id, ()))
        kinds = {trait.kind for trait in shared}
        told = sorted(
            (trait for trait in shared if not (trait.kind == "network" and "host" in kinds)),
            key=lambda trait: (KINDS.index(trait.kind), trait.value),
        )
        if told:
            shares = tuple(f"{trait.kind} {trait.value}" for trait in told)
            fates.append(Fate(channels[one].id, channels[other].id, shares))
    return tuple(fates)


def _backed_up(channels: Sequence[Channel], places: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    """Yield the places of every backup and what it backs up, the earlier one first."""
    for place, channel in enumerate(channels):
        for other in (places[name] for name in channel.backs_up if name in places and name != channel.id):
            yield min(place, other), max(place, other)


def _beside(channels: Sequence[Channel], traits: Mapping[str, Collection[Trait]]) -> Iterator[tuple[int, int]]:
    """Yield the places of two backups of one audience that share something: looked up by what they hang on."""
    standing: dict[tuple[str, Trait], list[int]] = {}
    for place, channel in enumerate(channels):
        if channel.is_backup:
            mine = [standing.setdefault((channel.audience, trait), []) for trait in traits.get(channel.id, ())]
            for earlier in dict.fromkeys(chain.from_iterable(mine)):
                yield earlier, place
            for group in mine:
                group.append(place)


def declared(channel: Channel) -> set[Trait]:
    """Return what the configuration itself says."""
    return {Trait("provider", channel.provider.casefold())} if channel.provider else set()
