"""A place from which probes look, and what its probes share: trust settings, name look-ups, one-of-a-kind sockets."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from outagetui.core.hosts import is_localhost, read_host
from outagetui.machine.secrets import Secrets
from outagetui.net.aside import aside
from outagetui.net.resolve import Address, Resolver, literal
from outagetui.net.trouble import fail, unknown

T = TypeVar("T")
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
# A check goes to the same host each time. What comes here from outside was read as a host, or as a name of the DNS,
# and is no longer than one.
_read_host = lru_cache(4096)(read_host)


class Vantage:
    """A place from which probes look. It belongs to one event loop; `aclose` frees what it holds.

    `state` is the directory, if there is one, where what must outlive the process is kept.
    """

    def __init__(self, name: str, secrets: Secrets, state: Path | None = None) -> None:
        import ada_url  # noqa: F401  before anybody waits: what answers say is read by the whole URL standard

        self.name = name
        self.secrets = secrets
        self.state = state
        self._contexts: dict[tuple[str | None, bool, tuple[str, ...]], tuple[tuple[int, int], ssl.SSLContext]] = {}
        self._making = asyncio.Lock()
        self._shared: dict[type[Any], Any] = {}

    async def tls_context(
        self, ca: str | None = None, *, verify: bool = True, alpn: tuple[str, ...] = ()
    ) -> ssl.SSLContext:
        """Return the client context that trusts the certificates in file `ca`, or the system's; TLS 1.2 and newer.

        It is for `Stream.start_tls`, which compares the name; for any other use there is `client_context`. It offers
        the protocols `alpn` (RFC 7301).

        One is kept per trust setting, because each costs some 25 ms, beside the loop, and much memory. A changed `ca`
        file is read anew.
        Without `verify` it accepts anything: only for looking at a certificate that was refused.
        """
        key, stamp = (ca, verify, alpn), _stamp(ca)
        kept = self._contexts.get(key)
        if kept is not None and kept[0] == stamp:
            return kept[1]
        async with self._making:  # many want the same one when a daemon starts
            kept = self._contexts.get(key)
            if kept is None or kept[0] != stamp:
                context = await aside(partial(client_context, ca, verify=verify))
                context.check_hostname = False  # Stream.start_tls compares names, wildcards for names with _ too
                if alpn:
                    context.set_alpn_protocols(list(alpn))
                self._contexts[key] = kept = (stamp, context)
            return kept[1]

    async def resolve(
        self,
        host: str,
        port: int,
        *,
        ip: Literal[4, 6] | None = None,
        type: int = socket.SOCK_STREAM,
        deadline: float | None = None,
    ) -> list[Address]:
        """Return every address of `host`, in the system's order; `ip` keeps one family.

        Raises `Trouble`: `dns.nxdomain`, `dns.nodata` and `dns.servfail` are the name's fault; `dns.no-resolver` and
        `net.no-interface` are ours.
        """
        try:
            host = _read_host(host)
        except ValueError as error:  # targets and options were read before; records such as SRV may name anything
            fail("dns.nxdomain", f"{host}: no such name: {error}")
        if is_localhost(host) and host.lower() != "localhost":
            # So is a name below it, and either with its final dot (RFC 6761 section 6.3): many resolvers do not know.
            found = [Address(socket.AF_INET6, "::1", port), Address(socket.AF_INET, "127.0.0.1", port)]
        else:
            address = literal(host, port)
            if address is None:
                return await self.shared(Resolver, Resolver).resolve(host, port, ip, type, deadline)
            found = [address]
        kept = [each for each in found if ip is None or each.family == _FAMILIES[ip]]
        return kept or unknown("target.invalid", f"{host} is not an IPv{ip} address, which the option `ip` asks for")

    def shared(self, key: type[T], make: Callable[[], T]) -> T:
        """Return this vantage's one `key`, made by `make` at its first use and closed with the vantage."""
        if key not in self._shared:
            self._shared[key] = make()
        return cast("T", self._shared[key])

    async def aclose(self) -> None:
        """Close everything shared that can be closed."""
        shared, self._shared = self._shared, {}
        self._contexts.clear()
        for thing in shared.values():
            if hasattr(thing, "aclose"):
                await thing.aclose()


def _stamp(ca: str | None) -> tuple[int, int]:
    """Return what changes with the file `ca`."""
    if ca is not None:
        with contextlib.suppress(OSError):  # which reading it will meet again
            info = Path(ca).stat()
            return info.st_mtime_ns, info.st_ino
    return 0, 0


def client_context(ca: str | None, *, verify: bool = True) -> ssl.SSLContext:
    """Return a context of TLS 1.2 or newer that trusts the file `ca`, or the system; else `tls.ca-unreadable`.

    It takes some 25 ms, without the interpreter's lock: nothing for a loop.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False  # RFC 9525 section 6.3
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif ca is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        try:
            context.load_verify_locations(cafile=ca)
        except (OSError, ssl.SSLError) as error:
            unknown("tls.ca-unreadable", f"{ca}: {error.strerror or error}")
    return context
