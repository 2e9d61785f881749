"""The drill's Jabber: Prosody, where it is installed, as a child of the lab; nothing is installed for it.

Faults: `hang` (the process stands still), `room-destroyed`, `wrong-certificate`, `refuse` (it is ended).
"""

import asyncio
import contextlib
import getpass
import grp
import os
import shutil
import signal
import socket
from pathlib import Path

from outagetui.drill.servers import HOST

DOMAIN, ROOMS, ROOM, USER = "drill.test", "rooms.drill.test", "office", "watch"
PROGRAMS = ("prosody", "prosodyctl", "openssl")
START_SECONDS = 10.0
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"


class JabberError(Exception):
    """Prosody is not installed, or does not start; the message says why."""


class Jabber:
    """A running Prosody with one account and one room, kept in `directory`; `ca` is its certificate."""

    def __init__(self, directory: Path, password: str) -> None:
        self._directory, self._password = directory, password
        self._file = directory / "prosody.cfg.lua"
        self._process: asyncio.subprocess.Process | None = None
        self._wrong = False  # whether it shows the wrong certificate
        self.ca = directory / "jabber.pem"
        self.port = 0

    async def start(self) -> "Jabber":
        """Make certificate, account and room, and start. Raises `JabberError`."""
        for name in PROGRAMS:
            if shutil.which(name, path=_PATH) is None:
                raise JabberError(f"{name} is not installed")
        accounts = self._directory / "data" / DOMAIN.replace(".", "%2e") / "accounts"
        accounts.mkdir(parents=True, mode=0o700)
        (accounts / f"{USER}.dat").write_text(f'return {{ ["password"] = "{self._password}"; }};\n')
        await self._certify(DOMAIN, self.ca, self._directory / "key.pem")
        self._show(self.ca, self._directory / "key.pem")
        with socket.socket() as sock:
            sock.bind((HOST, 0))
            self.port = sock.getsockname()[1]
        self._file.write_text(self._configuration())
        await self._launch()
        return self

    async def suffer(self, kind: str, share: float) -> None:
        """Take on a fault, in place of the one before; `share` has no meaning here."""
        del share
        if kind == "hang":
            self._signal(signal.SIGSTOP)
        elif kind == "room-destroyed":
            await self._shell(f'> prosody.hosts["{ROOMS}"].modules.muc.get_room_from_jid("{ROOM}@{ROOMS}"):destroy()')
        elif kind == "wrong-certificate":
            wrong, key = self._directory / "wrong.pem", self._directory / "wrong-key.pem"
            await self._certify(f"elsewhere.{DOMAIN}", wrong, key)
            await self._restart(wrong, key)
            self._wrong = True
        elif kind == "refuse":
            await self.stop()
        elif self._wrong:
            await self._restart(self.ca, self._directory / "key.pem")
            self._wrong = False
        elif self._process is None:
            await self._launch()
        else:
            self._signal(signal.SIGCONT)
            await self._make_room()

    async def stop(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 3)
            except TimeoutError:
                process.kill()
                await process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _launch(self) -> None:
        argv = (shutil.which("prosody", path=_PATH) or "prosody", "--config", str(self._file), "-F")
        log = self._directory / "prosody.out"
        with log.open("ab") as out:
            null = asyncio.subprocess.DEVNULL
            self._process = await asyncio.create_subprocess_exec(*argv, stdin=null, stdout=out, stderr=out)
        loop = asyncio.get_running_loop()
        limit = loop.time() + START_SECONDS
        while not await self._make_room():
            if self._process.returncode is not None or loop.time() > limit:
                await self.stop()
                raise JabberError(f"prosody does not start: {log.read_text(errors='replace').strip()[-300:]}")
            await asyncio.sleep(0.1)

    async def _make_room(self) -> bool:
        """Make the room that stays, or see that it is there; False while the server does not answer."""
        said = await self._shell(f'muc:create("{ROOM}@{ROOMS}", {{persistent = true}})')
        return "OK" in said or "exists" in said

    async def _shell(self, line: str) -> str:
        """Run one line of Prosody's shell and return what it says."""
        program = shutil.which("prosodyctl", path=_PATH) or "prosodyctl"
        return await _said(program, "--config", str(self._file), "shell", line)

    async def _restart(self, certificate: Path, key: Path) -> None:
        """Start anew with another certificate; sessions that stood on the old one end."""
        await self.stop()
        self._show(certificate, key)
        await self._launch()

    def _show(self, certificate: Path, key: Path) -> None:
        shutil.copy(certificate, self._directory / "shown.pem")
        shutil.copy(key, self._directory / "shown-key.pem")

    async def _certify(self, domain: str, certificate: Path, key: Path) -> None:
        """Make a certificate that is its own authority, for `domain` and its rooms. Raises `JabberError`."""
        names = f"subjectAltName=DNS:{domain},DNS:rooms.{domain}"
        await _said(
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"),
            *("-subj", f"/CN={domain}", "-days", "2", "-addext", names),
            *("-addext", "keyUsage=digitalSignature,keyCertSign", "-keyout", str(key), "-out", str(certificate)),
        )
        if not await asyncio.to_thread(certificate.exists):
            raise JabberError("openssl did not make a certificate")

    def _configuration(self) -> str:
        where, user, group = self._directory, getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
        return f"""\
pidfile = "{where}/prosody.pid"
data_path = "{where}/data"
certificates = "{where}/data"
run_as_root = true
prosody_user = "{user}"; prosody_group = "{group}"
interfaces = {{ "{HOST}" }}
c2s_ports = {{ {self.port} }}; s2s_ports = {{ }}; component_ports = {{ }}; http_ports = {{ }}; https_ports = {{ }}
modules_enabled = {{ "roster", "saslauth", "tls", "disco", "ping", "posix", "admin_shell" }}
modules_disabled = {{ "s2s" }}
admin_socket = "{where}/admin.sock"
authentication = "internal_plain"; storage = "internal"
log = {{ info = "*console" }}
ssl = {{ certificate = "{where}/shown.pem"; key = "{where}/shown-key.pem" }}
c2s_require_encryption = true
VirtualHost "{DOMAIN}"
Component "{ROOMS}" "muc"
  restrict_room_creation = "admin"; muc_tombstones = false
"""


async def _said(*argv: str) -> str:
    """Run a program to its end and return what it says, none after a few seconds."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            return (await process.communicate())[0].decode("utf-8", "replace")
    except TimeoutError:
        process.kill()
        await process.wait()
        return ""
