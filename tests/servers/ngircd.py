"""ngIRCd on loopback: plain and with TLS, with a password if wanted."""

import contextlib
import getpass
import grp
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

INSTALL = "ngircd is missing: apt-get install ngircd"
NAME = "irc.example.test"


class Ngircd:
    """A running server. `port` speaks plainly, `tls_port` TLS with the certificate in `certificate` (0 without)."""

    def __init__(self, directory: Path, *, password: str = "", certificate: Path | None = None) -> None:
        self.directory = directory
        self.port = free_port()
        self.tls_port = free_port() if certificate else 0
        self._password = password
        self._certificate = certificate
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What the server says of itself."""
        return self.directory / "ngircd.log"

    def start(self) -> "Ngircd":
        """Start the server and wait until it answers; it may be started again after `stop`."""
        program = shutil.which("ngircd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        assert program, INSTALL
        self.directory.mkdir(parents=True, exist_ok=True)
        configuration = self.directory / "ngircd.conf"
        configuration.write_text(self._configuration())
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [program, "-n", "-f", str(configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait()
        return self

    def _configuration(self) -> str:
        tls = ""
        if self._certificate:
            tls = f"[SSL]\nCertFile = {self._certificate}\nKeyFile = {self._certificate}\nPorts = {self.tls_port}\n"
        return (
            f"[Global]\nName = {NAME}\nInfo = tests\nListen = 127.0.0.1\nPorts = {self.port}\nMotdPhrase = hello\n"
            f"ServerUID = {getpass.getuser()}\nServerGID = {grp.getgrgid(os.getgid()).gr_name}\n"
            + (f"Password = {self._password}\n" if self._password else "")
            + "[Limits]\nMaxConnectionsIP = 0\nMaxNickLength = 20\nPingTimeout = 20\nPongTimeout = 5\n"
            + f"[Options]\nDNS = no\nIdent = no\nPAM = no\n{tls}[Channel]\nName = #ops\n"
        )

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self.log.read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as sock:
                sock.sendall(b"QUIT\r\n")
                return
            time.sleep(0.02)
        raise AssertionError(self.log.read_text())

    def freeze(self) -> None:
        """Stop the whole process group: connections stand, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the server and wait until it is gone."""
        if self._process is not None:
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGTERM)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self._process.wait()
            self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
