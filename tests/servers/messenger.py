"""The API of a public messenger on loopback, as far as a check looks at it.

`python -m tests.servers.messenger PORT DIRECTORY` serves it: DIRECTORY/fault makes it misbehave (503, or partial: every
fourth request fails, as for a quarter of the users).
"""

import itertools
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.servers.group import Group, free_port

ROOT = Path(__file__).parent.parent.parent
PARTIAL = 4  # with this fault one request of so many fails


class Messenger:
    """A running API."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self.port = free_port()
        self.group = Group(directory / "messenger.log")

    def start(self) -> "Messenger":
        """Start the server and wait until it answers."""
        argv = [sys.executable, "-m", "tests.servers.messenger", str(self.port), str(self._directory)]
        self.group.start(argv, self._ready, cwd=ROOT)
        return self

    def _ready(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), 1):
            return True

    def stop(self) -> None:
        """End the server."""
        self.group.stop()


def serve(port: int, directory: Path) -> None:
    """Answer until the process is ended."""
    count = itertools.count(1)

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fault = directory / "fault"
            kind = fault.read_text().strip() if fault.exists() else ""
            ill = kind == "503" or (kind == "partial" and next(count) % PARTIAL == 0)
            body = b'{"ok": false}' if ill else b'{"ok": true}'
            self.send_response(503 if ill else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    ThreadingHTTPServer(("127.0.0.1", port), Api).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]))
