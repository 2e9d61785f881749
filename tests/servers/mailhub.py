"""A submission server on loopback, in a process of its own, that hands every message to an LMTP server.

`python -m tests.servers.mailhub PORT LMTP_PORT DIRECTORY`: STARTTLS with DIRECTORY/cert.pem where that exists, users in
DIRECTORY/users.json, and the fault of the moment in DIRECTORY/fault: swallow, refuse, greylist, reject, hang or slow.
"""

import asyncio
import json
import smtplib
import ssl
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from tests.servers.group import Group, free_port, greets

ROOT = Path(__file__).parent.parent.parent


class Mailhub:
    """A running server. `fault` makes it misbehave, an empty one ends that."""

    def __init__(
        self, directory: Path, lmtp_port: int, *, certificate: Path | None = None, users: dict[str, str] | None = None
    ) -> None:
        self.directory = directory
        self.port = free_port()
        self._lmtp_port = lmtp_port
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "users.json").write_text(json.dumps(users or {}))
        self.show(certificate)
        self.group = Group(directory / "mailhub.log")

    def start(self) -> "Mailhub":
        """Start the server and wait until it greets."""
        argv = [sys.executable, "-m", __spec__.name if __spec__ else __name__]
        self.group.start(
            [*argv, str(self.port), str(self._lmtp_port), str(self.directory)],
            lambda: greets(self.port, b"220"),
            cwd=ROOT,
        )
        return self

    def show(self, certificate: Path | None) -> None:
        """Show another certificate from the next start on; None offers no STARTTLS."""
        path = self.directory / "cert.pem"
        path.unlink(missing_ok=True)
        if certificate:
            path.write_bytes(certificate.read_bytes())

    def fault(self, kind: str) -> None:
        """Misbehave from the next message on."""
        (self.directory / "fault").write_text(kind)

    def stop(self) -> None:
        """End the server."""
        self.group.stop()


class _Hub:
    """Takes messages as aiosmtpd calls it."""

    def __init__(self, lmtp_port: int, directory: Path) -> None:
        self._lmtp_port = lmtp_port
        self._directory = directory
        self._users: dict[str, str] = json.loads((directory / "users.json").read_text())

    @property
    def _fault(self) -> str:
        path = self._directory / "fault"
        return path.read_text().strip() if path.exists() else ""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._fault == "refuse":
            return "550 5.7.1 relaying denied"
        if self._fault == "greylist":
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self._fault == "reject":
            return "554 5.7.1 this looks like spam"
        if self._fault == "hang":
            await asyncio.sleep(3600)
        if self._fault == "slow":
            self._later = asyncio.get_running_loop().call_later(1.5, self._hand_over, envelope)
        elif self._fault == "swallow":
            (self._directory / "swallowed").touch()
        else:
            await asyncio.to_thread(self._hand_over, envelope)
        return "250 2.0.0 accepted"

    def _hand_over(self, envelope: Envelope) -> None:
        content = envelope.content
        with smtplib.LMTP("127.0.0.1", self._lmtp_port) as lmtp:
            lmtp.sendmail(envelope.mail_from or "", envelope.rcpt_tos, content or b"")

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        """Look a password up; an unhandled failure is what makes aiosmtpd answer 535."""
        good = isinstance(data, LoginPassword) and self._users.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=good, handled=False)


async def _serve(port: int, lmtp_port: int, directory: Path) -> None:
    hub = _Hub(lmtp_port, directory)
    context = None
    if (directory / "cert.pem").exists():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "cert.pem")

    def make() -> SMTP:
        return SMTP(hub, hostname="mail.example.test", tls_context=context, authenticator=hub.authenticate)

    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
