"""What the steps on an XMPP server and on the website name: a channel's server, a room, people, a file, a text."""

from pathlib import PurePosixPath
from urllib.parse import urlsplit

from outagetui.config.draft import Draft, Owner, Placed
from outagetui.config.names import known_name
from outagetui.config.positions import Path
from outagetui.config.settings import CONTACTS
from outagetui.config.templates import KINDS
from outagetui.config.wiresteps import is_private
from outagetui.core import targets
from outagetui.core.addresses import on_channel
from outagetui.core.model import AUDIENCES, Audience, Channel, Contact, Playbook
from outagetui.core.probe_options import XmppOptions, XmppRoomOptions
from outagetui.core.step_options import (
    BannerOptions,
    XmppAccountOptions,
    XmppInviteOptions,
    XmppMessageOptions,
    XmppRoomCloseOptions,
    XmppRoomStepOptions,
)
from outagetui.core.text import listing, nearest
from outagetui.protocols.xmpp.address import is_bare, whole_room

OnXmpp = XmppRoomStepOptions | XmppRoomCloseOptions | XmppInviteOptions | XmppMessageOptions | XmppAccountOptions
SUFFIXES = (".html", ".htm", ".json")  # of the files a banner can be
_LONGEST = {"text": 4000, "subject": 300}  # characters; more would be cut where it is sent
_EVERYBODY: dict[str, Audience] = {f"@{audience}": audience for audience in AUDIENCES}


def look_at_xmpp(draft: Draft, playbook: Placed[Playbook], at: Path, options: OnXmpp) -> None:
    """Note a channel without an account, a room whose host nobody knows, and people who cannot be reached there."""
    for key, limit in _LONGEST.items():
        if len(getattr(options, key, "")) > limit:
            playbook.problem((*at, key), f"is longer than {limit} characters")
    owner = draft.channels().get(options.channel)
    if owner is None:
        known_name(draft, playbook, (*at, "channel"), options.channel, draft.channels(), "channel")
        return
    found = _channel(owner)
    if not any(isinstance(check.options, XmppOptions) for check in found.checks):
        words = "has no check with the probe xmpp or xmpp.room, so that its server and our account there are not known"
        playbook.problem((*at, "channel"), f'"{options.channel}" {words}')
        return
    if isinstance(options, XmppMessageOptions) and not options.room and not options.user:
        playbook.problem(at, "expected room or user: whom to tell")
    if room := getattr(options, "room", ""):
        _look_at_room(playbook, (*at, "room"), room, found)
    if isinstance(options, XmppRoomStepOptions | XmppInviteOptions):
        _look_at_people(draft, playbook, (*at, "invite"), options.invite, found)
    elif isinstance(options, XmppMessageOptions) and options.user:
        _look_at_people(draft, playbook, (*at, "user"), options.user, found)
    elif isinstance(options, XmppAccountOptions):
        user = options.user if "@" in options.user else f"{options.user}@domain"
        if options.user and not is_bare(user):
            playbook.problem((*at, "user"), f'"{options.user}" is no account: expected a name, or user@domain')


def _channel(owner: Owner) -> Channel:
    table = owner.channel
    assert table is not None
    checks = tuple(check.value for check in owner.checks)
    return Channel(id=owner.id, name="", audience="staff", role="backup", address=table.address or "", checks=checks)


def _look_at_room(playbook: Placed[Playbook], at: Path, room: str, channel: Channel) -> None:
    known = [check.options.room for check in channel.checks if isinstance(check.options, XmppRoomOptions)]
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


def look_at_banner(draft: Draft, playbook: Placed[Playbook], at: Path, options: BannerOptions) -> None:
    """Note a place that nothing can be put into, and a text that is not there."""
    if bool(options.file) == bool(options.url):
        playbook.problem(at, "expected exactly one of file and url: where the banner is put")
    elif options.file:
        if not options.file.startswith("/"):
            playbook.problem((*at, "file"), "expected an absolute path")
        elif PurePosixPath(options.file).suffix.lower() not in SUFFIXES:
            playbook.problem((*at, "file"), "expected a file that ends in .html or .json: that decides what is written")
        if options.secret is not None:
            playbook.problem((*at, "secret"), "goes with url only: a file takes none")
    elif trouble := targets.WEB.trouble(options.url):
        playbook.problem((*at, "url"), trouble)
    elif options.secret is not None and urlsplit(options.url).scheme == "http" and not is_private(options.url):
        playbook.problem((*at, "url"), "a secret would go over the net in the clear: use https")
    if options.kind not in KINDS:
        if options.kind:
            hint = nearest(options.kind, KINDS) or f"; known: {listing(KINDS)}"
            playbook.problem((*at, "kind"), f'unknown kind of announcement "{options.kind}"{hint}')
    elif not draft.templates.keys() & {(options.kind, options.language), (options.kind, _base(options.language))}:
        message = f"there is no playbooks/announcements/{options.kind}.{options.language}.txt"
        playbook.problem((*at, "language"), message)


def _base(language: str) -> str:
    """Return the language whose texts serve its variants too, as when they are composed."""
    return language.partition("-")[0]
