"""The dead man's switch: a watcher outside hears from us only while we do our work, and raises the alarm when not."""

import asyncio
import contextlib
from collections.abc import Callable

from outagetui import __version__
from outagetui.alerts.hide import hide
from outagetui.core.current import Current
from outagetui.core.model import Heartbeat
from outagetui.core.text import clean
from outagetui.daemon.journal_writer import JournalWriter
from outagetui.daemon.ticks import tick
from outagetui.facts.events import HeartbeatChanged
from outagetui.facts.journaling import DAEMON
from outagetui.machine.secrets import SecretError
from outagetui.net.trouble import Trouble
from outagetui.net.vantage import Vantage
from outagetui.protocols.http_fetch import fetch
from outagetui.store.journal import WriteError

IDLE = 1.0  # seconds between two looks whether a heartbeat was configured
AGENT = f"outagetui/{__version__}"  # with the journal's head behind it: a watcher's log keeps what we are called
BODY = 1024  # bytes of the answer that are read


class Pulse:
    """Asks for the URL of `[heartbeat]` while `ailing` says nothing; keeps in the journal when that changes.

    `trouble` says why the watcher does not hear from us, or is empty.
    """

    def __init__(
        self,
        journal: JournalWriter,
        vantage: Vantage,
        current: Current,
        ailing: Callable[[], str],
        *,
        drill: bool,
    ) -> None:
        self._journal, self._vantage, self._current, self._ailing = journal, vantage, current, ailing
        self._drill = drill
        self.trouble = ""

    async def run(self) -> None:
        """Beat until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            heartbeat = self._current.config.heartbeat
            if heartbeat is None or self._drill:
                self.trouble = ""
                await tick(IDLE)
                continue
            began = loop.time()
            await self._beat(heartbeat)
            await asyncio.sleep(max(0.0, began + heartbeat.every - loop.time()))

    async def _beat(self, heartbeat: Heartbeat) -> None:
        ailing = self._ailing()
        why = f"held back: {ailing}" if ailing else await self._ask(heartbeat)
        self.trouble = f"nobody outside hears that this daemon runs: {why}" if why else ""
        last = self._journal.ledger.alerts.heartbeat
        if last is None or last.heard is bool(why):
            # On a full disk it is still due with the next beat.
            with contextlib.suppress(WriteError):
                await self._journal.write(DAEMON, HeartbeatChanged(heard=not why, why=why or "it answers"))

    async def _ask(self, heartbeat: Heartbeat) -> str:
        """Ask once; return why it was not heard, without any part of a secret URL."""
        try:
            url = self._vantage.secrets.read(heartbeat.secret) if heartbeat.secret else heartbeat.url
        except SecretError as error:
            return str(error)
        deadline = asyncio.get_running_loop().time() + heartbeat.timeout
        try:
            headers = {"user-agent": f"{AGENT} (journal {self._journal.mark.removesuffix('…')})"}
            reply = await fetch(self._vantage, url.strip(), headers=headers, limit=BODY, deadline=deadline)
        except Trouble as trouble:
            words = f"{trouble.code}: {trouble.detail}"
            return clean(hide(words, url) if heartbeat.secret else words)
        return "" if 200 <= reply.status < 300 else f"it answered with status {reply.status}"
