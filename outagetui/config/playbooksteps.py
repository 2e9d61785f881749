"""What the steps of a playbook name: channels, checks, outlets, announcement texts, people."""

import functools
from collections.abc import Mapping

from outagetui.config.chatsteps import look_at_banner, look_at_xmpp
from outagetui.config.commandfile import look_at_use
from outagetui.config.names import known_name, known_names
from outagetui.config.parsed import Draft, Owner, Placed
from outagetui.config.positions import Path
from outagetui.config.tables import OutletTable, SettingsFile
from outagetui.config.wiresteps import look_at_records
from outagetui.core.announcement_kinds import ANNOUNCEMENT_KINDS
from outagetui.core.model import Playbook, Step
from outagetui.core.outlet_options import publishes
from outagetui.core.step_options import (
    AnnounceOptions,
    ChannelsOptions,
    PlaybookOptions,
    SpendOptions,
    StepOptions,
)
from outagetui.core.text import listing, nearest
from outagetui.core.words import Why


def look_at_steps(draft: Draft, playbook: Placed[Playbook]) -> None:
    """Note every name in the steps of `playbook` that means nothing, or not what the step needs."""
    checks = draft.checks
    people = _deciders(draft)
    for index, step in enumerate(playbook.value.steps):
        at: Path = ("step", index)
        if step.already is not None:
            known_name(draft, playbook, (*at, "check", "probe"), step.already, checks, "check")
        if step.needs == "two-person" and people is not None and people < 2:
            message = "needs two people, but fewer than two [[operator]] are operator or approver"
            playbook.problem((*at, "needs"), message)
        elif step.needs == "two-person" and draft.settings is not None and not _approvers(draft.settings.value):
            playbook.problem((*at, "needs"), "needs an approver, but no [[operator]] has that role")
        if step.options.must_ask and step.needs == "auto":
            playbook.problem((*at, "needs"), f"a {step.do} step asks: expected confirm or two-person")
        _look_at_condition(playbook, at, step)
        _look_at_options(draft, playbook, (*at, "with"), step.options)
        if step.undo is not None:
            _look_at_options(draft, playbook, (*at, "undo", "with"), step.undo.options)


def _look_at_condition(playbook: Placed[Playbook], at: Path, step: Step) -> None:
    """Note a condition that does not name an earlier choice and one of its answers."""
    if not step.only_if:
        return
    before = playbook.value.steps[: playbook.value.steps.index(step)]
    earlier = {other.id: other for other in before if other.options.asks == Why.CHOOSE}
    name, equals, answer = step.only_if.partition("=")
    if not equals:
        playbook.problem((*at, "if"), f'"{step.only_if}": expected "STEP=ANSWER"')
    elif name not in earlier:
        hint = nearest(name, earlier) or (f"; known: {listing(earlier)}" if earlier else "; there is none")
        playbook.problem((*at, "if"), f'no earlier choose step "{name}"{hint}')
    elif answer not in earlier[name].answers:
        known = earlier[name].answers
        hint = nearest(answer, known) or f"; known: {listing(known)}"
        playbook.problem((*at, "if"), f'{name} has no answer "{answer}"{hint}')


def _approvers(settings: SettingsFile) -> int:
    return sum(operator.role == "approver" for operator in settings.operator)


def _deciders(draft: Draft) -> int | None:
    """How many people may decide; None when outagetui.toml could not be read."""
    if draft.settings is None:
        return None
    return sum(operator.role in ("operator", "approver") for operator in draft.settings.value.operator)


def _look_at_options(draft: Draft, playbook: Placed[Playbook], at: Path, options: StepOptions) -> None:
    known: dict[str, Mapping[str, object]] = {
        "channel": draft.channels,
        "check": draft.checks,
        "outlet": draft.outlets,
        "playbook": draft.playbooks,
    }
    for key, noun in options.names:
        names = getattr(options, key)
        if isinstance(names, str):
            known_name(draft, playbook, (*at, key), names, known[noun], noun)
        else:
            known_names(draft, playbook, (*at, key), names, known[noun], noun)
    _look_further(options, draft, playbook, at)


@functools.singledispatch
def _look_further(options: StepOptions, draft: Draft, playbook: Placed[Playbook], at: Path) -> None:
    """Note what a kind of step cannot do with what its names mean."""


_look_further.register(look_at_use)
_look_further.register(look_at_xmpp)
_look_further.register(look_at_banner)
_look_further.register(look_at_records)


@_look_further.register
def _backups(options: ChannelsOptions, draft: Draft, playbook: Placed[Playbook], at: Path) -> None:
    channels = draft.channels
    for index, id in enumerate(options.channels):
        found = channels[id].channel if id in channels else None
        if found is not None and found.role == "primary":
            playbook.problem((*at, "channels", index), f'"{id}" is a primary channel; only backups have a standby')


@_look_further.register
def _money(options: SpendOptions, draft: Draft, playbook: Placed[Playbook], at: Path) -> None:
    owner = draft.channels.get(options.channel)
    if owner is not None and owner.channel is not None and owner.channel.cost is None:
        playbook.problem((*at, "channel"), f'"{options.channel}" has no [channel.cost], so nothing can be said')


@_look_further.register
def _inclusion(options: PlaybookOptions, draft: Draft, playbook: Placed[Playbook], at: Path) -> None:
    """Note a playbook that would come round to itself."""
    waiting, seen = [options.id], set[str]()
    while waiting:
        name = waiting.pop()
        if name == playbook.value.id:
            playbook.problem((*at, "id"), f'"{options.id}" runs {name} again: a playbook cannot be part of itself')
            return
        if name in draft.playbooks and name not in seen:
            seen.add(name)
            waiting += [part for each in draft.playbooks[name].value.steps if (part := each.options.part())]


@_look_further.register
def _announcement(options: AnnounceOptions, draft: Draft, playbook: Placed[Playbook], at: Path) -> None:
    owners = draft.outlets
    outlets = {id: owner.outlet for id, owner in owners.items() if owner.outlet is not None}
    chosen: list[OutletTable] = []
    for index, id in enumerate(options.outlets):
        if id in outlets:
            if trouble := _outlet_trouble(owners[id], outlets[id], options):
                playbook.problem((*at, "outlets", index), trouble)
            else:
                chosen.append(outlets[id])
    if not options.outlets and options.audience:
        chosen = [
            each
            for id, each in outlets.items()
            if each.audience == options.audience and publishes(each.kind, owners[id].options)
        ]
        if not chosen and not draft.maybe:
            playbook.problem((*at, "audience"), f"no outlet for {options.audience} can publish; add one of kind page")
    if options.kind not in ANNOUNCEMENT_KINDS:
        if options.kind:
            hint = nearest(options.kind, ANNOUNCEMENT_KINDS) or f"; known: {listing(ANNOUNCEMENT_KINDS)}"
            playbook.problem((*at, "kind"), f'unknown kind of announcement "{options.kind}"{hint}')
        return
    # Whatever is announced is closed with `resolved` one day, so that text must exist as well.
    wanted = {(kind, outlet.language) for outlet in chosen for kind in (options.kind, "resolved")}
    for kind, language in sorted(wanted):
        # A text in the base language serves its variants, as when it is sent.
        if draft.templates.keys() & {(kind, language), (kind, language.partition("-")[0])}:
            continue
        playbook.problem((*at, "kind"), f"there is no playbooks/announcements/{kind}.{language}.txt")


def _outlet_trouble(owner: Owner, outlet: OutletTable, options: AnnounceOptions) -> str:
    id = owner.id
    if outlet.kind and not publishes(outlet.kind, owner.options):
        key = owner.options.published_with
        return f'"{id}" has no {key}, so it is only watched; add {key} to its file'
    if outlet.audience and options.audience and outlet.audience != options.audience:
        return f'"{id}" is read by {outlet.audience}, not {options.audience}'
    return ""
