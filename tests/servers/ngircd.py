"""ngIRCd on loopback: plain and with TLS, with a password if wanted."""

import getpass
import grp
import os
import shutil
import socket
from pathlib import Path

from tests.servers.group import Group, free_port

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
        directory.mkdir(parents=True, exist_ok=True)
        self.group = Group(directory / "ngircd.log")

    def start(self) -> "Ngircd":
        """Start the server and wait until it answers; it may be started again after `stop`."""
        program = shutil.which("ngircd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        assert program, INSTALL
        configuration = self.directory / "ngircd.conf"
        configuration.write_text(self._configuration())
        self.group.start([program, "-n", "-f", str(configuration)], self._ready)
        return self

    def _ready(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), 1) as sock:
            sock.settimeout(2)
            sock.sendall(b"NICK ready\r\nUSER ready 0 * :ready\r\n")
            return sock.recv(500).startswith((f":{NAME} ".encode(), b"ERROR :Access denied"))

    def stop(self) -> None:
        """End the server."""
        self.group.stop()

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
