"""The probe engine: our daemon, store on disk and all, beside blackbox_exporter with Prometheus, sipsak and dig.

The daemon and Prometheus probe 1,000 targets every 10 s, a new connection each, in turn on the same machine. CPU
seconds are those of the processes, divided by the probes that really ended meanwhile.
"""

import contextlib
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from outagetui.daemon.rhythm import phase_of
from outagetui.store.journal import Store
from tests.bench import daemon as ours
from tests.bench.extent import Extent
from tests.bench.handshakes import served
from tests.bench.process import cpu_seconds, program, rss_mb
from tests.bench.prometheus import driven
from tests.bench.report import MissingError, Row, failed, percentile
from tests.bench.site import site
from tests.servers.kamailio import Kamailio
from tests.servers.knot import Knot

FULL, QUICK = Extent(1000, 10.0, 5.0, 15.0), Extent(200, 2.0, 2.0, 4.0)
RUNS = 100  # of a peer that is a process a probe
PEER = "blackbox_exporter + Prometheus"


@dataclass(frozen=True)
class Kind:
    """A kind of probe: `goal` in CPU seconds per 1,000, `module` is what blackbox_exporter does with `target`.

    `argv` is a peer that makes one probe a process, `more` are lines of TOML for our check.
    """

    name: str
    goal: float
    target: str
    module: str = ""
    argv: tuple[str, ...] = ()
    fine: tuple[int, ...] = (0,)  # the statuses with which that says that there was an answer
    more: str = ""


def run(*, quick: bool = False) -> list[Row]:
    """Measure every kind in turn with its peer, and what the engine costs without a store."""
    extent = QUICK if quick else FULL
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as place, site() as web:
        for open_kind in (_http, _https, _tcp, _dns, _sip):
            name = open_kind.__name__.strip("_")
            try:
                with open_kind(Path(place), web.ports[0]) as kind:
                    rows += _measured(kind, extent)
            except (MissingError, OSError, AssertionError, RuntimeError, subprocess.SubprocessError) as error:
                rows.append(failed(f"engine: {name}", error))
        if not quick:
            alone = _alone(web.ports[0], extent)
            note = "CPU per 1,000 probes, no store, no verdict"
            rows.append(Row("engine: http, schedule and probes alone", alone["cpu"], "s", note=note))
    return rows


@contextlib.contextmanager
def _http(place: Path, port: int) -> Iterator[Kind]:
    module = "{prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}"
    yield Kind("http", 0.33, f"http://127.0.0.1:{port}/", module)


@contextlib.contextmanager
def _https(place: Path, port: int) -> Iterator[Kind]:
    with served(place) as secure:
        tls = f"tls_config: {{ca_file: {place}/ca.pem}}"
        module = f"{{prober: http, timeout: 5s, http: {{preferred_ip_protocol: ip4, {tls}}}}}"
        yield Kind("https", 1.3, f"https://127.0.0.1:{secure}/", module, more=f'ca = "{place}/ca.pem"\n')


@contextlib.contextmanager
def _tcp(place: Path, port: int) -> Iterator[Kind]:
    yield Kind("tcp", 0.2, f"tcp://127.0.0.1:{port}", "{prober: tcp, timeout: 5s, tcp: {preferred_ip_protocol: ip4}}")


@contextlib.contextmanager
def _dns(place: Path, port: int) -> Iterator[Kind]:
    knot = Knot(place / "knot")
    try:
        knot.start()
        asked = "query_name: www.example.test, query_type: A, preferred_ip_protocol: ip4"
        argv = (program("dig", "bind9-dnsutils"), "@127.0.0.1", "-p", str(knot.port), "www.example.test", "A")
        target = f"dns://127.0.0.1:{knot.port}/www.example.test"
        yield Kind("dns", 0.4, target, f"{{prober: dns, timeout: 5s, dns: {{{asked}}}}}", argv)
    finally:
        knot.stop()


@contextlib.contextmanager
def _sip(place: Path, port: int) -> Iterator[Kind]:
    program("kamailio", "kamailio")
    kamailio = Kamailio.start()
    try:
        uri = f"sip:127.0.0.1:{kamailio.port}"
        yield Kind("sip", 0.4, uri, argv=(program("sipsak", "sipsak"), "-s", uri), fine=(0, 1))
    finally:
        kamailio.stop()


def _measured(kind: Kind, extent: Extent) -> list[Row]:
    """Return the rows of one kind: ours beside each of its peers."""
    cost, memory, late = paced([kind.target] * extent.targets, extent, more=kind.more)
    name = f"engine: {kind.name}, CPU s per 1,000"
    rows = []
    if kind.module:
        try:
            peer, note = driven(kind.module, kind.target, extent), PEER
        except MissingError as error:
            peer, note = None, str(error)
        rows.append(Row(name, cost, "s", kind.goal, note, peer))
    if kind.argv:
        note = f"a {Path(kind.argv[0]).name} a probe"
        rows.append(Row(name, cost, "s", kind.goal, note, per_thousand(kind.argv, kind.fine)))
    if kind.name == "http":
        words = f"{extent.targets:,} every {extent.every:g} s"
        rows.append(Row("engine: lateness of a probe's start, p99", 1000 * percentile(late, 0.99), "ms", 50, words))
        rows.append(Row(f"engine: daemon with {extent.targets:,} channels", memory, "MB", note="RSS"))
    return rows


def per_thousand(argv: Sequence[str], fine: Collection[int]) -> float:
    """Return the CPU seconds of 1,000 runs of a program, all of which must end with a status that is `fine`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(RUNS):
        done = subprocess.run(argv, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=10)
        if done.returncode not in fine:
            raise OSError(f"{' '.join(argv)} ended with status {done.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return 1000 * spent / RUNS


def paced(targets: Sequence[str], extent: Extent, *, more: str = "") -> tuple[float, float, list[float]]:
    """Let our daemon probe the targets; return CPU s per 1,000 probes, megabytes, and the seconds each was late."""
    with tempfile.TemporaryDirectory() as place:
        directory = ours.configure(Path(place), targets, every=extent.every, more=more)
        spent, memory, late, poor = watched(directory, extent)
    if poor:
        raise OSError(f"{poor} probes of our own servers did not pass")
    extent.enough(len(late))
    return 1000 * spent / len(late), memory, late


def watched(directory: Path, extent: Extent) -> tuple[float, float, list[float], int]:
    """Run the daemon for one window; return CPU seconds, megabytes, and what `starts` tells of its samples."""
    with ours.daemon(directory) as (process, store):
        time.sleep(extent.warm)
        began, before = time.time(), cpu_seconds(process.pid)
        time.sleep(extent.window)
        spent, memory = cpu_seconds(process.pid) - before, rss_mb(process.pid)
    return spent, memory, *starts(store, began, began + extent.window, extent.every)


def starts(
    path: Path, since: float, end: float, every: float, wanted: Callable[[str], bool] = bool
) -> tuple[list[float], int]:
    """Return of the checks that are `wanted` the seconds between due and start, and how many samples did not pass.

    Those of a check that did not always pass are left out: its repeats have no regular slot.
    """
    store = Store(path)
    try:
        rows = store._db.execute(
            "SELECT at, word, outcome FROM samples JOIN words ON words.id = series WHERE at BETWEEN ? AND ?",
            (since * 1000, end * 1000),
        ).fetchall()
    finally:
        store.close()
    apart = time.time() - time.monotonic()
    found = [(at / 1000 - apart, word.rpartition("@")[0], outcome) for at, word, outcome in rows]
    poor = [check for _, check, outcome in found if outcome and wanted(check)]
    failing = set(poor)
    return [lateness(at, check, every) for at, check, _ in found if wanted(check) and check not in failing], len(poor)


def lateness(at: float, check: str, every: float) -> float:
    """Return how long after its regular slot a probe of `check` started at monotonic second `at`."""
    phase = phase_of(check)
    # The store keeps whole milliseconds: one that was rounded down must not count as a whole interval late.
    slot = (math.floor((at + 0.001) / every - phase) + phase) * every
    return max(0.0, at - slot)


def _alone(port: int, extent: Extent) -> dict[str, float]:
    argv = [sys.executable, "-m", "tests.bench.engine_alone", str(port)]
    argv += [str(extent.targets), str(extent.every), str(extent.window)]
    done = subprocess.run(argv, check=True, stdout=subprocess.PIPE, timeout=extent.warm + extent.window + 60)
    found: dict[str, float] = json.loads(done.stdout)
    return found
