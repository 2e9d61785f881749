"""Whom the tests of XMPP steps need: what the step is given, its plans, and people who are invited and written to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from xml.etree.ElementTree import Element

import pytest
from outagetui.actions import (
    Act,
    Recover,
    Result,
    StepContext,
    xmpp_account,
    xmpp_invite,
    xmpp_message,
    xmpp_room,
    xmpp_room_close,
)
from outagetui.facts.events import StepPlan
from outagetui.machine.secrets import SecretError, Secrets
from outagetui.net.trouble import Phases
from outagetui.net.vantage import Vantage
from outagetui.protocols.xmpp.account import Account
from outagetui.protocols.xmpp.login import log_in
from outagetui.protocols.xmpp.route import open_stream
from outagetui.protocols.xmpp.session import Session
from tests.kit.scripted_servers import Pki
from tests.servers.prosody import ROOMS, Prosody

MODULES: dict[str, Any] = {
    "xmpp.room": xmpp_room,
    "xmpp.room.close": xmpp_room_close,
    "xmpp.invite": xmpp_invite,
    "xmpp.message": xmpp_message,
    "xmpp.account": xmpp_account,
}
PASSWORDS = {"watch": "canary-watch-word", "ada": "canary-ada-word", "eve": "canary-eve-word"}
CLIENT = "{jabber:client}"


class XmppStepContext:
    """What a step is given, as far as these steps ask for it."""

    def __init__(self, key: str = "0123456789abcdef0123456789abcdef", **secrets: str) -> None:
        self.run, self.key = "r1", key
        self.secrets = {"jabber": PASSWORDS["watch"], **secrets}

    def secret(self, name: str) -> str:
        if name not in self.secrets:
            raise SecretError(f"secret {name!r}: there is no such file")
        return self.secrets[name]


class Server:
    """Prosody with what the steps are to find there, and the plans for it."""

    def __init__(self, prosody: Prosody, pki: Pki) -> None:
        self.prosody, self.pki = prosody, pki

    def plan(self, do: str, timeout: float = 10.0, facts: dict[str, Any] | None = None, **options: Any) -> StepPlan:
        usual: dict[str, Any] = {
            "target": "xmpp://watch@example.test",
            "connect": f"127.0.0.1:{self.prosody.port}",
            "secret": "jabber",
            "ca": self.pki.ca,
            "direct_tls": False,
        }
        if room := options.get("room"):
            usual["room"] = f"{room}@{ROOMS}"
        if do == "xmpp.account":
            usual["user"] = options["user"]
        else:
            named = options.get("invite") or options.get("user") or []
            usual["people"] = [named] if isinstance(named, str) else list(named)
        return StepPlan(
            id="step", do=do, timeout=timeout, facts=usual | (facts or {}), options={"channel": "jabber", **options}
        )


class XmppUser:
    """Somebody with a client: everything that comes to them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.came: list[Element] = []

    def listen(self, *addresses: str) -> None:
        for address in addresses:
            self.session.peers[address] = self.came.append

    def texts(self) -> list[str]:
        return [each.findtext(f"{CLIENT}body") or "" for each in self.came if each.tag == f"{CLIENT}message"]

    def invitations(self) -> list[tuple[str, str]]:
        """Who was invited where: the room, and the reason."""
        space = "http://jabber.org/protocol/muc#user"
        found = [(each, each.find(f"{{{space}}}x/{{{space}}}invite")) for each in self.came]
        return [
            (each.get("from") or "", invite.findtext(f"{{{space}}}reason") or "")
            for each, invite in found
            if invite is not None
        ]

    async def settle(self) -> None:
        """Wait until what the server had for us has come."""
        await self.session.ping()


@asynccontextmanager
async def online(server: Server, name: str, *rooms: str) -> AsyncIterator[XmppUser]:
    """Be online as `name`, listening to what comes from `rooms` and from the office's account."""
    place = Vantage("there", Secrets.none())
    account = Account(name, "example.test", "", server.pki.ca, connect=f"127.0.0.1:{server.prosody.port}")
    deadline = asyncio.get_running_loop().time() + 10
    stream = await open_stream(account, place, Phases(), deadline)
    session = Session(account, stream, await place.tls_context(account.ca))
    try:
        await log_in(session, PASSWORDS[name])
        user = XmppUser(session)
        user.listen("watch@example.test", *(f"{room}@{ROOMS}" for room in rooms))
        session.send(Element(f"{CLIENT}presence"))
        await session.ping()
        yield user
    finally:
        await session.aclose()
        await place.aclose()


async def act(plan: StepPlan, place: XmppStepContext | None = None) -> Result:
    result = await cast("Act", MODULES[plan.do].act)(plan, cast("StepContext", place or XmppStepContext()))
    assert "canary" not in repr(result)
    return result


async def recover(plan: StepPlan, place: XmppStepContext | None = None) -> Result | str | None:
    return await cast("Recover", MODULES[plan.do].recover)(plan, cast("StepContext", place or XmppStepContext()))


async def until_empty(server: Server) -> None:
    for _ in range(300):
        if server.prosody.occupants("office") == 0:
            return
        await asyncio.sleep(0.01)
    pytest.fail("somebody is still in the room")
