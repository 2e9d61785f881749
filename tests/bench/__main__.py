"""`python -m tests.bench [--json] [--kills N] [NAME ...]`: all benchmarks, or those named; `crash` kills N times [500].

Prints a table and then one line of JSON; with --json only the JSON. Ends with status 1 when something is over budget
or could not be measured. Budgets that name a peer are measured against it in the same run.
"""

import os
import subprocess
import sys
import tempfile
import time
from importlib import import_module

from tests.bench.report import MissingError, Row, document, failed, table

NAMES = (
    "engine",
    "http",
    "handshakes",
    "detection",
    "screen",
    "keys",
    "memory",
    "status",
    "journal",
    "protocols",
    "datagrams",
    "crash",
    "hostile",
)


def measure(name: str, **more: int) -> list[Row]:
    """Run one benchmark; one that cannot run becomes a failed row."""
    module = import_module(f"tests.bench.{name}")
    try:
        rows: list[Row] = module.run(**more)
        return rows
    except (MissingError, OSError, AssertionError, subprocess.SubprocessError) as error:
        return [failed(name, str(error).splitlines()[0] if str(error) else repr(error))]


def main(words: list[str]) -> int:
    """Run the benchmarks that `words` name; return the exit status."""
    only_json = "--json" in words
    words = [word for word in words if word != "--json"]
    kills: dict[str, int] = {}
    if "--kills" in words:
        at = words.index("--kills")
        if not "".join(words[at + 1 : at + 2]).isdecimal():
            sys.stderr.write("--kills takes a number\n")
            return 2
        kills["kills"] = int(words[at + 1])
        words = words[:at] + words[at + 2 :]
    wanted = words or list(NAMES)
    strange = [word for word in wanted if word not in NAMES]
    if strange:
        sys.stderr.write(f"there is no benchmark {strange[0]}; there are: {', '.join(NAMES)}\n")
        return 2
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as compiled:
        # An installed program has its compiled files; a checkout, or this shell, may be set not to write them.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = compiled
        for name in wanted:
            began = time.monotonic()
            sys.stderr.write(f"{name} ... ")
            sys.stderr.flush()
            rows += measure(name, **(kills if name == "crash" else {}))
            sys.stderr.write(f"{time.monotonic() - began:.0f} s\n")
    if not only_json:
        print(table(rows))
    print(document(rows))
    return 1 if any(row.ok is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
