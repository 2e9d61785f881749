"""The probe engine: our daemon, store on disk and all, against blackbox_exporter driven by Prometheus.

Both probe 1,000 HTTP targets every 10 s, a new connection each, in turn on the same machine. CPU seconds are those of
the processes, divided by the requests that the web server really answered meanwhile.
"""

import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from outagetui.daemon.rhythm import phase_of
from outagetui.store.journal import Store
from tests.bench import daemon as ours
from tests.bench.process import cpu_seconds, free_port, listens, program, rss_mb, running, until
from tests.bench.report import MissingError, Row, failed, median, percentile
from tests.bench.site import Site, site

TARGETS, EVERY = 1000, 10.0
ROUNDS, WARM, WINDOW = 2, 12.0, 20.0
BUDGET_NAME = "engine: daemon, CPU s per 1,000 probes"

PROMETHEUS = """global: {{scrape_interval: 10s, scrape_timeout: 5s}}
scrape_configs:
- job_name: blackbox
  metrics_path: /probe
  params: {{module: [http_2xx]}}
  static_configs: [{{targets: {targets}}}]
  relabel_configs:
  - {{source_labels: [__address__], target_label: __param_target}}
  - {{source_labels: [__param_target], target_label: instance}}
  - {{target_label: __address__, replacement: "127.0.0.1:{port}"}}
"""
BLACKBOX = "modules: {http_2xx: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}}\n"


def run() -> list[Row]:
    """Measure both in turn and what the engine costs without a store."""
    daemon_costs: list[float] = []
    peer_costs: list[float] = []
    late: list[float] = []
    missing = ""
    with site() as web:
        targets = [f"http://127.0.0.1:{web.ports[0]}/{number}" for number in range(TARGETS)]
        for _ in range(ROUNDS):
            cost, memory, lateness = _daemon(web, targets)
            daemon_costs.append(cost)
            late += lateness
            try:
                peer_costs.append(_peer(web, targets))
            except MissingError as error:
                missing = str(error)
        alone = _alone(web.ports[0])
    rows = [
        Row(BUDGET_NAME, median(daemon_costs), "s", median(peer_costs) / 2, "half of blackbox_exporter + Prometheus")
        if not missing
        else failed(BUDGET_NAME, missing),
        Row("engine: schedule and probes alone", alone["cpu"], "s", note="CPU per 1,000 probes, no store, no verdict"),
        Row("engine: lateness of a probe's start, p99", 1000 * percentile(late, 0.99), "ms", 50, "1,000 channels"),
        Row("engine: daemon with 1,000 channels", memory, "MB", note="RSS"),
    ]
    if peer_costs:
        rows.append(Row("engine: blackbox_exporter + Prometheus", median(peer_costs), "s", note="the peer"))
    return rows


def _window(web: Site, pids: Iterable[int]) -> float:
    """Return CPU seconds per 1,000 probes of the processes, after they have found their rhythm."""
    time.sleep(WARM)
    pids = list(pids)
    before, answered = sum(map(cpu_seconds, pids)), web.ask("count")
    time.sleep(WINDOW)
    spent, probes = sum(map(cpu_seconds, pids)) - before, web.ask("count") - answered
    expected = TARGETS * WINDOW / EVERY
    if abs(probes - expected) > 0.1 * expected:
        raise OSError(f"{probes} probes came in {WINDOW:.0f} s instead of {expected:.0f}: this machine is too busy")
    return 1000 * spent / probes


def _daemon(web: Site, targets: list[str]) -> tuple[float, float, list[float]]:
    with tempfile.TemporaryDirectory() as place:
        directory = ours.configure(Path(place), targets, every=EVERY)
        with ours.daemon(directory) as (process, store):
            began = time.time() + WARM
            cost = _window(web, [process.pid])
            memory = rss_mb(process.pid)
        return cost, memory, starts(store, began, began + WINDOW)


def starts(path: Path, since: float, end: float) -> list[float]:
    """Return the seconds between due and start of the samples in the store, for checks that always pass."""
    store = Store(path)
    try:
        rows = store._db.execute(
            "SELECT at, word FROM samples JOIN words ON words.id = series WHERE at BETWEEN ? AND ?",
            (since * 1000, end * 1000),
        ).fetchall()
    finally:
        store.close()
    apart = time.time() - time.monotonic()
    return [lateness(at / 1000 - apart, word.rpartition("@")[0], EVERY) for at, word in rows]


def lateness(at: float, check: str, every: float) -> float:
    """Return how long after its regular slot a probe of `check` started at monotonic second `at`."""
    phase = phase_of(check)
    # The store keeps whole milliseconds: one that was rounded down must not count as a whole interval late.
    slot = (math.floor((at + 0.001) / every - phase) + phase) * every
    return max(0.0, at - slot)


def _peer(web: Site, targets: list[str]) -> float:
    blackbox = program("prometheus-blackbox-exporter", "prometheus-blackbox-exporter")
    prometheus = program("prometheus", "prometheus")
    with tempfile.TemporaryDirectory() as name:
        place, exporter, port = Path(name), free_port(), free_port()
        (place / "blackbox.yml").write_text(BLACKBOX)
        (place / "prometheus.yml").write_text(PROMETHEUS.format(targets=json.dumps(targets), port=exporter))
        probing = [blackbox, f"--config.file={place}/blackbox.yml", f"--web.listen-address=127.0.0.1:{exporter}"]
        driving = [
            prometheus,
            f"--config.file={place}/prometheus.yml",
            f"--web.listen-address=127.0.0.1:{port}",
            f"--storage.tsdb.path={place}/data",
        ]
        with running(probing, place / "blackbox.log") as one:
            until(lambda: listens(exporter), "blackbox_exporter")
            with running(driving, place / "prometheus.log") as two:
                until(lambda: listens(port), "Prometheus")
                return _window(web, [one.pid, two.pid])


def _alone(port: int) -> dict[str, float]:
    argv = [sys.executable, "-m", "tests.bench.engine_alone", str(port), str(TARGETS), str(EVERY), str(WINDOW)]
    done = subprocess.run(argv, check=True, stdout=subprocess.PIPE, timeout=WARM + WINDOW + 60)
    found: dict[str, float] = json.loads(done.stdout)
    return found
