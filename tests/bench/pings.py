"""ICMP: 500 hosts at once, in this process, beside fping."""

import asyncio
import os
import subprocess
import time

from outagetui.core.model import Check, Outcome
from outagetui.core.probe_options import IcmpOptions
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from outagetui.probes import look
from tests.bench.process import program
from tests.bench.report import MissingError, Row, median

HOSTS, ROUNDS, TIMEOUT = 500, 5, 5.0
GOAL = 0.05  # CPU seconds per 1,000 echoes
ADDRESSES = [f"127.1.{number // 250}.{1 + number % 250}" for number in range(HOSTS)]


def run(*, quick: bool = False) -> list[Row]:
    """Measure both in turn, with one echo a host and with as many as a check sends."""
    rows = []
    for count, goal in ((1, GOAL), (IcmpOptions().count, None)):
        ours, theirs, note = [], [], "fping"
        for _ in range(2 if quick else ROUNDS):
            ours.append(asyncio.run(_ours(count)))
            try:
                theirs.append(_fping(count))
            except MissingError as error:
                note = str(error)
        name = f"pings: {HOSTS} hosts at once, {count} each, CPU s per 1,000"
        rows.append(Row(name, median(ours), "s", goal, note, median(theirs) if theirs else None))
    return rows


async def _ours(count: int) -> float:
    vantage = Vantage("here", Secrets.none())
    options = IcmpOptions(count=count)
    checks = [
        Check(id=f"a.b{number}", probe="icmp", target=f"icmp://{address}", options=options)
        for number, address in enumerate(ADDRESSES)
    ]

    async def one(check: Check) -> None:
        sample = await look(check, asyncio.get_running_loop().time() + TIMEOUT, vantage)
        if sample.outcome is not Outcome.PASS:
            raise OSError(f"an echo of our own machine did not come: {sample.code} {sample.detail}")

    await one(checks[0])
    began = time.process_time()
    await asyncio.gather(*map(one, checks))
    spent = time.process_time() - began
    await vantage.aclose()
    return 1000 * spent / HOSTS


def _fping(count: int) -> float:
    argv = [program("fping", "fping"), "-q", "-i", "1", "-p", "150", "-c", str(count), *ADDRESSES]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise OSError(f"fping ended with status {process.returncode}")
    return 1000 * (used.ru_utime + used.ru_stime) / HOSTS
