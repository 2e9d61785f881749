"""Cycles in `depends_on`: things that would each wait for the other to raise the alarm."""

from collections.abc import Iterator, Mapping

from outagetui.config.parsed import Draft, Placed
from outagetui.config.positions import Path

Place = tuple[Placed[object], Path]


def look_for_cycles(draft: Draft) -> None:
    """Note every cycle once, at its alphabetically first `depends_on`.

    A check also inherits what its channel depends on, and a channel's state is that of its checks.
    """
    edges: dict[str, list[str]] = {}
    places: dict[tuple[str, str], Place] = {}
    for owner in draft.owners:
        inherited = owner.channel.depends_on if owner.channel else ()
        edges[owner.id] = [*inherited, *(check.value.id for check in owner.checks)]
        for index, name in enumerate(inherited):
            places[owner.id, name] = (owner.table, ("depends_on", index))
        for check in owner.checks:
            own = check.value.depends_on
            edges[check.value.id] = [*own, *inherited]
            for index, name in enumerate(inherited):
                places.setdefault((check.value.id, name), (owner.table, ("depends_on", index)))
            for index, name in enumerate(own):
                places[check.value.id, name] = (check, ("depends_on", index))
    told: set[str] = set()
    for cycle in _cycles(edges):
        if told & set(cycle):
            continue  # another way round the same knot
        told |= set(cycle)
        written = [pair for pair in zip(cycle, [*cycle[1:], cycle[0]], strict=True) if pair in places]
        if written:
            placed, at = places[min(written)]
            placed.problem(at, f"depends on itself: {' > '.join([*cycle, cycle[0]])}")


def _cycles(edges: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """Yield a cycle for every edge that leads back, found depth first and without recursion."""
    done: set[str] = set()
    for start in sorted(edges):
        if start in done:
            continue
        trail: list[str] = [start]
        on_trail = {start}
        waiting = [iter(edges[start])]
        while waiting:
            name = next(waiting[-1], None)
            if name is None:
                waiting.pop()
                left = trail.pop()
                on_trail.discard(left)
                done.add(left)
            elif name in on_trail:
                yield trail[trail.index(name) :]
            elif name in edges and name not in done:
                trail.append(name)
                on_trail.add(name)
                waiting.append(iter(edges[name]))
