"""Comparing across files: every name must mean something, every id one thing, and nothing may wait for itself."""

from collections.abc import Iterable, Mapping
from typing import Any

from outagetui.config import graph
from outagetui.config.alertchain import look_at_routes
from outagetui.config.defaults import vantage_name
from outagetui.config.messages import look_at_messages
from outagetui.config.names import known_name, known_names
from outagetui.config.parsed import Draft, Owner, Placed
from outagetui.config.playbooksteps import look_at_steps
from outagetui.config.positions import Path
from outagetui.config.suggestions import look_at_conditions
from outagetui.config.tables import ChannelTable
from outagetui.core.model import Check
from outagetui.core.outlet_options import publishes


def look_at_references(draft: Draft) -> None:
    """Note every fault between the files of `draft`. What a file that does not parse may define counts as known."""
    _duplicates(draft)
    channels = draft.channels
    # Built once: with ten thousand checks, once for each of them takes the most of a minute.
    either: dict[str, object] = {**channels, **draft.checks}
    vantages = dict.fromkeys(filter(None, (_vantage(draft),)))
    for owner in draft.owners:
        _owner_references(draft, owner, either, vantages)
    for segment in draft.segments:
        known_names(draft, segment, ("uses",), segment.value.uses, channels, "channel")
    for contact in draft.contacts:
        for name in contact.value.addresses:
            known_name(draft, contact, ("addresses", name), name, channels, "channel")
    peopled = {segment.value.audience for segment in draft.segments}
    for playbook in draft.playbooks.values():
        look_at_conditions(draft, playbook, peopled)
        look_at_steps(draft, playbook)
    _look_for_a_name(draft)
    look_at_messages(draft)
    look_at_routes(draft)
    graph.look_for_cycles(draft)


def _duplicates(draft: Draft) -> None:
    _once((owner.id, owner.table, ("id",)) for owner in draft.owners)
    for owner in draft.owners:
        _once((check.value.id, check, ("id",)) for check in owner.checks if not check.value.id.endswith("."))
    _once((segment.value.id, segment, ("id",)) for segment in draft.segments if segment.value.id)
    for playbook in draft.playbooks.values():
        steps = playbook.value.steps
        _once((step.id, playbook, ("step", index, "id")) for index, step in enumerate(steps))


def _once(entries: Iterable[tuple[str, Placed[object], Path]]) -> None:
    first: dict[str, tuple[Placed[object], Path]] = {}
    for id, placed, key in entries:
        if id in first:
            taken, its = first[id]
            given = not isinstance(placed.value, Check) or placed.source.holds((*placed.at, *key))
            words = f'the id "{id}" is taken by {taken.source.place((*taken.at, *its))}'
            placed.problem(key, words if given else f"missing; without one {words}: give this check an id of its own")
        else:
            first[id] = placed, key


def _balance(draft: Draft, owner: Owner, channel: ChannelTable) -> None:
    name = channel.cost.balance if channel.cost else None
    if name is None:
        return
    known_name(draft, owner.table, ("cost", "balance"), name, draft.checks, "check")
    if name in draft.checks and not draft.checks[name].value.options.reads_number:
        owner.table.problem(("cost", "balance"), f'"{name}" reads no number; name a check with probe = "value"')


def _owner_references(draft: Draft, owner: Owner, either: Mapping[str, object], vantages: Mapping[str, object]) -> None:
    if owner.channel is not None:
        known_names(draft, owner.table, ("backs_up",), owner.channel.backs_up, draft.channels, "channel")
        known_names(draft, owner.table, ("depends_on",), owner.channel.depends_on, either, "channel or check")
        _balance(draft, owner, owner.channel)
    for check in owner.checks:
        known_names(draft, check, ("depends_on",), check.value.depends_on, either, "channel or check")
        if vantages:
            known_names(draft, check, ("vantages",), check.value.vantages, vantages, "vantage")


def _look_for_a_name(draft: Draft) -> None:
    """Note the first that publishes while the business has no name: what stands in for it is this machine's."""
    if draft.settings is None or draft.settings.source.holds(("business",)):
        return
    speakers: list[tuple[Placed[Any], Path]] = [
        (owner.table, ()) for owner in draft.owners if owner.outlet and publishes(owner.outlet.kind, owner.options)
    ]
    speakers += [
        (playbook, ("step", index))
        for playbook in draft.playbooks.values()
        for index, step in enumerate(playbook.value.steps)
        if step.options.audiences()
    ]
    for placed, at in speakers[:1]:
        words = 'speaks for a business, whose name is not known: write business = "…" at the top of outagetui.toml'
        placed.problem(at, f"{words}; a host's name is not published")


def _vantage(draft: Draft) -> str:
    """Return the name of our vantage, or nothing when what is written is of no use."""
    if draft.settings is None:
        return ""
    written = draft.settings.value.vantage
    return written or ("" if draft.settings.source.holds(("vantage",)) else vantage_name())
