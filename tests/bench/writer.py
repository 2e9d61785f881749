"""A stand-in for the daemon that writes a store once a second: `python -m tests.bench.writer STORE CHANNELS MODE`.

Prints a line when the store can be read. Modes: `idle` writes only signs of life, `one` changes one latency a second,
`busy` a new sample of 20 channels a second, `crowd` what a daemon sees that looks at all of them every 30 s. Each line
on standard input is the mode from then on.
"""

import contextlib
import os
import random
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace
from outagetui.core.model import Channel, Check, Config, Observation, Outcome, Sample, State
from outagetui.core.probe_options import HttpOptions
from outagetui.daemon.watch import RENEWED_EVERY, series_of
from outagetui.facts.live import Beat, Live, public
from outagetui.facts.verdict import Track
from outagetui.store.journal import Store

CHANGES = 20
EVERY, RENEWED = 30, round(RENEWED_EVERY)  # seconds in which a crowd is looked at, and its live rows are renewed


def config(channels: int) -> Config:
    """Return a configuration of `channels` channels with one check each."""
    return Config(
        directory="",
        business="Example Hosting",
        vantage="vps-1",
        timezone="Europe/Berlin",
        store="",
        channels=tuple(
            Channel(
                id=f"channel-{number:04}",
                name=f"Channel {number:04}",
                audience=("customers", "staff")[number % 2],
                role="primary",
                address=f"https://channel-{number:04}.example.net/",
                checks=(
                    Check(
                        id=f"channel-{number:04}.web",
                        probe="http",
                        target=f"https://channel-{number:04}.example.net/",
                        options=HttpOptions(),
                        every=3600.0,
                    ),
                ),
            )
            for number in range(channels)
        ),
    )


def first(check: Check, now: float) -> Live:
    """Return the live row of a check that has been up for an hour."""
    sample = Sample(Outcome.PASS, detail="200 OK, 3 bytes, HTTP/1.1", latency_ms=43.0, phases={"first_byte": 43.0})
    track = Track(state=State.UP, since=now - 3600, last=now)
    spark = tuple(40.0 + number % 7 for number in range(40))
    return Live(check.id, "vps-1", State.UP, now - 3600, sample.detail, 0.0, now, sample, spark, track)


class Writer:
    """Holds the store and the rows that were written last."""

    def __init__(self, path: Path, channels: int) -> None:
        self._store = Store(path)
        made = config(channels)
        self._store.publish(public(made, (), ""), series_of(made.checks(), "vps-1"))
        now = time.time()
        self._rows = [first(check, now) for check in made.checks()]
        self._draw = random.Random(7)
        self._turn = 0
        self._store.record([], self._rows, Beat(os.getpid(), now))

    def write(self, mode: str) -> None:
        """Write one second's change."""
        now = time.time()
        count = len(self._rows)
        many = {"idle": 0, "one": 0, "busy": CHANGES, "crowd": -(-count // EVERY)}[mode]
        numbers = [2] if mode == "one" else self._draw.sample(range(count), many)
        for number in numbers:
            row = self._rows[number]
            assert row.sample is not None
            sample = replace(row.sample, latency_ms=self._draw.uniform(10.0, 99.0))
            spark = row.spark if mode == "one" else (*row.spark[1:], sample.latency_ms)
            self._rows[number] = replace(row, at=now, sample=sample, spark=spark)
        rows = [self._rows[number] for number in numbers]
        if mode == "crowd":
            changed = self._rows[self._turn :: RENEWED]
            self._turn = (self._turn + 1) % RENEWED
        else:
            changed = rows
        seen = [Observation(row.check, row.vantage, now, row.sample) for row in rows if row.sample is not None]
        self._store.record(seen, changed, Beat(os.getpid(), now))


def _serve(path: Path, channels: int, mode: str) -> None:
    writer = Writer(path, channels)
    print("ready", flush=True)
    due = time.monotonic()
    while True:
        due += 1.0
        while (left := due - time.monotonic()) > 0:
            if select.select([sys.stdin], [], [], left)[0]:
                words = sys.stdin.readline()
                if not words:
                    return
                mode = words.strip()
        writer.write(mode)


@contextlib.contextmanager
def writing(path: Path, channels: int, mode: str = "idle") -> "Iterator[subprocess.Popen[str]]":
    """Run the writer on a store while the block runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.writer", str(path), str(channels), mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        if not process.stdout.readline():
            raise OSError("the benchmark's writer did not start")
        yield process
    finally:
        process.kill()
        process.communicate()


def order(process: "subprocess.Popen[str]", mode: str) -> None:
    """Change what the writer writes."""
    assert process.stdin is not None
    process.stdin.write(mode + "\n")
    process.stdin.flush()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
