"""The servers of each scenario, by the names that faults and configurations call them."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from websockets.asyncio.server import Server, ServerConnection, serve

from outagetui.drill import servers
from outagetui.drill.business_files import OTHERS, PROVIDER
from outagetui.drill.jabber import Jabber, JabberError, lacking
from outagetui.drill.listener import Opening
from outagetui.drill.mail_server import Mailbox, serve_imap, serve_submission
from outagetui.drill.phone import serve_phone
from outagetui.drill.scenario import FACEBOOK_2021, JABBER_AND_PHONE, MESSENGER_2011
from outagetui.drill.servers import HOST, Trouble
from outagetui.drill.social import Facebook, Mastodon


class Faulty(Protocol):
    """Something that can be made to fail."""

    async def suffer(self, kind: str, share: float) -> None:
        """Take on a fault, in place of the one before."""


class ScenarioServers(Struct):
    """The servers of a scenario: their ports, those that faults name, and what could not be started here."""

    ports: dict[str, int]
    faulty: dict[str, Faulty]
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
    acting = await Opening(trouble, lambda port: servers.serve_http(servers.messenger(trouble), trouble, port)).open()
    listeners = {
        "feed": await servers.serve_http(servers.feed(trouble), fine),
        "website": await servers.serve_http(servers.website(place / "pages"), fine),
        "webchat": await servers.serve_http(servers.webchat, fine),
        "mail": await servers.serve_mail(),
    }
    names = await servers.serve_names(fine)
    ports = {name: server.sockets[0].getsockname()[1] for name, server in listeners.items()}
    ports |= {"messenger": acting.port, "dns": names.get_extra_info("sockname")[1]}
    return ScenarioServers(ports, {"messenger": acting})


async def office(place: Path) -> ScenarioServers:
    """Start the servers of jabber-and-phone; without Prosody there is no Jabber in it."""
    passwords = _passwords(place)
    trouble, chat, post, fine = Trouble(), Trouble(), Trouble(), Trouble()
    mailbox = Mailbox(post)
    openings = {
        "messenger": Opening(trouble, lambda port: servers.serve_http(servers.messenger(trouble), trouble, port)),
        "website": Opening(fine, lambda port: servers.serve_http(servers.website(place / "pages"), fine, port)),
        "webchat": Opening(chat, lambda port: servers.serve_http(servers.webchat, chat, port)),
        "mail": Opening(post, lambda port: serve_submission(mailbox, port)),
        "imap": Opening(post, lambda port: serve_imap(mailbox, passwords["mailbox"], port)),
    }
    openings |= {name: _line(passwords["phone"]) for name in ("phone", "extensions")}
    for opening in openings.values():
        await opening.open()
    socket = await serve(_keep_open, HOST, 0)
    ports = {name: opening.port for name, opening in openings.items()}
    ports["chatsocket"] = next(iter(socket.sockets)).getsockname()[1]
    started = ScenarioServers(ports, dict(openings), chat=socket)
    missing = lacking()
    if missing:
        started.left_out = f"without Jabber: {missing}"
    else:
        try:
            jabber = await Jabber(place / "jabber", passwords["jabber"]).start()
        except JabberError as error:
            started.left_out = f"without Jabber: {error}"
        else:
            ports["jabber"], started.faulty["jabber"], started.jabber = jabber.port, jabber, jabber
    return started


async def network(place: Path) -> ScenarioServers:
    """Start the servers of facebook-2021, on three networks."""
    tokens = _passwords(place)
    (place / "posts").mkdir()
    page = Facebook(tokens["facebook-token"], place / "posts" / "facebook.json")
    social = Mastodon(tokens["mastodon-token"], place / "posts" / "mastodon.json")
    dark, gone, page_dark, fine = Trouble(), Trouble(), Trouble(), Trouble()
    openings = {
        "messenger": Opening(dark, lambda port: servers.serve_http(servers.messenger(dark), dark, port, PROVIDER)),
        "names": Opening(gone, lambda port: servers.serve_names(gone, port, PROVIDER)),
        "facebook": Opening(page_dark, lambda port: servers.serve_api(page.answer, page_dark, port, PROVIDER)),
        "mastodon": Opening(fine, lambda port: servers.serve_api(social.answer, fine, port, OTHERS)),
        "room": Opening(fine, lambda port: servers.serve_http(servers.webchat, fine, port, OTHERS)),
        "webchat": Opening(fine, lambda port: servers.serve_http(servers.webchat, fine, port)),
        "website": Opening(fine, lambda port: servers.serve_http(servers.website(place / "pages"), fine, port)),
    }
    for opening in openings.values():
        await opening.open()
    ports = {name: opening.port for name, opening in openings.items()}
    social.url = f"http://{OTHERS}:{ports['mastodon']}"
    return ScenarioServers(ports, dict(openings))


def _passwords(place: Path) -> dict[str, str]:
    return {path.name: path.read_text().strip() for path in (place / "secrets").iterdir()}


def _line(password: str) -> Opening:
    trouble = Trouble()
    return Opening(trouble, lambda port: serve_phone(password, trouble, port))


async def _keep_open(socket: ServerConnection) -> None:
    """Take what a visitor of the web chat sends; pings are answered below."""
    async for _ in socket:
        pass


START: dict[str, Callable[[Path], Awaitable[ScenarioServers]]] = {
    MESSENGER_2011.id: messenger,
    JABBER_AND_PHONE.id: office,
    FACEBOOK_2021.id: network,
}
