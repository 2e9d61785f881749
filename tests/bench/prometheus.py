"""The engine's peer: blackbox_exporter, which Prometheus lets look at many targets at a fixed pace."""

import json
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from tests.bench.extent import Extent
from tests.bench.process import cpu_seconds, free_port, listens, program, running, until

SCRAPES = """global: {{scrape_interval: {every:g}s, scrape_timeout: {timeout:g}s}}
scrape_configs:
- job_name: blackbox
  metrics_path: /probe
  params: {{module: [looked]}}
  static_configs: {targets}
  relabel_configs:
  - {{source_labels: [__address__], target_label: __param_target}}
  - {{target_label: __address__, replacement: "127.0.0.1:{port}"}}
"""
SUCCESSES = "sum(probe_success)"
COUNTED = "prometheus_target_interval_length_seconds_count"


def driven(module: str, target: str, extent: Extent) -> float:
    """Return the CPU seconds of both per 1,000 probes by `module`, blackbox_exporter's own words in YAML.

    Raises MissingError, and OSError when not all probes succeed.
    """
    blackbox = program("prometheus-blackbox-exporter", "prometheus-blackbox-exporter")
    prometheus = program("prometheus", "prometheus")
    shown = target.partition("://")[2].partition("/")[0] if not target.startswith("http") else target
    # Prometheus takes targets with the same labels for one.
    targets = [{"targets": [shown], "labels": {"number": str(number)}} for number in range(extent.targets)]
    with tempfile.TemporaryDirectory() as name:
        place, exporter, port = Path(name), free_port(), free_port()
        (place / "blackbox.yml").write_text(f"modules: {{looked: {module}}}\n")
        scrapes = SCRAPES.format(
            every=extent.every, timeout=min(5.0, extent.every), targets=json.dumps(targets), port=exporter
        )
        (place / "prometheus.yml").write_text(scrapes)
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
                # It looks for its targets only some seconds after it began.
                until(lambda: _good(port) >= extent.targets, "a look of blackbox_exporter at every target", 60.0, 0.5)
                time.sleep(extent.warm)
                before, counted = cpu_seconds(one.pid) + cpu_seconds(two.pid), _scrapes(port)
                time.sleep(extent.window)
                spent = cpu_seconds(one.pid) + cpu_seconds(two.pid) - before
                probes = _scrapes(port) - counted
                good = _good(port)
    extent.enough(probes)
    if good < extent.targets:
        raise OSError(f"blackbox_exporter reached {good:.0f} of {extent.targets} targets")
    return 1000 * spent / probes


def successes(answer: str) -> float:
    """Return the one number in Prometheus's answer to a query; 0 when it has none."""
    found = json.loads(answer)["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0


def scrapes(metrics: str) -> int:
    """Return how many intervals between scrapes Prometheus counts in its own metrics."""
    lines = (line for line in metrics.splitlines() if line.startswith(COUNTED))
    return sum(int(float(line.rpartition(" ")[2])) for line in lines)


def _good(port: int) -> float:
    """Return how many targets blackbox_exporter reached when it looked last; none while Prometheus is not ready."""
    try:
        return successes(_get(port, f"/api/v1/query?query={urllib.parse.quote(SUCCESSES)}"))
    except urllib.error.HTTPError:
        return 0.0


def _scrapes(port: int) -> int:
    return scrapes(_get(port, "/metrics"))


def _get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        text: str = answer.read().decode()
        return text
