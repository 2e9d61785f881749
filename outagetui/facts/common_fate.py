"""Common fate: what two channels share that can take both down at once; pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from outagetui.core.model import Channel

KINDS = ("provider", "host", "network", "name server", "certificate issuer")


class Trait(NamedTuple):
    """One thing a channel hangs on: its kind (see KINDS) and which."""

    kind: str
    value: str


class Fate(Struct, frozen=True, array_like=True):
    """Two channels and what they share, in words such as "network 192.0.2.0/24"."""

    one: str
    other: str
    shares: tuple[str, ...]


def pairs(channels: Sequence[Channel]) -> Iterable[tuple[Channel, Channel]]:
    """Return the pairs whose common fate matters: two backups of one audience, and a backup with what it backs up."""
    for index, one in enumerate(channels):
        for other in channels[index + 1 :]:
            backups = one.is_backup and other.is_backup and one.audience == other.audience
            if backups or one.id in other.backs_up or other.id in one.backs_up:
                yield one, other


def common(channels: Sequence[Channel], traits: Mapping[str, Collection[Trait]]) -> tuple[Fate, ...]:
    """Return every pair that shares something, with the strongest ties first.

    A shared host says that the network is shared too, so that is not told again.
    """
    fates = []
    for one, other in pairs(channels):
        shared = set(traits.get(one.id, ())) & set(traits.get(other.id, ()))
        kinds = {trait.kind for trait in shared}
        told = sorted(
            (trait for trait in shared if not (trait.kind == "network" and "host" in kinds)),
            key=lambda trait: (KINDS.index(trait.kind), trait.value),
        )
        if told:
            fates.append(Fate(one.id, other.id, tuple(f"{trait.kind} {trait.value}" for trait in told)))
    return tuple(fates)


def declared(channel: Channel) -> set[Trait]:
    """Return what the configuration itself says."""
    return {Trait("provider", channel.provider.casefold())} if channel.provider else set()
