"""Prosody on loopback: accounts, rooms and faults, ruled over its admin socket."""

import getpass
import grp
import os
import re
import shutil
import socket
from html import unescape
from pathlib import Path
from xml.sax.saxutils import escape

from tests.servers.group import Group, free_port

INSTALL = "prosody is missing: apt-get install prosody"
DOMAIN = "example.test"
ROOMS = "rooms.example.test"
# What the server can be told to do wrong, by the word in `prosody.fault`.
FAULTS = """\
local st = require "util.stanza";
local function on(hook, fault, act)
	module:hook(hook, function (event)
		if prosody.fault == fault then act(event.origin, event.stanza) return true end
	end, 1000);
end
local function close(condition) return function (origin) origin:close(condition) end end
local function refuse(condition)
	return function (origin, stanza) origin.send(st.error_reply(stanza, "cancel", condition)) end
end
local function ignore() end
local ping, bind = "iq-get/host/urn:xmpp:ping:ping", "stanza/iq/urn:ietf:params:xml:ns:xmpp-bind:bind";
on(ping, "ping-silent", function () prosody.unanswered = (prosody.unanswered or 0) + 1 end);
on(ping, "ping-refused", refuse("internal-server-error"));
on(ping, "ping-unknown", refuse("feature-not-implemented"));
on(ping, "ping-conflict", close("conflict"));
on(ping, "ping-stream-error", close("policy-violation"));
on(bind, "bind-conflict", refuse("conflict"));
on("iq-get/bare/http://jabber.org/protocol/disco#info:query", "room-unseen", refuse("service-unavailable"));
on("iq/full", "self-ping-lost", refuse("remote-server-timeout"));
on("iq-get/bare/http://jabber.org/protocol/disco#info:query", "rooms-gone", refuse("remote-server-not-found"));
on("message/bare", "message-lost", ignore);
module:hook("iq-result/host/asked", function () prosody.answers = (prosody.answers or 0) + 1 return true end);
"""
_MUC = f"prosody.hosts['{ROOMS}'].modules.muc"
_ANSWER = re.compile(r"<repl-result(?P<attributes>[^>]*?)(?:/>|>(?P<text>.*?)</repl-result>)", re.DOTALL)


class Prosody:
    """A running server of the domain `example.test` with rooms at `rooms.example.test`.

    `port` takes STARTTLS, `tls_port` TLS at once, both with the key and certificate in `certificate`; without one there
    is no TLS at all. `options` and `rooms` are further lines of its configuration, for the server and for the rooms;
    `modules` are loaded beside the usual ones.
    """

    def __init__(
        self,
        directory: Path,
        *,
        certificate: str | Path = "",
        options: str = "",
        rooms: str = "",
        modules: tuple[str, ...] = (),
    ) -> None:
        self.directory = directory
        self._modules = modules
        self.port, self.tls_port = free_port(), free_port()
        self._certificate = certificate
        self._options = options
        self._rooms = rooms
        (directory / "data").mkdir(parents=True, exist_ok=True)
        (directory / "modules").mkdir(exist_ok=True)
        self.group = Group(directory / "prosody.log")

    def start(self) -> "Prosody":
        """Start the server and wait until it answers; it may be started again after `stop`, with the same accounts."""
        program = shutil.which("prosody", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        assert program, INSTALL
        configuration = self.directory / "prosody.cfg.lua"
        configuration.write_text(self._configuration())
        (self.directory / "modules" / "mod_faults.lua").write_text(FAULTS)
        self.group.start([program, "--config", str(configuration), "-F"], self._ready)
        return self

    def _ready(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), 1):
            return self.run("return 'ready'") == "ready"

    def show(self, certificate: str | Path) -> None:
        """Show another certificate from the next start on; none takes TLS away."""
        self._certificate = certificate

    def stop(self) -> None:
        """End the server."""
        self.group.stop()

    def _configuration(self) -> str:
        more = "".join(f', "{name}"' for name in self._modules)
        where, user, group = self.directory, getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
        tls, disabled = "c2s_require_encryption = false; allow_unencrypted_plain_auth = true", '"s2s", "tls"'
        if self._certificate:
            disabled = '"s2s"'
            tls = (
                f'ssl = {{ certificate = "{self._certificate}"; key = "{self._certificate}" }}\n'
                f"c2s_require_encryption = true; c2s_direct_tls_ports = {{ {self.tls_port} }}"
            )
        return f"""\
pidfile = "{where}/prosody.pid"
data_path = "{where}/data"
certificates = "{where}/data"
plugin_paths = {{ "{where}/modules" }}
run_as_root = true
prosody_user = "{user}"; prosody_group = "{group}"
network_backend = "epoll"
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {self.port} }}; s2s_ports = {{ }}; component_ports = {{ }}; http_ports = {{ }}; https_ports = {{ }}
modules_enabled = {{ "roster", "saslauth", "tls", "disco", "ping", "posix", "admin_shell", "faults"{more} }}
modules_disabled = {{ {disabled} }}
admin_socket = "{where}/admin.sock"
authentication = "internal_hashed"; storage = "internal"
log = {{ info = "*console" }}
{tls}
{self._options}
VirtualHost "{DOMAIN}"
Component "{ROOMS}" "muc"
  modules_enabled = {{ "faults" }}
{self._rooms}
"""

    def run(self, lua: str) -> str:
        """Run one line of Lua in the server and return what it returns, as text; an error is an `AssertionError`."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10)
            # A socket's path must be short, which that of a test's directory is not.
            folder = os.open(self.directory, os.O_PATH)
            try:
                sock.connect(f"/proc/self/fd/{folder}/admin.sock")
            finally:
                os.close(folder)
            stream = "<stream:stream xmlns='xmpp:prosody.im/admin' xmlns:stream='http://etherx.jabber.org/streams'>"
            sock.sendall(f"{stream}<repl-input>&gt;{escape(lua)}</repl-input>".encode())
            said = ""
            while (answer := _ANSWER.search(said)) is None:
                data = sock.recv(65536)
                assert data, f"the server hung up: {said}"
                said += data.decode()
        text = unescape(answer["text"] or "")
        assert "error" not in answer["attributes"], f"{lua}: {text}"
        return text.removeprefix("Result: ")

    def fault(self, kind: str = "") -> None:
        """Do wrong as `FAULTS` says from now on; without a kind all is well again."""
        self.run(f"prosody.fault = '{kind}' return 1")

    def add_user(self, name: str, password: str) -> None:
        """Make the account `name`@example.test, or change its password."""
        self.run(f"require'core.usermanager'.create_user('{name}', '{password}', '{DOMAIN}')")

    def set_password(self, name: str, password: str) -> None:
        """Change a password, which ends the account's sessions."""
        self.run(f"require'core.usermanager'.set_password('{name}', '{password}', '{DOMAIN}')")

    def sessions(self, name: str) -> int:
        """Return how many sessions the account has."""
        user = f"prosody.hosts['{DOMAIN}'].sessions['{name}']"
        return int(
            self.run(f"local n = 0; for _ in pairs(({user} or {{}}).sessions or {{}}) do n = n + 1 end return n")
        )

    def unanswered(self) -> int:
        """Return how many pings were passed over by the fault `ping-silent`."""
        return int(self.run("return prosody.unanswered or 0"))

    def kick(self, name: str, condition: str = "policy-violation") -> None:
        """End every session of the account with a stream error."""
        user = f"prosody.hosts['{DOMAIN}'].sessions['{name}']"
        self.run(f"for _, s in pairs(({user} or {{}}).sessions or {{}}) do s:close('{condition}') end return 1")

    def ping(self, name: str) -> None:
        """Ping every session of the account, as servers do; `answers` counts what comes back."""
        ping = f"st.iq{{type='get', id='asked', from='{DOMAIN}', to=s.full_jid}}:tag('ping', {{xmlns='urn:xmpp:ping'}})"
        user = f"prosody.hosts['{DOMAIN}'].sessions['{name}']"
        self.run(f"local st = require'util.stanza'; for _, s in pairs({user}.sessions) do s.send({ping}) end return 1")

    def answers(self) -> int:
        """Return how many pings were answered."""
        return int(self.run("return prosody.answers or 0"))

    def add_room(self, name: str, *settings: str) -> str:
        """Make a room that stays, with further settings such as `members_only(true)`; returns its address."""
        calls = "".join(f" r:set_{each}" for each in ("persistent(true)", *settings))
        self.run(
            f"local m = {_MUC}; local old = m.get_room_from_jid('{name}@{ROOMS}'); if old then old:destroy() end;"
            f" local r = assert(m.create_room('{name}@{ROOMS}'));{calls} r:save(true) return 1"
        )
        return f"{name}@{ROOMS}"

    def in_room(self, name: str, lua: str) -> str:
        """Run Lua with the room as `r` and return the result; "gone" where there is no such room."""
        # The stone on a destroyed room's grave, which tells visitors so, is no room.
        gone = "if not r or r._data.destroyed then return 'gone' end;"
        return self.run(f"local r = {_MUC}.get_room_from_jid('{name}@{ROOMS}'); {gone} {lua}")

    def destroy_room(self, name: str) -> None:
        """Destroy a room with all who are in it."""
        self.in_room(name, "r:destroy() return 1")

    def occupants(self, name: str) -> int:
        """Return how many are in a room."""
        found = self.in_room(name, "local n = 0; for _ in r:each_occupant() do n = n + 1 end return n")
        return 0 if found == "gone" else int(found)
