"""Real servers on loopback for the probes' tests, and the certificates they show."""

import asyncio
import contextlib
import datetime
import itertools
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from outagetui.core.model import Check, Sample
from outagetui.core.probe_options import PROBES
from outagetui.net.vantage import Vantage
from outagetui.probes import look

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.UTC)


def make_check(probe: str, target: str, *, connect: str | None = None, **options: Any) -> Check:
    return Check(id=f"test.{probe}", probe=probe, target=target, options=PROBES[probe](**options), connect=connect)


async def look_at(
    vantage: Vantage, probe: str, target: str, *, within: float = 5.0, connect: str | None = None, **options: Any
) -> Sample:
    """One look with a deadline `within` seconds from now."""
    deadline = asyncio.get_running_loop().time() + within
    return await look(make_check(probe, target, connect=connect, **options), deadline, vantage)


class Serving:
    """A running server: its port, and how many have connected."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self.arrived = asyncio.Event()
        self.received: list[bytes] = []


@contextlib.asynccontextmanager
async def serve(
    handler: Handler, *, context: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[Serving]:
    """Run `handler` for each connection; what it leaves open is closed at the end of the connection."""
    serving = Serving()
    tasks: set[asyncio.Task[None]] = set()
    open_writers: set[asyncio.StreamWriter] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await handler(reader, writer)
                await writer.drain()
        finally:
            writer.close()
            if context is not None:
                writer.transport.abort()
            open_writers.discard(writer)

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.connections += 1
        serving.arrived.set()
        open_writers.add(writer)
        task = asyncio.ensure_future(one(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, host, port, ssl=context)
    serving.port = server.sockets[0].getsockname()[1]
    try:
        yield serving
    finally:
        await settle()  # asyncio leaks a connection that it is accepting while its server closes
        server.close()
        await settle()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in open_writers:
            writer.transport.abort()  # its task was cancelled before it began
        await settle()


async def settle() -> None:
    """Let transports that were told to close do so."""
    for _ in range(10):
        await asyncio.sleep(0)


def saying(data: bytes) -> Handler:
    """Send `data` as soon as somebody connects, and close."""

    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    return handler


def answering(data: bytes) -> Handler:
    """Read an HTTP request's head, send `data`, and close."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)

    return handler


def hanging(first: bytes = b"") -> Handler:
    """Send `first` and then nothing until the other side goes."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while await reader.read(65536):
            pass

    return handler


def dripping(first: bytes, drop: bytes, every: float = 0.02) -> Handler:
    """Send `first`, then `drop` again and again."""

    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(every)

    return handler


def script(*turns: bytes | None) -> Handler:
    """Say each turn after one line of the client, the first at once; None hangs up without a word."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, turn in enumerate(turns):
            if number:
                await reader.readline()
            if turn is None:
                return
            writer.write(turn)
        while await reader.read(65536):
            pass

    return handler


def reply(status: str = "200 OK", body: bytes = b"hello", *headers: str) -> bytes:
    """An HTTP reply with a length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@contextlib.contextmanager
def black_hole(host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """A port whose queue is full: the kernel drops every further attempt, as a firewall would."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


def other_loopback() -> str:
    """A loopback address beside 127.0.0.1: IPv6 where this machine has it."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as sock:
        sock.bind(("::1", 0))
        return "::1"
    return "127.0.0.2"


def refused_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def open_descriptors() -> list[str]:
    """Every socket this process holds."""
    links = []
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            links.append(str(each.readlink()))
    return sorted(link for link in links if link.startswith("socket:"))


class Pki:
    """A certificate authority of the tests, made anew each run, and contexts with every kind of certificate."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._numbers = itertools.count()
        self._root = trustme.CA()
        self.ca = self._store(self._root.cert_pem.bytes())
        self._rogue = trustme.CA()

    def _store(self, content: bytes) -> str:
        path = self._directory / f"{next(self._numbers)}.pem"
        path.write_bytes(content)
        return str(path)

    def _context(self, *pems: bytes) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._store(b"".join(pems)))
        return context

    def _issue(self, authority: trustme.CA, *names: str, extra: bytes = b"", **validity: Any) -> ssl.SSLContext:
        leaf = authority.issue_cert(*names, common_name="leaf", **validity)
        return self._context(leaf.private_key_pem.bytes(), *(each.bytes() for each in leaf.cert_chain_pems), extra)

    def good(self, *names: str) -> ssl.SSLContext:
        return self._issue(self._root, *(names or ("localhost", "127.0.0.1")))

    def pem(self, *names: str, days: float = 365) -> str:
        """A file with a key and its certificate, for a server that is another program."""
        leaf = self._root.issue_cert(*names, not_before=NOW - 90 * DAY, not_after=NOW + days * DAY)
        pems = (leaf.private_key_pem.bytes(), *(each.bytes() for each in leaf.cert_chain_pems))
        return self._store(b"".join(pems))

    def through_intermediate(self) -> ssl.SSLContext:
        return self._issue(self._root.create_child_ca(), "localhost")

    def ending_in(self, days: float) -> ssl.SSLContext:
        return self._issue(self._root, "localhost", not_before=NOW - 90 * DAY, not_after=NOW + days * DAY)

    def expired(self) -> ssl.SSLContext:
        return self.ending_in(-3)

    def not_yet_valid(self) -> ssl.SSLContext:
        return self._issue(self._root, "localhost", not_before=NOW + 5 * DAY, not_after=NOW + 90 * DAY)

    def rogue(self) -> ssl.SSLContext:
        return self._issue(self._rogue, "localhost")

    def rogue_with_root(self) -> ssl.SSLContext:
        return self._issue(self._rogue, "localhost", extra=self._rogue.cert_pem.bytes())

    def self_signed(self) -> ssl.SSLContext:
        key, name = _key(), _name("localhost")
        return self._context(_pem_key(key), _pem(_build(name, key, name, key)))

    def incomplete(self) -> tuple[str, ssl.SSLContext]:
        """A leaf below an intermediate that is not sent; returns the root's file too."""
        root_key, middle_key, leaf_key = _key(), _key(), _key()
        root = _build(_name("Root"), root_key, _name("Root"), root_key, authority=True)
        leaf = _build(_name("localhost"), leaf_key, _name("Middle"), middle_key, issuer_at="http://ca.test/middle.cer")
        return self._store(_pem(root)), self._context(_pem_key(leaf_key), _pem(leaf))

    def with_names(self, names: x509.ExtensionType) -> tuple[str, ssl.SSLContext]:
        """A leaf with this subjectAltName, whatever it is; returns the root's file too."""
        root_key, leaf_key = _key(), _key()
        root = _build(_name("Root"), root_key, _name("Root"), root_key, authority=True)
        leaf = _build(_name("localhost"), leaf_key, _name("Root"), root_key, names=names)
        return self._store(_pem(root)), self._context(_pem_key(leaf_key), _pem(leaf))

    def short_intermediate(self) -> tuple[str, ssl.SSLContext]:
        """A long-lived leaf below an intermediate that ends in two days; returns the root's file too."""
        root_key, middle_key, leaf_key = _key(), _key(), _key()
        root = _build(_name("Root"), root_key, _name("Root"), root_key, authority=True)
        middle = _build(_name("Middle"), middle_key, _name("Root"), root_key, authority=True, days=2)
        leaf = _build(_name("localhost"), leaf_key, _name("Middle"), middle_key)
        return self._store(_pem(root)), self._context(_pem_key(leaf_key), _pem(leaf), _pem(middle))


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _build(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool = False,
    days: int = 365,
    issuer_at: str = "",
    names: x509.ExtensionType | None = None,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + days * DAY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        names = names or x509.SubjectAlternativeName([x509.DNSName("localhost")])
        builder = builder.add_extension(names, critical=False)
    if issuer_at:
        where = x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(issuer_at)
        )
        builder = builder.add_extension(x509.AuthorityInformationAccess([where]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
