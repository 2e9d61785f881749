"""A web chat on loopback: its page with widget and form for when nobody is there, and the XMPP server behind it.

`python -m tests.servers.chat PORT DIRECTORY` serves the page: DIRECTORY/fault makes it misbehave (no-widget, 503, or
lost: the form takes a message and loses it), DIRECTORY/mail holds "PORT ADDRESS" of where a message left in the form is
sent.
"""

import getpass
import grp
import os
import shutil
import smtplib
import socket
import subprocess
import sys
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from tests.servers.group import Group, free_port

ROOT = Path(__file__).parent.parent.parent
INSTALL = "prosody is missing: apt-get install prosody"
GUESTS = "guests.example.test"
ROOMS = "rooms.example.test"
LOBBY = f"lobby@{ROOMS}"


class ChatPage:
    """The website of a chat. What visitors leave in its form goes by SMTP to `mail_to`, as with nobody online."""

    def __init__(self, directory: Path, *, smtp_port: int = 0, mail_to: str = "") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self.port = free_port()
        (directory / "mail").write_text(f"{smtp_port} {mail_to}")
        self.group = Group(directory / "chat.log")

    @property
    def url(self) -> str:
        """The page that visitors see."""
        return f"http://127.0.0.1:{self.port}/chat"

    @property
    def form(self) -> str:
        """Where the form is sent."""
        return f"http://127.0.0.1:{self.port}/leave"

    def start(self) -> "ChatPage":
        """Start the server and wait until it answers."""
        self.group.start(
            [sys.executable, "-m", "tests.servers.chat", str(self.port), str(self._directory)], self._ready, cwd=ROOT
        )
        return self

    def _ready(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), 1):
            return True

    def fault(self, kind: str) -> None:
        """Misbehave from the next request on; an empty fault ends that."""
        (self._directory / "fault").write_text(kind)

    def stop(self) -> None:
        """End the server."""
        self.group.stop()


class ChatRooms:
    """Prosody with a host that lets guests in over WebSocket, and the room `LOBBY`, which outlives its visitors."""

    def __init__(self, directory: Path, *, guests_create_rooms: bool = True) -> None:
        self.directory = directory
        self.port = free_port()
        self._create = guests_create_rooms
        directory.mkdir(parents=True, exist_ok=True)
        self.group = Group(directory / "prosody.out")

    @property
    def websocket(self) -> str:
        """Where a visitor's browser connects."""
        return f"ws://127.0.0.1:{self.port}/xmpp-websocket"

    def start(self) -> "ChatRooms":
        """Start the server, wait until it answers, and make the lobby; it may be started again after `stop`."""
        program = shutil.which("prosody")
        assert program, INSTALL
        configuration = self.directory / "prosody.cfg.lua"
        configuration.write_text(self._configuration())
        for name in ("data", "certs"):
            (self.directory / name).mkdir(exist_ok=True)
        self.group.start([program, "--config", str(configuration), "-F"], self._ready)
        self.shell(f'muc:create("{LOBBY}", {{persistent = true}})')
        return self

    def shell(self, command: str) -> str:
        """Run a command of Prosody's shell and return what it says."""
        configuration = str(self.directory / "prosody.cfg.lua")
        argv = ["prosodyctl", "--config", configuration, "shell", command]
        return subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False).stdout

    def rooms(self) -> list[str]:
        """The rooms there are."""
        return sorted(
            word for line in self.shell(f'muc:list("{ROOMS}")').splitlines() for word in line.split() if "@" in word
        )

    def visitors(self) -> list[str]:
        """Who is in the lobby."""
        room = f'prosody.hosts["{ROOMS}"].modules.muc.get_room_from_jid("{LOBBY}")'
        lua = f'local n = {{}} for who in {room}:each_occupant() do n[#n+1] = who end return table.concat(n, " ")'
        told = self.shell(f"> (function() {lua} end)()")
        return sorted(word for word in told.split() if word.startswith(f"{LOBBY}/"))

    def stop(self) -> None:
        """End the server."""
        self.group.stop()

    def _ready(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), 1) as sock:
            sock.settimeout(1)
            sock.sendall(b"GET /xmpp-websocket HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            # A stranger on the same port would not know this page, and Prosody runs on without a port that was taken.
            return b"WebSocket" in sock.recv(4096)

    def _configuration(self) -> str:
        where = self.directory
        user, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
        return f"""
pidfile = "{where}/prosody.pid"
data_path = "{where}/data"
run_as_root = true
prosody_user = "{user}"; prosody_group = "{group}"
network_backend = "epoll"
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ }}; s2s_ports = {{ }}; component_ports = {{ }}
http_interfaces = {{ "127.0.0.1" }}; http_ports = {{ {self.port} }}; https_ports = {{ }}
http_default_host = "{GUESTS}"
modules_enabled = {{ "saslauth", "disco", "ping", "posix", "admin_shell", "websocket" }}
modules_disabled = {{ "s2s" }}
admin_socket = "{where}/admin.sock"
consider_websocket_secure = true
log = {{ info = "{where}/prosody.log" }}
VirtualHost "{GUESTS}"
  authentication = "anonymous"
VirtualHost "staff.example.test"
  authentication = "internal_hashed"
Component "{ROOMS}" "muc"
  restrict_room_creation = {"false" if self._create else "true"}
"""


class _Page(BaseHTTPRequestHandler):
    directory = Path()

    def do_GET(self) -> None:
        fault = self._fault()
        if fault == "503":
            self._answer(503, "text/plain", b"no server is available")
        elif self.path == "/operators.json":
            self._answer(200, "application/json", b'{"online": 3}')
        else:
            widget = b"" if fault == "no-widget" else b'<div id="chat-widget">Talk to us</div>'
            self._answer(200, "text/html", b"<!doctype html><title>Chat</title>" + widget)

    def do_POST(self) -> None:
        fields = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        if self._fault() == "503" or "message" not in fields:
            self._answer(503 if "message" in fields else 400, "text/plain", b"not now")
            return
        if self._fault() != "lost":
            port, address = (self.directory / "mail").read_text().split()
            mail = EmailMessage()
            mail["From"], mail["To"], mail["Subject"] = "chat@example.test", address, "A visitor left a message"
            mail.set_content(fields["message"][0] + "\n" + "–" * 40, cte="base64")
            with smtplib.SMTP("127.0.0.1", int(port)) as smtp:
                smtp.send_message(mail)
        self._answer(200, "text/html", b"Thank you")

    def _fault(self) -> str:
        path = self.directory / "fault"
        return path.read_text().strip() if path.exists() else ""

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


if __name__ == "__main__":
    _Page.directory = Path(sys.argv[2])
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Page).serve_forever()
