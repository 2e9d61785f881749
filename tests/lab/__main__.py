"""`python -m tests.lab up DIR` starts real servers, writes DIR/config and DIR/lab.json; `down DIR` ends exactly those.

Everything runs on free loopback ports, each server in a process group of its own that outlives this command.
DIR/lab.json names each group, its ports, and by which command line each fault is made and taken away.
"""

import json
import shutil
import sys
from pathlib import Path

from msgspec.structs import asdict
from tests.lab.configuration import write
from tests.lab.processes import end, started
from tests.lab.servers import Lab, Server

STATE = "lab.json"


def main(argv: list[str]) -> int:
    """Do what the command line says; return the exit status."""
    if len(argv) != 2 or argv[0] not in ("up", "down"):
        sys.stderr.write("python -m tests.lab up DIR, or down DIR\n")
        return 2
    directory = Path(argv[1]).absolute()
    return up(directory) if argv[0] == "up" else down(directory)


def up(directory: Path) -> int:
    """Start everything in `directory`, which must be empty or not exist."""
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        sys.stderr.write(f"{directory}: is not empty; give a new directory, or take its lab down first\n")
        return 1
    lab = Lab(directory)
    try:
        lab.start()
        config = write(lab)
    except BaseException as error:
        for server in lab.servers:
            _take_down(asdict(server) | {"started": started(server.group)})
        if not isinstance(error, (AssertionError, RuntimeError, OSError)):
            raise
        sys.stderr.write(f"the lab did not start: {error}\n")
        return 1
    servers = {server.name: _document(server) for server in lab.servers}
    (directory / STATE).write_text(json.dumps({"servers": servers, "left_out": lab.left_out}, indent=2) + "\n")
    for name, install in lab.left_out.items():
        sys.stderr.write(f"left out: {name} ({install})\n")
    sys.stdout.write(f"{config}\n")
    return 0


def down(directory: Path) -> int:
    """End the servers that `up` started there, and nothing else."""
    state = directory / STATE
    if not state.exists():
        sys.stderr.write(f"{directory}: there is no lab here ({STATE} is missing)\n")
        return 1
    for server in reversed(json.loads(state.read_text())["servers"].values()):
        _take_down(server)
    state.unlink()
    return 0


def _document(server: Server) -> dict[str, object]:
    told = asdict(server)
    del told["name"]
    return told | {"started": started(server.group)}


def _take_down(server: dict[str, object]) -> None:
    end(int(str(server["group"])), int(str(server["started"])))
    if server["leftover"]:
        shutil.rmtree(str(server["leftover"]), ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
