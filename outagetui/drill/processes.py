"""A drill's processes: the lab, then the daemon that watches it, each ended with the drill whatever ends it."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

from outagetui.config.places import store_of
from outagetui.daemon.main import DRILL, DRILL_PLACE
from outagetui.drill.business_files import make_secrets, write
from outagetui.drill.scenario import Pace, Scenario
from outagetui.machine.secrets import CREDENTIALS
from outagetui.orders.client import OrderClient

START_SECONDS = 15.0
PRIVATE = frozenset({CREDENTIALS})  # what a drill's processes are not told


class DrillError(Exception):
    """The drill cannot be set up; the message says why."""


class RunningDrill(Struct, frozen=True):
    """A running drill: its directory, configuration and store, and how to start the scenario's clock."""

    place: Path
    config: Path
    store: Path
    go: IO[str]

    def begin(self) -> None:
        """Start the scenario's clock."""
        self.go.write("go\n")
        self.go.flush()


@contextlib.contextmanager
def running_drill(scenario: Scenario, speed: str) -> Iterator[RunningDrill]:
    """Set the drill up in a directory of its own and take its processes down again. Raises DrillError."""
    place = Path(tempfile.mkdtemp(prefix="outagetui-drill-"))
    (place / "pages").mkdir()
    make_secrets(place, scenario.id)
    pace: Pace = getattr(scenario, speed)
    environment = {name: value for name, value in os.environ.items() if name not in PRIVATE}
    with (place / "lab.log").open("w") as log:
        lab = subprocess.Popen(
            [sys.executable, "-m", "outagetui.drill.lab", scenario.id, speed, str(place)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
            env=environment,
        )
    assert lab.stdin is not None
    assert lab.stdout is not None
    daemon: subprocess.Popen[bytes] | None = None
    try:
        ports = lab.stdout.readline()
        if not ports:
            raise DrillError(f"the drill's servers did not start: {(place / 'lab.log').read_text().strip()[-300:]}")
        told = json.loads(ports)
        config = write(place, told["ports"], pace, scenario.id)
        name = f"{scenario.name} ({told['left_out']})" if told["left_out"] else scenario.name
        with (place / "daemon.log").open("w") as log:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "outagetui", "--config", str(config), "daemon"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=environment | {DRILL: name, DRILL_PLACE: str(place)},
            )
        store = Path(store_of(config, os.environ))
        lab.stdin.write(f"store {store}\n")
        lab.stdin.flush()
        asyncio.run(_answers(store, daemon, place / "daemon.log"))
        yield RunningDrill(place, config, store, lab.stdin)
    finally:
        if daemon is not None:
            daemon.terminate()
        with contextlib.suppress(OSError):
            lab.stdin.close()
        if daemon is not None:
            _reap(daemon)
        _reap(lab)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(lab.pid, signal.SIGKILL)  # a server of the lab's that outlived it
        lab.stdout.close()


def _reap(process: "subprocess.Popen[Any]") -> None:
    """Wait for a process that was told to end, and end it if it does not."""
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def _answers(store: Path, daemon: "subprocess.Popen[bytes]", log: Path) -> None:
    orders = OrderClient(store)
    limit = time.monotonic() + START_SECONDS
    while not (await orders.hello()).get("ok"):
        if daemon.poll() is not None or time.monotonic() > limit:
            raise DrillError(f"the drill's daemon did not start: {log.read_text().strip()[-300:]}")  # noqa: ASYNC240 the end
        await asyncio.sleep(0.05)
    await orders.aclose()
