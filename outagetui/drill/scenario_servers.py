"""The servers of each scenario, by the names that faults and configurations call them."""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from msgspec import Struct
from websockets.asyncio.server import Server, ServerConnection, serve

from outagetui.drill import servers
from outagetui.drill.business_files import OTHERS, PROVIDER
from outagetui.drill.jabber import Jabber, JabberError
from outagetui.drill.mail_server import Mailbox, serve_imap, serve_smtp
from outagetui.drill.phone import serve_phone
from outagetui.drill.scenario import FACEBOOK_2021, JABBER_AND_PHONE, MESSENGER_2011
from outagetui.drill.servers import HOST, Opening, Trouble
from outagetui.drill.social import Facebook, Mastodon


class ScenarioServers(Struct):
    """The servers of a scenario: their ports, those that faults name, and what could not be started here."""

    ports: dict[str, int]
    faulty: dict[str, Opening | Jabber]
    left_out: str = ""
    jabber: Jabber | None = None
    chat: Server | None = None  # the web chat's WebSocket

    async def leave(self) -> None:
        """End what does not end with this process."""
        if self.jabber is not None:
            await self.jabber.stop()


async def messenger(place: Path) -> ScenarioServers:
    """Start the servers of messenger-2011."""
    trouble, fine = Trouble(), Trouble()
    openings = {
        "messenger": _http(servers.messenger, trouble),
        "feed": _http(servers.feed(trouble), fine),
        "website": _http(servers.website(place / "pages"), fine),
        "webchat": _http(servers.webchat, fine),
        "mail": Opening(fine, partial(serve_smtp, Mailbox(fine))),
        "names": Opening(fine, partial(servers.serve_names, fine)),
    }
    return await _started(openings)


async def office(place: Path) -> ScenarioServers:
    """Start the servers of jabber-and-phone; without Prosody there is no Jabber in it."""
    passwords = _passwords(place)
    post, fine = Trouble(), Trouble()
    mailbox = Mailbox(post)
    openings = {
        "messenger": _http(servers.messenger, Trouble()),
        "website": _http(servers.website(place / "pages"), fine),
        "webchat": _http(servers.webchat, Trouble()),
        "mail": Opening(post, partial(serve_smtp, mailbox)),
        "imap": Opening(post, partial(serve_imap, mailbox, passwords["mailbox"])),
        "phone": _line(passwords["phone"]),
        "extensions": _line(passwords["phone"]),
    }
    started = await _started(openings)
    started.chat = await serve(_keep_open, HOST, 0)
    started.ports["chatsocket"] = next(iter(started.chat.sockets)).getsockname()[1]
    try:
        started.jabber = jabber = await Jabber(place / "jabber", passwords["jabber"]).start()
    except JabberError as error:
        started.left_out = f"without Jabber: {error}"
    else:
        started.ports["jabber"], started.faulty["jabber"] = jabber.port, jabber
    return started


async def network(place: Path) -> ScenarioServers:
    """Start the servers of facebook-2021, on three networks."""
    tokens = _passwords(place)
    (place / "posts").mkdir()
    page = Facebook(tokens["facebook-token"], place / "posts" / "facebook.json")
    social = Mastodon(tokens["mastodon-token"], place / "posts" / "mastodon.json")
    gone, fine = Trouble(), Trouble()
    openings = {
        "messenger": _http(servers.messenger, Trouble(), PROVIDER),
        "names": Opening(gone, partial(servers.serve_names, gone, host=PROVIDER)),
        "facebook": _http(page.answer, Trouble(), PROVIDER),
        "mastodon": _http(social.answer, fine, OTHERS),
        "room": _http(servers.webchat, fine, OTHERS),
        "webchat": _http(servers.webchat, fine),
        "website": _http(servers.website(place / "pages"), fine),
    }
    started = await _started(openings)
    social.url = f"http://{OTHERS}:{started.ports['mastodon']}"
    return started


async def _started(openings: dict[str, Opening]) -> ScenarioServers:
    for opening in openings.values():
        await opening.open()
    return ScenarioServers({name: opening.port for name, opening in openings.items()}, dict(openings))


def _http(service: servers.Service, trouble: Trouble, host: str = HOST) -> Opening:
    return Opening(trouble, partial(servers.serve_http, service, trouble, host=host))


def _passwords(place: Path) -> dict[str, str]:
    return {path.name: path.read_text().strip() for path in (place / "secrets").iterdir()}


def _line(password: str) -> Opening:
    trouble = Trouble()
    return Opening(trouble, partial(serve_phone, password, trouble))


async def _keep_open(socket: ServerConnection) -> None:
    """Take what a visitor of the web chat sends; pings are answered below."""
    async for _ in socket:
        pass


START: dict[str, Callable[[Path], Awaitable[ScenarioServers]]] = {
    MESSENGER_2011.id: messenger,
    JABBER_AND_PHONE.id: office,
    FACEBOOK_2021.id: network,
}
