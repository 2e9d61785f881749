"""What the steps on an XMPP server and on the website name: a channel's server, a room, people, a file, a text."""

from pathlib import PurePosixPath

from outagetui.config.parsed import Draft, Owner, Placed
from outagetui.config.positions import Path
from outagetui.config.settings import CONTACTS
from outagetui.core.addresses import is_bare, on_channel, whole_room
from outagetui.core.announcement_kinds import ANNOUNCEMENT_KINDS
from outagetui.core.model import AUDIENCES, Audience, Channel, Contact, Playbook
from outagetui.core.step_options import BannerOptions, XmppStepOptions
from outagetui.core.text import listing, nearest

_EVERYBODY: dict[str, Audience] = {f"@{audience}": audience for audience in AUDIENCES}


def look_at_xmpp(options: XmppStepOptions, draft: Draft, playbook: Placed[Playbook], at: Path) -> None:
    """Note a channel without an account, a room whose host nobody knows, and people who cannot be reached there."""
    owner = draft.channels.get(options.channel)
    if owner is None:
        return
    found = _channel(owner)
    if not any(check.options.account() for check in found.checks):
        words = "has no check with the probe xmpp or xmpp.room, so that its server and our account there are not known"
        playbook.problem((*at, "channel"), f'"{options.channel}" {words}')
        return
    if room := getattr(options, "room", ""):
        _look_at_room(playbook, (*at, "room"), room, found)
    key, people = options.whom()
    _look_at_people(draft, playbook, (*at, key), people, found)


def _channel(owner: Owner) -> Channel:
    table = owner.channel
    assert table is not None
    checks = tuple(check.value for check in owner.checks)
    return Channel(id=owner.id, name="", audience="staff", role="backup", address=table.address or "", checks=checks)


def _look_at_room(playbook: Placed[Playbook], at: Path, room: str, channel: Channel) -> None:
    known = [check.options.chat_room() for check in channel.checks]
    if whole_room(room, known, channel.address):
        return
    if "@" in room or not is_bare(f"{room}@host"):
        playbook.problem(at, f'"{room}" is no room: expected a name, or its whole address room@host')
    else:
        words = "neither an xmpp.room check nor an address xmpp:room@host?join to take the host from"
        playbook.problem(at, f'write "{room}@" and the host of the rooms: the channel "{channel.id}" has {words}')


def _look_at_people(
    draft: Draft, playbook: Placed[Playbook], at: Path, named: str | tuple[str, ...], channel: Channel
) -> None:
    for index, name in enumerate((named,) if isinstance(named, str) else named):
        key = at if isinstance(named, str) else (*at, index)
        if name in _EVERYBODY:
            _look_at_everybody(draft, playbook, key, name, channel)
        elif name.startswith("@"):
            hint = nearest(name, _EVERYBODY) or f"; known: {listing(sorted(_EVERYBODY))}"
            playbook.problem(key, f'unknown group "{name}"{hint}')
        elif not is_bare(name):
            known = ", ".join(f'"{group}"' for group in sorted(_EVERYBODY))
            playbook.problem(key, f'"{name}" is no Jabber address: expected user@domain, {known}')


def _look_at_everybody(draft: Draft, playbook: Placed[Playbook], at: Path, group: str, channel: Channel) -> None:
    contacts = [
        Contact(name=each.value.name, audience=each.value.audience, addresses=each.value.addresses)
        for each in draft.contacts
    ]
    found, _ = on_channel(contacts, channel, _EVERYBODY[group])
    if not found and not any(PurePosixPath(each.path).name == CONTACTS for each in draft.report.problems):
        words = f'add addresses = {{ {channel.id} = "user@domain" }} to them in contacts.toml'
        playbook.problem(at, f'no contact of {group[1:]} has an address on "{channel.id}"; {words}')
    for entry in found:
        if not is_bare(entry.address):
            words = f'"{entry.address}", which is no Jabber address'
            playbook.problem(at, f'{group}: {entry.name} has as address on "{channel.id}" {words}')


def look_at_banner(options: BannerOptions, draft: Draft, playbook: Placed[Playbook], at: Path) -> None:
    """Note a text that is not there."""
    if options.kind not in ANNOUNCEMENT_KINDS:
        if options.kind:
            hint = nearest(options.kind, ANNOUNCEMENT_KINDS) or f"; known: {listing(ANNOUNCEMENT_KINDS)}"
            playbook.problem((*at, "kind"), f'unknown kind of announcement "{options.kind}"{hint}')
    elif not draft.templates.keys() & {(options.kind, options.language), (options.kind, _base(options.language))}:
        message = f"there is no playbooks/announcements/{options.kind}.{options.language}.txt"
        playbook.problem((*at, "language"), message)


def _base(language: str) -> str:
    """Return the language whose texts serve its variants too, as when they are composed."""
    return language.partition("-")[0]
