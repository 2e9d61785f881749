"""The lab's servers: each started by its own starter, with its ports and with how to make it fail by a command line."""

import secrets
import shlex
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import trustme
from msgspec import Struct
from tests.servers.chat import ChatPage, ChatRooms
from tests.servers.dovecot import Dovecot
from tests.servers.group import Group, free_port
from tests.servers.kamailio import INSTALL as INSTALL_KAMAILIO
from tests.servers.kamailio import Kamailio
from tests.servers.knot import Knot
from tests.servers.mailhub import Mailhub
from tests.servers.messenger import Messenger
from tests.servers.ngircd import Ngircd
from tests.servers.prosody import Prosody
from tests.servers.sipp import INSTALL as INSTALL_SIPP
from tests.servers.sipp import Sipp

WATCH = "watch"  # the account of the checks, with every server
INBOX = "watch@example.test"
ROOM = "office"
HALL = "lobby"  # where customers are told
STAFF = ("ada", "bob")  # who have Jabber accounts


# The front page takes in the banner, which is empty as long as all is well.
SITE = """\
<!doctype html><html lang="en"><title>Example Hosting</title><h1>Example Hosting</h1><div id="banner"></div>
<script>fetch("banner.html").then(r => r.text()).then(t => { banner.innerHTML = t })</script></html>
"""


class Server(Struct):
    """One running server: its process group, what it listens on, and command lines that make it fail and well again."""

    name: str
    group: int
    ports: dict[str, int]
    faults: dict[str, str]
    leftover: str = ""  # a directory outside the lab's, to remove when it is taken down


class Lab:
    """The servers of one directory, in the order they were started."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.servers: list[Server] = []
        self.left_out: dict[str, str] = {}  # servers that are not installed, and what installs them
        self.passwords = {name: secrets.token_urlsafe(18) for name in ("jabber", "sip", "mailbox", "mail", *STAFF)}
        self.ca = directory / "ca.pem"

    def start(self) -> None:
        """Start everything. What a starter raises is raised, and `servers` holds what runs by then."""
        certificate = self._certificate()
        for start in (self._site, self._messenger, self._names, self._irc, self._mail, self._rooms, self._phone):
            for server in start():
                self.servers.append(server)
        for server in self._jabber(certificate):
            self.servers.append(server)

    def port(self, server: str, port: str = "port") -> int:
        """Return a port by its server's name; 0 for what was left out."""
        return next((each.ports[port] for each in self.servers if each.name == server), 0)

    def _certificate(self) -> Path:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca))
        leaf = authority.issue_cert("example.test", "rooms.example.test", "localhost", "127.0.0.1")
        path = self.directory / "server.pem"
        path.touch(mode=0o600)
        path.write_bytes(b"".join([leaf.private_key_pem.bytes(), *(each.bytes() for each in leaf.cert_chain_pems)]))
        return path

    def _site(self) -> Iterator[Server]:
        pages = self.directory / "pages"
        (pages / "status").mkdir(parents=True)
        (pages / "index.html").write_text(SITE)
        (pages / "banner.html").touch()
        port, group = free_port(), Group(self.directory / "site.log")
        argv = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(pages)]
        group.start(argv, _listens(port))
        yield Server("site", group.id, {"port": port}, _faults(group.id))

    def _messenger(self) -> Iterator[Server]:
        messenger = Messenger(self.directory / "messenger").start()
        more = _by_file(self.directory / "messenger" / "fault", "503", "partial")
        yield Server("messenger", messenger.group.id, {"port": messenger.port}, _faults(messenger.group.id) | more)

    def _names(self) -> Iterator[Server]:
        knot = Knot(self.directory / "knot", more="chat 5 A 127.0.0.1\n").start()
        self.passwords["dns"] = knot.secret
        yield Server("knot", knot.group.id, {"port": knot.port}, _faults(knot.group.id))

    def _irc(self) -> Iterator[Server]:
        ngircd = Ngircd(self.directory / "ngircd").start()
        yield Server("ngircd", ngircd.group.id, {"port": ngircd.port}, _faults(ngircd.group.id))

    def _mail(self) -> Iterator[Server]:
        users = {INBOX: self.passwords["mailbox"]}
        dovecot = _PlainDovecot(self.directory / "dovecot", certificate=self.directory / "server.pem", users=users)
        dovecot.start()
        ports = {"port": dovecot.port, "lmtp": dovecot.lmtp_port}
        yield Server("dovecot", dovecot.group.id, ports, _faults(dovecot.group.id), str(dovecot._spool))
        users = {INBOX: self.passwords["mail"]}
        hub = Mailhub(self.directory / "mailhub", dovecot.lmtp_port, users=users).start()
        more = _by_file(hub.directory / "fault", "swallow", "refuse", "greylist", "reject", "hang", "slow")
        yield Server("mailhub", hub.group.id, {"port": hub.port}, _faults(hub.group.id) | more)
        page = ChatPage(self.directory / "chat", smtp_port=hub.port, mail_to=INBOX).start()
        more = _by_file(self.directory / "chat" / "fault", "no-widget", "503", "lost")
        yield Server("chat", page.group.id, {"port": page.port}, _faults(page.group.id) | more)

    def _rooms(self) -> Iterator[Server]:
        rooms = ChatRooms(self.directory / "rooms").start()
        yield Server("rooms", rooms.group.id, {"port": rooms.port}, _faults(rooms.group.id))

    def _jabber(self, certificate: Path) -> Iterator[Server]:
        prosody = Prosody(self.directory / "prosody", certificate=certificate).start()
        shell = f"prosodyctl --config {shlex.quote(str(prosody.directory / 'prosody.cfg.lua'))} shell"
        kinds = ("message-lost", "self-ping-lost", "ping-silent", "ping-refused", "room-unseen")
        lines = {kind: f'> prosody.fault = "{kind}"' for kind in kinds} | {"well": '> prosody.fault = ""'}
        rooms = 'prosody.hosts["rooms.example.test"].modules.muc'
        lines["destroy-room"] = f'> {rooms}.get_room_from_jid("{ROOM}@rooms.example.test"):destroy()'
        more = {kind: f"{shell} {shlex.quote(line)}" for kind, line in lines.items()}
        ports = {"port": prosody.port, "tls": prosody.tls_port}
        yield Server("prosody", prosody.group.id, ports, _faults(prosody.group.id) | more)
        prosody.add_user(WATCH, self.passwords["jabber"])
        for name in STAFF:
            prosody.add_user(name, self.passwords[name])
        prosody.add_room(ROOM)
        prosody.add_room(HALL)
        prosody.in_room(HALL, f"r:set_affiliation(true, '{WATCH}@example.test', 'owner') return 1")

    def _phone(self) -> Iterator[Server]:
        if shutil.which("kamailio") is None:
            self.left_out["kamailio"] = INSTALL_KAMAILIO
            return
        kamailio = Kamailio.start()
        _keep(kamailio)
        control = f"kamcmd -s unix:{kamailio._state}/run/ctl htable.sets flags mode"
        more = {"503": f"{control} s:503", "drop": f"{control} s:drop", "well": f"{control} s:ok"}
        ports = {"port": kamailio.port}
        yield Server("kamailio", kamailio.group, ports, _faults(kamailio.group) | more, str(kamailio._state))
        kamailio.add_user(WATCH, self.passwords["sip"])
        if shutil.which("sipp") is None:
            self.left_out["sipp"] = INSTALL_SIPP
            return
        echo = Sipp.start()
        _keep(echo)
        kamailio.route_echo(echo.address)
        yield Server("sipp", echo.group, {"port": echo.port}, _faults(echo.group), str(echo._state))


def _keep(server: Kamailio | Sipp) -> None:
    """Let a server's directory outlive this process, as the server does."""
    server._folder._finalizer.detach()  # type: ignore[attr-defined]


class _PlainDovecot(Dovecot):
    """Offers no TLS: the round trip of a mail trusts what the system trusts, which our authority is not part of."""

    def _write(self) -> None:
        super()._write()
        configuration = self._spool / "dovecot.conf"
        configuration.write_text(configuration.read_text().replace("ssl = yes", "ssl = no"))


def _listens(port: int) -> Callable[[], bool]:
    def ready() -> bool:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True

    return ready


def _faults(group: int) -> dict[str, str]:
    """Return what can be done to any server: freeze it as a machine that hangs, let it go on, and end it."""
    return {name: f"kill -{number} -{group}" for name, number in (("hang", "STOP"), ("go-on", "CONT"), ("end", "TERM"))}


def _by_file(path: Path, *kinds: str) -> dict[str, str]:
    """Return the faults of a server that reads the one of the moment from a file."""
    place = shlex.quote(str(path))
    return {kind: f"printf {kind} > {place}" for kind in kinds} | {"well": f"printf '' > {place}"}
