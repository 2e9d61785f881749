"""`python -m tests.bench [--list] [--quick] [--json] [--kills N] [NAME ...]`: all benchmarks, or those named.

`engine`, `growth`, `store`, `screen` and `start` bring their parts with them, which have names of their own; `--list`
tells them all. With `--quick` less is measured, in shorter windows; `crash` kills N times [500].

Prints a table and then one line of JSON; with --json only the JSON. Ends with status 1 when something is over its goal
or could not be measured. Goals that name a peer are held against what it needs in the same run.
"""

import inspect
import os
import subprocess
import sys
import tempfile
import time
from importlib import import_module

from tests.bench.report import MissingError, Row, document, failed, table

# A benchmark is the module of its name; behind it stand those that are measured with it.
BENCHES = {
    "engine": ("http", "handshakes", "pings", "protocols", "crowd", "mass_outage"),
    "growth": ("memory",),
    "store": ("journal", "disk"),
    "screen": ("keys",),
    "start": ("status",),
    "detection": (),
    "crash": (),
    "hostile": (),
}
NAMES = tuple(name for bench, parts in BENCHES.items() for name in (bench, *parts))


def chosen(words: list[str]) -> list[str]:
    """Return the modules that `words` name, or all, each once, parts behind what they belong to."""
    return list(dict.fromkeys(name for word in words or BENCHES for name in (word, *BENCHES.get(word, ()))))


def listed() -> str:
    """Return every name with the first line of what it says of itself, parts indented."""
    lines = []
    for name in NAMES:
        shown = name if name in BENCHES else f"  {name}"
        lines.append(f"{shown:14}{(import_module(f'tests.bench.{name}').__doc__ or '').splitlines()[0]}")
    return "\n".join(lines)


def measure(name: str, *, quick: bool = False, **more: int) -> list[Row]:
    """Run one benchmark, in short where it has a short form; one that cannot run becomes a failed row."""
    run = import_module(f"tests.bench.{name}").run
    if quick and "quick" in inspect.signature(run).parameters:
        more["quick"] = True
    try:
        rows: list[Row] = run(**more)
        return rows
    except (MissingError, OSError, AssertionError, subprocess.SubprocessError) as error:
        return [failed(name, str(error).splitlines()[0] if str(error) else repr(error))]


def main(words: list[str]) -> int:
    """Run the benchmarks that `words` name; return the exit status."""
    if "--list" in words:
        print(listed())
        return 0
    only_json, quick = "--json" in words, "--quick" in words
    words = [word for word in words if word not in ("--json", "--quick")]
    kills: dict[str, int] = {}
    if "--kills" in words:
        at = words.index("--kills")
        if not "".join(words[at + 1 : at + 2]).isdecimal():
            sys.stderr.write("--kills takes a number\n")
            return 2
        kills["kills"] = int(words[at + 1])
        words = words[:at] + words[at + 2 :]
    strange = [word for word in words if word not in NAMES]
    if strange:
        sys.stderr.write(f"there is no benchmark {strange[0]}; there are: {', '.join(NAMES)}\n")
        return 2
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as compiled:
        # An installed program has its compiled files; a checkout, or this shell, may be set not to write them.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = compiled
        for name in chosen(words):
            began = time.monotonic()
            sys.stderr.write(f"{name} ... ")
            sys.stderr.flush()
            rows += measure(name, quick=quick, **(kills if name == "crash" else {}))
            sys.stderr.write(f"{time.monotonic() - began:.0f} s\n")
    if not only_json:
        print(table(rows))
    print(document(rows))
    return 1 if any(row.ok is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
