"""`matrix`: find the homeserver as clients do, and optionally log in and send a message round a room.

`/.well-known/matrix/client` says where the homeserver is (none: at the target), which must then name the versions it
speaks; `/.well-known/matrix/server`, if there, must be well-formed. With `user` and `secret` it logs in, with `room` it
sends a notice, waits until a sync brings it, takes it back, and logs out. It does not join: the account must be in the
room. Codes: `matrix.well-known`, `matrix.protocol`, `matrix.not-authorized`, `matrix.room-missing`, `matrix.forbidden`
(not in the room), unknown `matrix.limit-exceeded` (we ask too often) and `matrix.auth-missing` (no login by password),
warn `matrix.not-redacted`, `matrix.ERRCODE` for the server's other errors, `http.NNN`, and those of TLS.
"""

import asyncio
import contextlib
import hashlib
import re
import secrets

from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import MatrixOptions
from outagetui.core.targets import is_loopback_or_tls
from outagetui.core.text import in_quotes
from outagetui.core.urls import read_url
from outagetui.net.farewell import Farewells
from outagetui.net.trouble import Phases, Trouble, fail, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.matrix_api import ClientFile, MatrixApi, ServerFile, read

_SHARE = 0.85  # of the time is for the look; the rest is for tidying up
_TIDY = 5.0  # seconds for that after a look that was cut off
_POLL = 10.0  # seconds one sync waits at most
_SERVER = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?", re.ASCII)


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Look once at the homeserver of `check`."""
    options = check.own(MatrixOptions)
    password = "" if options.secret is None else vantage.secrets.read(options.secret)
    clock = asyncio.get_running_loop().time
    soon = clock() + (deadline - clock()) * _SHARE if options.user else deadline
    farewells = vantage.shared(Farewells, Farewells)
    phases = Phases()
    left = Remains()
    try:
        async with phases.within(soon):
            phases.enter("well_known")
            api, flaw = await _discover(vantage, check, soon)
            phases.enter("versions")
            versions = await api.versions()
            words = f"{read_url(api.base).place} speaks {versions[-1]}"
            if options.user is not None:
                _refuse_plain(api.base)
                phases.enter("login")
                left.api = api
                login = await api.login(options.user, password, _device(check, vantage))
                words = f"logged in as {login.user_id}"
                if options.room is not None:
                    words = await _round(api, options.room, phases, left)
    except asyncio.CancelledError:
        farewells.begin(left.tidy())
        raise
    except Trouble:
        await asyncio.wait({farewells.begin(left.tidy())}, timeout=max(0.0, deadline - clock()))
        raise
    await asyncio.wait({farewells.begin(left.tidy())}, timeout=max(0.0, deadline - clock()))
    outcome, code = (Outcome.WARN, "matrix.well-known") if flaw else (Outcome.PASS, "")
    if left.event:
        flaw = f"the message could not be taken back{left.obstacle}"
        outcome, code = Outcome.WARN, "matrix.not-redacted"
    return phases.sample(f"{words}; {flaw}" if flaw else words, outcome, code)


def _refuse_plain(base: str) -> None:
    if not is_loopback_or_tls(base):
        unknown("option.invalid", "a password is not sent without TLS: the target must be https://")


def _device(check: Check, vantage: Vantage) -> str:
    """Return a device id of this check's own, so that its sessions replace each other instead of piling up."""
    return f"OUTAGETUI-{hashlib.sha256(f'{vantage.name} {check.id}'.encode()).hexdigest()[:8].upper()}"


async def _discover(vantage: Vantage, check: Check, deadline: float) -> tuple[MatrixApi, str]:
    """Return the homeserver that clients of the target use, and what is wrong with what other servers read."""
    ca = check.own(MatrixOptions).ca
    here = MatrixApi(vantage, check.target, check.connect, ca, deadline)
    root = MatrixApi(vantage, read_url(here.base).root, check.connect, ca, deadline)
    reply = await root.file("/.well-known/matrix/client")
    if reply.status != 200:
        flaw = "" if reply.status == 404 else f"/.well-known/matrix/client answered {reply.status}"
        return here, flaw or await _server_flaw(root)
    try:
        base = (await read(reply, ClientFile, "/.well-known/matrix/client")).homeserver.base_url
    except Trouble as trouble:
        fail("matrix.well-known", trouble.detail)
    found = _address(base)
    if not found or not is_loopback_or_tls(base):
        fail("matrix.well-known", f"/.well-known/matrix/client names {in_quotes(base)}, which is no https address")
    same = found == _address(here.base)
    home = MatrixApi(vantage, base, check.connect if same else None, ca, deadline)
    return home, await _server_flaw(root)


def _address(url: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port of a web address, None when it is none."""
    try:
        found = read_url(url)
    except ValueError:
        return None
    usable = found.scheme in ("http", "https") and not found.user and found.port != 0
    return (found.scheme, found.host, found.port) if usable else None


async def _server_flaw(root: MatrixApi) -> str:
    reply = await root.file("/.well-known/matrix/server")
    if reply.status != 200:
        return "" if reply.status == 404 else f"/.well-known/matrix/server answered {reply.status}"
    try:
        name = (await read(reply, ServerFile, "/.well-known/matrix/server")).server
    except Trouble as trouble:
        return trouble.detail
    return (
        ""
        if _SERVER.fullmatch(name)
        else f"/.well-known/matrix/server names {in_quotes(name)}, which is no host and port"
    )


async def _round(api: MatrixApi, name: str, phases: Phases, left: "Remains") -> str:
    """Send a notice to the room and wait until it comes back; return the words for it."""
    phases.enter("room")
    room = await api.room(name)
    since = (await api.sync(room)).next_batch
    phases.enter("send")
    left.room, left.token = room, secrets.token_hex(8)
    left.event = await _send(api, left)
    phases.enter("sync")
    loop = asyncio.get_running_loop()
    while True:
        news = await api.sync(room, since, min(_POLL, max(0.0, api.deadline - loop.time())))
        if news.holds(room, left.event):
            phases.stop()
            return f"a message came back in {phases.ms['send'] + phases.ms['sync']:.0f} ms"
        since = news.next_batch
        await asyncio.sleep(0.05)  # a server that answers at once with nothing must not be asked in a frenzy


class Remains:
    """What a look leaves on the server until it is tidied up: a session, and perhaps a message (`token` names it)."""

    def __init__(self) -> None:
        self.api: MatrixApi | None = None
        self.room = ""
        self.token = ""
        self.event = ""
        self.obstacle = ""  # why the message could not be taken back, behind a colon

    async def tidy(self) -> None:
        """Take the message back and end the session, as far as the server lets us."""
        if self.api is None or not self.api.token:
            return
        now = asyncio.get_running_loop().time()
        self.api.deadline = now + _TIDY / 2
        try:
            if self.token and not self.event:
                # Whether it was sent is not known: the same transaction again sends nothing twice and tells its id.
                self.event = await _send(self.api, self)
            if self.event:
                await self.api.redact(self.room, self.event, f"{self.token}-back")
                self.event = ""
        except Trouble as trouble:
            self.obstacle = f": {trouble.detail}"
        self.api.deadline = now + _TIDY
        with contextlib.suppress(Trouble):
            await self.api.logout()


async def _send(api: MatrixApi, left: Remains) -> str:
    return await api.send(left.room, f"outagetui check {left.token}", left.token)
