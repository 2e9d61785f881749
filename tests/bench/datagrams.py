"""Probes by datagram, alone, against the programs that others start for the same: dig, sipsak and fping.

CPU seconds per 1,000 probes, ours and the peer's in turn on the same machine; the servers run in a process of their
own, except for ICMP, which the kernel answers.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from resource import RUSAGE_CHILDREN, getrusage

from tests.bench.process import program
from tests.bench.report import MissingError, Row, failed, median

ROUNDS = 3
AT_ONCE = 50  # DNS and SIP probes at a time
HOSTS = 500  # pinged at a time
PEERS_RUNS = 50  # how often a peer is run that is a process for each probe
GOALS = {"dns": 0.4, "sip.options": 0.4, "icmp": 0.05}


def run() -> list[Row]:
    """Measure each kind and its peer."""
    with _answers() as ports:
        return [row for probe in GOALS for row in _rows(probe, ports)]


def _rows(probe: str, ports: dict[str, int]) -> Iterator[Row]:
    targets, options = _targets(probe, ports)
    ours: list[float] = []
    theirs: list[float] = []
    missing = ""
    for _ in range(ROUNDS):
        ours.append(_alone(probe, options, targets))
        try:
            theirs.append(_peer(probe, ports, targets))
        except MissingError as error:
            missing = str(error)
    name = f"datagrams: {probe}, CPU s per 1,000 probes"
    at_once = f"{len(targets)} at once"
    yield Row(name, median(ours), "s", GOALS[probe], f"{at_once}, no schedule, no store")
    words = {"dns": "dig", "sip.options": "sipsak", "icmp": "fping"}[probe]
    yield (
        failed(f"datagrams: {words}", missing)
        if missing
        else Row(
            f"datagrams: {words}",
            median(theirs),
            "s",
            note=f"the peer; ours is {median(ours) / median(theirs):.2f} of it",
        )
    )


def _targets(probe: str, ports: dict[str, int]) -> tuple[list[str], dict[str, object]]:
    if probe == "dns":
        return [f"dns://127.0.0.1:{ports['dns']}/www-{number}.example.test" for number in range(AT_ONCE)], {}
    if probe == "sip.options":
        return [f"sip:{number}@127.0.0.1:{ports['sip']};transport=udp" for number in range(AT_ONCE)], {}
    return [f"icmp://127.{number // 250 + 1}.{number % 250 + 1}.7" for number in range(HOSTS)], {"count": 1}


def _alone(probe: str, options: dict[str, object], targets: Sequence[str]) -> float:
    argv = [sys.executable, "-m", "tests.bench.datagrams_alone", probe, json.dumps(options), *targets]
    done = subprocess.run(argv, check=True, stdout=subprocess.PIPE, timeout=120)
    return float(json.loads(done.stdout))


def _peer(probe: str, ports: dict[str, int], targets: Sequence[str]) -> float:
    if probe == "icmp":
        hosts = [each.removeprefix("icmp://") for each in targets]
        argv = [program("fping", "fping"), "-q", "-c1", "-i1", *hosts]
        return _children([argv]) * 1000 / len(hosts)
    if probe == "dns":
        one = [program("dig", "dnsutils"), "@127.0.0.1", "-p", str(ports["dns"]), "www.example.test"]
    else:
        one = [program("sipsak", "sipsak"), "-s", f"sip:1@127.0.0.1:{ports['sip']}"]
    return _children([one] * PEERS_RUNS) * 1000 / PEERS_RUNS


def _children(runs: Sequence[Sequence[str]]) -> float:
    """Return the CPU seconds of programs that are run one after the other."""
    before = getrusage(RUSAGE_CHILDREN)
    for argv in runs:
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextlib.contextmanager
def _answers() -> Iterator[dict[str, int]]:
    argv = [sys.executable, "-m", "tests.bench.datagram_answers"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            ports: dict[str, int] = json.loads(server.stdout.readline())
            yield ports
        finally:
            server.terminate()
