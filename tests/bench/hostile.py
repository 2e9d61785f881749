"""Hostile servers against the probes: each look ends in time, and holds the loop and the memory within bounds.

A failure is a probe that ends late or by its own bug, holds the loop for more than 50 ms at a time, takes more than
20 MB, leaves a computing thread behind, loads a library on the loop, or calls it well. The servers run in a thread of
this process, each look in a process of its own.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from tests.bench.hostile_attacks import Attack, attacks
from tests.bench.report import Row
from tests.kit.hostile_servers import serving

TIMEOUT = 3.0
LATE = 1.0  # seconds beyond the time-out
STALL, MEMORY = 0.05, 20.0
T = TypeVar("T")
UDP = ("dns", "sip")


def run() -> list[Row]:
    """Try them one after the other."""
    with _Servers() as servers, tempfile.TemporaryDirectory() as place:
        told = [
            (attack, look_at(attack, servers.port(attack), Path(place) / str(n))) for n, attack in enumerate(attacks())
        ]
    wrong = [f"{attack.name}: {fault}" for attack, look in told if (fault := _fault(attack, look))]
    for words in wrong:
        sys.stderr.write(f"  {words}\n")
    looks = [look for _, look in told if "stall" in look]
    worst = max(told, key=lambda each: float(each[1].get("stall", 0.0)))
    slowest = max(float(look.get("waited", 0.0)) for _, look in told)
    fattest = max(told, key=lambda each: float(each[1].get("megabytes", 0.0)))
    return [
        Row("hostile: tries", len(told), "", note=f"{len(looks)} told what they cost"),
        Row("hostile: failures", len(wrong), "", goal=0, note="; ".join(wrong)[:300]),
        Row("hostile: most memory", float(fattest[1].get("megabytes", 0.0)), "MB", goal=MEMORY, note=fattest[0].name),
        Row(
            "hostile: worst turn of the loop",
            1000 * float(worst[1].get("stall", 0.0)),
            "ms",
            goal=1000 * STALL,
            note=f"{worst[0].name}; by the clock, with all else on this machine, {1000 * slowest:.0f} ms",
        ),
    ]


def _fault(attack: Attack, look: dict[str, Any]) -> str:
    """Return what is wrong with how a probe bore it, or nothing."""
    if "stall" not in look:
        return str(look["error"])
    foreign = [name for name in look["loaded"] if name.partition(".")[0] not in sys.stdlib_module_names]
    faults = [
        ("its own bug: " + look["detail"], look["code"] == "internal"),
        (f"ended after {look['seconds']:.1f} s", look["seconds"] > TIMEOUT + LATE),
        (f"held the loop for {1000 * look['stall']:.0f} ms", look["stall"] > STALL),
        (f"took {look['megabytes']:.0f} MB", look["megabytes"] > MEMORY),
        ("left something computing", look["computing"] > 0.1),
        (f"loaded {', '.join(foreign)} on the loop", bool(foreign)),
        ("called it well", look["outcome"] == "pass" and not attack.fine),
    ]
    return ", ".join(words for words, holds in faults if holds)


def look_at(attack: Attack, port: int, place: Path) -> dict[str, Any]:
    """Let the probe look at the server on `port` in a process of its own; return what it tells, or `error`."""
    (place / "checks").mkdir(parents=True)
    (place / "secrets").mkdir(mode=0o700)
    (place / "secrets" / "s").write_text("geheim")
    (place / "secrets" / "s").chmod(0o600)
    (place / "outagetui.toml").write_text(f'[secrets]\ndirectory = "{place}/secrets"\n')
    for name, number in (("quiet", 9), ("hostile", port)):
        (place / "checks" / f"{name}.toml").write_text(
            f'[channel]\nid = "{name}"\nname = "{name}"\n[[check]]\nid = "x"\nprobe = "{attack.probe}"\n'
            f'target = "{attack.target.format(number)}"\ntimeout = "{TIMEOUT:g}s"\n{attack.options.format(number)}\n'
        )
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.hostile_look", str(place)],
            capture_output=True,
            text=True,
            timeout=TIMEOUT + 30,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"did not end within {TIMEOUT + 30:.0f} s"}
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return {"error": (done.stderr.strip().splitlines() or ["ended without a word"])[-1]}
    return found


class _Servers:
    """A loop in a thread, in which the hostile servers run."""

    def __enter__(self) -> "_Servers":
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def port(self, attack: Attack) -> int:
        """Start the server of an attack; return its port."""
        if attack.probe.partition(".")[0] in UDP and "tcp" not in attack.target:
            return self._do(self._datagrams(attack.talk))  # type: ignore[arg-type]
        return self._do(serving(attack.talk))[1]  # type: ignore[arg-type]

    async def _datagrams(self, make: Callable[[], asyncio.DatagramProtocol]) -> int:
        transport, _ = await self._loop.create_datagram_endpoint(make, local_addr=("127.0.0.1", 0))
        port: int = transport.get_extra_info("sockname")[1]
        return port

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)
