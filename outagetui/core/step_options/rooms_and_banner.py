"""Steps on an XMPP server and on the website."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from msgspec import Meta

from outagetui.core import targets
from outagetui.core.addresses import is_bare, on_channel, whole_room
from outagetui.core.model import AUDIENCES, Audience, Channel, Config
from outagetui.core.step_kind import StepOptions, Word, way_back
from outagetui.core.text import listed
from outagetui.core.troubles import Trouble

SUFFIXES = (".html", ".htm", ".json")  # of the files a banner can be


class XmppStepOptions(StepOptions, frozen=True, kw_only=True):
    """What is done on the XMPP server that `channel` is on, with our account there."""

    outside = True
    names = (("channel", "channel"),)

    channel: Word

    def whom(self) -> tuple[str, str | tuple[str, ...]]:
        """Return the key that names people, and what stands there."""
        return "", ()

    def troubles(self) -> Iterator[Trouble]:
        yield from super().troubles()
        for key, limit in (("text", 4000), ("subject", 300)):
            if len(getattr(self, key, "")) > limit:
                yield (key,), f"is longer than {limit} characters"

    def meaning(self, config: Config) -> dict[str, Any]:
        channel = config.channel(self.channel)
        assert channel is not None  # as it was validated
        check = next(check for check in channel.checks if check.options.account())
        facts = {"target": check.target, "connect": check.connect, **check.options.account()}
        if room := getattr(self, "room", ""):
            facts["room"] = whole_room(room, (each.options.chat_room() for each in channel.checks), channel.address)
        if people := self.whom()[1]:
            facts["people"] = _people(people, channel, config)
        if self.audiences():
            facts["told"] = [self.channel]
        return facts

    def audiences(self) -> tuple[str, ...]:
        audience: Audience | None = getattr(self, "told", None)
        return (audience,) if audience is not None else ()


class XmppRoomStepOptions(XmppStepOptions, frozen=True, kw_only=True):
    """`xmpp.room`: make `room` of the server that `channel` is on, and invite people ("@staff": those contacts).

    `told`: by that the audience is told of the channel, where it is a backup that is active.
    """

    word = "xmpp.room"

    room: Word
    members_only: bool = False
    invite: str | tuple[str, ...] = ()
    subject: str = ""
    text: str = ""
    told: Audience | None = None

    def whom(self) -> tuple[str, str | tuple[str, ...]]:
        return "invite", self.invite

    def meaning(self, config: Config) -> dict[str, Any]:
        facts = super().meaning(config)
        people = facts.pop("people", [])
        close = XmppRoomCloseOptions(channel=self.channel, room=self.room)
        return facts | {"people": people, "undo": way_back(close, close.sentence({}, facts), **facts)}

    def sentence(self, names: Mapping[str, str], facts: Mapping[str, Any]) -> str:
        how = "" if not self.members_only else " (members only)"
        parts = [f"make the room {facts['room']}{how} unless it is there"]
        if self.subject:
            parts.append(f"give it the subject “{self.subject}”")
        if facts["people"]:
            parts.append(f"invite {listed(facts['people'])}")
        if self.text:
            parts.append(f"say “{self.text}” in it")
        return listed(parts)


class XmppRoomCloseOptions(XmppStepOptions, frozen=True, kw_only=True):
    """`xmpp.room.close`: destroy a room that a step made; `text` is the reason people see."""

    word = "xmpp.room.close"

    room: Word
    text: str = ""

    def sentence(self, names: Mapping[str, str], facts: Mapping[str, Any]) -> str:
        because = f", saying “{self.text}”" if self.text else ""
        return f"destroy the room {facts['room']}{because}; if no step made it, it is left as it is"


class XmppInviteOptions(XmppStepOptions, frozen=True, kw_only=True):
    """`xmpp.invite`: invite people to a room that is there. `told` is as for `xmpp.room`."""

    word = "xmpp.invite"

    room: Word
    invite: Annotated[str, Meta(min_length=1)] | Annotated[tuple[str, ...], Meta(min_length=1)]
    text: str = ""
    told: Audience | None = None

    def whom(self) -> tuple[str, str | tuple[str, ...]]:
        return "invite", self.invite

    def sentence(self, names: Mapping[str, str], facts: Mapping[str, Any]) -> str:
        because = f", saying “{self.text}”" if self.text else ""
        return f"invite {listed(facts['people'])} to the room {facts['room']}{because}"


class XmppMessageOptions(XmppStepOptions, frozen=True, kw_only=True):
    """`xmpp.message`: say `text` in `room`, or to `user` (an address, or "@staff")."""

    word = "xmpp.message"

    text: Word
    room: str = ""
    user: str = ""

    def whom(self) -> tuple[str, str | tuple[str, ...]]:
        return "user", self.user or ()

    def _wrong(self) -> Iterator[Trouble]:
        if not self.room and not self.user:
            yield (), "expected room or user: whom to tell"

    def sentence(self, names: Mapping[str, str], facts: Mapping[str, Any]) -> str:
        room = [f"in the room {facts['room']}"] if facts.get("room") else []
        return f"say “{self.text}” {listed([*room, *(f'to {each}' for each in facts.get('people', ()))])}"


class XmppAccountOptions(XmppStepOptions, frozen=True, kw_only=True):
    """`xmpp.account`: make the account `user` by ad-hoc commands (XEP-0133); `secret` names its password."""

    word = "xmpp.account"

    user: Word
    secret: Word

    def _wrong(self) -> Iterator[Trouble]:
        if self.user and not is_bare(self._at("domain")):
            yield ("user",), f'"{self.user}" is no account: expected a name, or user@domain'

    def _at(self, domain: str) -> str:
        return self.user if "@" in self.user else f"{self.user}@{domain}"

    def meaning(self, config: Config) -> dict[str, Any]:
        facts = super().meaning(config)
        return facts | {"user": self._at(facts["target"].rpartition("@")[2])}

    def sentence(self, names: Mapping[str, str], facts: Mapping[str, Any]) -> str:
        return f"make the Jabber account {facts['user']} with the password in the secret {self.secret}"


class BannerOptions(StepOptions, frozen=True, kw_only=True):
    """`webchat.banner`: put the words of the announcement `kind` into `file`, or PUT them to `url`.

    The ending, .html or .json, decides what is written. `secret` is the bearer token.
    """

    word = "webchat.banner"
    outside = True

    kind: Word
    file: str = ""
    url: str = ""
    secret: str | None = None
    ca: str | None = None
    language: str = "en"
    audience: Literal["staff", "customers"] = "customers"

    def _wrong(self) -> Iterator[Trouble]:
        if bool(self.file) == bool(self.url):
            yield (), "expected exactly one of file and url: where the banner is put"
        elif self.file:
            if not self.file.startswith("/"):
                yield ("file",), "expected an absolute path"
            elif PurePosixPath(self.file).suffix.lower() not in SUFFIXES:
                yield ("file",), "expected a file that ends in .html or .json: that decides what is written"
            if self.secret is not None:
                yield ("secret",), "goes with url only: a file takes none"
        elif trouble := targets.WEB.trouble(self.url):
            yield ("url",), trouble
        elif self.secret is not None and not targets.is_private_or_tls(self.url):
            yield ("url",), "a secret would go over the net in the clear: use https"

    def audiences(self) -> tuple[str, ...]:
        return (self.audience,)

    def meaning(self, config: Config) -> dict[str, Any]:
        return {"undo": way_back(self, f"take the banner out of {self.file or self.url} again", remove=True)}

    def sentence(self, names: Mapping[str, str], facts: Mapping[str, Any]) -> str:
        place = f"into {self.file}" if self.file else f"to {self.url} (PUT)"
        return f"put the banner with the words of {self.kind} to {self.audience} ({self.language}) {place}"


def _people(named: str | tuple[str, ...], channel: Channel, config: Config) -> list[str]:
    """Return the addresses that `named` stands for, each once; "@staff" is every contact of that audience there."""
    found: list[str] = []
    for each in (named,) if isinstance(named, str) else named:
        audience = next((audience for audience in AUDIENCES if each == f"@{audience}"), None)
        found += [each] if audience is None else [e.address for e in on_channel(config.contacts, channel, audience)[0]]
    return list(dict.fromkeys(each.strip() for each in found))
