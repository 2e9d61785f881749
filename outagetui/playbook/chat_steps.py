"""Steps on an XMPP server and on the website: what they mean, what they will do, what takes them back. Pure."""

from typing import Any

import msgspec

from outagetui.core.addresses import on_channel
from outagetui.core.model import AUDIENCES, Channel, Config
from outagetui.core.probe_options import XmppOptions, XmppRoomOptions
from outagetui.core.step_options import (
    BannerOptions,
    StepOptions,
    XmppAccountOptions,
    XmppInviteOptions,
    XmppMessageOptions,
    XmppRoomCloseOptions,
    XmppRoomStepOptions,
)
from outagetui.core.text import listed
from outagetui.protocols.xmpp.address import whole_room

KINDS = ("xmpp.room", "xmpp.room.close", "xmpp.invite", "xmpp.message", "xmpp.account", "webchat.banner")


def meaning(options: Any, config: Config) -> dict[str, Any]:
    """Return the account an xmpp step uses, its whole room, whom it is for, and what takes the step back."""
    if isinstance(options, BannerOptions):
        what = f"take the banner out of {options.file or options.url} again"
        return {"undo": _way_back("webchat.banner", options, {"remove": True}, what)}
    channel = next(channel for channel in config.channels if channel.id == options.channel)
    check = next(check for check in channel.checks if isinstance(check.options, XmppOptions))
    assert isinstance(check.options, XmppOptions)
    facts: dict[str, Any] = {
        "target": check.target,
        "connect": check.connect,
        "secret": check.options.secret,
        "ca": check.options.ca,
        "direct_tls": check.options.direct_tls,
    }
    if room := getattr(options, "room", ""):
        rooms = [each.options.room for each in channel.checks if isinstance(each.options, XmppRoomOptions)]
        facts["room"] = whole_room(room, rooms, channel.address)
    if isinstance(options, XmppRoomStepOptions):
        close = XmppRoomCloseOptions(channel=options.channel, room=options.room)
        facts["undo"] = _way_back("xmpp.room.close", close, dict(facts), sentence(close, facts))
    if isinstance(options, XmppRoomStepOptions | XmppInviteOptions):
        facts["people"] = people(options.invite, channel, config)
    elif isinstance(options, XmppMessageOptions) and options.user:
        facts["people"] = people(options.user, channel, config)
    elif isinstance(options, XmppAccountOptions):
        domain = check.target.rpartition("@")[2]
        facts["user"] = options.user if "@" in options.user else f"{options.user}@{domain}"
    return facts


def people(named: str | tuple[str, ...], channel: Channel, config: Config) -> list[str]:
    """Return the addresses that `named` stands for, each once; "@staff" is every contact of that audience there."""
    found: list[str] = []
    for each in (named,) if isinstance(named, str) else named:
        audience = next((audience for audience in AUDIENCES if each == f"@{audience}"), None)
        found += [each] if audience is None else [e.address for e in on_channel(config.contacts, channel, audience)[0]]
    return list(dict.fromkeys(each.strip() for each in found))


def sentence(options: StepOptions, facts: dict[str, Any]) -> str:
    """Return exactly what the step will do, in one sentence."""
    match options:
        case XmppRoomStepOptions():
            how = "" if not options.members_only else " (members only)"
            parts = [f"make the room {facts['room']}{how} unless it is there"]
            if options.subject:
                parts.append(f"give it the subject “{options.subject}”")
            if facts["people"]:
                parts.append(f"invite {listed(facts['people'])}")
            if options.text:
                parts.append(f"say “{options.text}” in it")
            return listed(parts)
        case XmppRoomCloseOptions():
            because = f", saying “{options.text}”" if options.text else ""
            return f"destroy the room {facts['room']}{because}; if no step made it, it is left as it is"
        case XmppInviteOptions():
            because = f", saying “{options.text}”" if options.text else ""
            return f"invite {listed(facts['people'])} to the room {facts['room']}{because}"
        case XmppMessageOptions():
            return f"say “{options.text}” {listed(_places(facts))}"
        case XmppAccountOptions():
            return f"make the Jabber account {facts['user']} with the password in the secret {options.secret}"
        case BannerOptions():
            place = f"into {options.file}" if options.file else f"to {options.url} (PUT)"
            return f"put the banner with the words of {options.kind} to {options.audience} ({options.language}) {place}"
    raise TypeError(options)


def _way_back(do: str, options: StepOptions, facts: dict[str, Any], what: str) -> dict[str, Any]:
    """Return what takes a step back, as plain values, unless its playbook says something else."""
    return {"do": do, "options": msgspec.to_builtins(options), "facts": facts, "what": what}


def _places(facts: dict[str, Any]) -> list[str]:
    room = [f"in the room {facts['room']}"] if facts.get("room") else []
    return [*room, *(f"to {each}" for each in facts.get("people", ()))]
