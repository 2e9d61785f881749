"""HTTPS: what one verified connection with one request costs us, against `openssl s_time` doing the same in C."""

import asyncio
import contextlib
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import trustme
from outagetui.core.model import Check, Outcome
from outagetui.core.probe_options import HttpOptions
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from outagetui.probes import look
from tests.bench.process import program
from tests.bench.report import Row, median
from tests.bench.site import REPLY

ROUNDS, CONNECTIONS, AT_ONCE, SECONDS = 5, 500, 20, 2


def run(*, quick: bool = False) -> list[Row]:
    """Measure both in turn."""
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as place, served(Path(place)) as port:
        ca = str(Path(place) / "ca.pem")
        for _ in range(2 if quick else ROUNDS):
            ours.append(asyncio.run(_ours(port, ca)))
            theirs.append(_openssl(port, ca))
    goal = 1.2 * median(theirs)
    return [Row("handshakes: HTTPS probes, CPU s per 1,000", median(ours), "s", goal, "openssl s_time", median(theirs))]


async def _ours(port: int, ca: str) -> float:
    vantage = Vantage("here", Secrets.none())
    check = Check(id="a.b", probe="http", target=f"https://127.0.0.1:{port}/", options=HttpOptions(ca=ca))
    turn = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with turn:
            sample = await look(check, asyncio.get_running_loop().time() + 10, vantage)
        if sample.outcome is not Outcome.PASS:
            raise OSError(f"an HTTPS probe of our own server failed: {sample.code} {sample.detail}")

    await one()
    began = time.process_time()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    spent = time.process_time() - began
    await vantage.aclose()
    return 1000 * spent / CONNECTIONS


def connections(words: str) -> int:
    """Return how many connections `openssl s_time` says that it made."""
    found = re.search(r"(\d+) connections in \d+ real seconds", words)
    if found is None:
        raise OSError(f"openssl s_time failed: {words.strip()[-200:]}")
    return int(found[1])


def _openssl(port: int, ca: str) -> float:
    argv = [program("openssl", "openssl"), "s_time", "-connect", f"127.0.0.1:{port}", "-new", "-www", "/"]
    argv += ["-CAfile", ca, "-verify", "3", "-time", str(SECONDS)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    words = process.stdout.read().decode("utf-8", "replace")
    process.stdout.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return 1000 * (used.ru_utime + used.ru_stime) / connections(words)


@contextlib.contextmanager
def served(place: Path) -> Iterator[int]:
    """Serve HTTPS while the block runs; yields the port. `ca.pem` in `place` verifies its certificate."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(place / "ca.pem"))
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(place / "key.pem"))
    argv = [sys.executable, "-m", "tests.bench.handshakes", str(place / "key.pem")]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        yield int(json.loads(process.stdout.readline()))
    finally:
        process.kill()
        process.communicate()


async def _serve(pem: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(REPLY)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
