"""The daemon's parts as the handlers of orders need them."""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from outagetui.announce.outbox import Outbox
from outagetui.core.current import Current
from outagetui.core.model import Config
from outagetui.daemon.alarm import Alarm
from outagetui.daemon.background_delivery import BackgroundDelivery
from outagetui.daemon.first_pages import FirstPages
from outagetui.daemon.journal_writer import JournalWriter
from outagetui.daemon.prover import Prover
from outagetui.daemon.schedule import Schedule
from outagetui.daemon.tracer import Tracer
from outagetui.daemon.watch import Watch
from outagetui.playbook.runner import Runner


class Parts(Protocol):
    """What an order may use."""

    current: Current
    drill: str
    clock: Callable[[], float]
    journal: JournalWriter
    watch: Watch
    schedule: Schedule
    outbox: Outbox
    delivery: BackgroundDelivery
    runner: Runner
    prover: Prover
    tracer: Tracer
    alarm: Alarm
    pages: FirstPages
    hosts: dict[str, set[str]]

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` beside everything else."""

    def end(self, reason: str) -> None:
        """Ask the daemon to end."""

    async def publish(self, config: Config) -> None:
        """Write the screens' copy of `config`. Raises WriteError."""
