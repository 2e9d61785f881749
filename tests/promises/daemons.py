"""A real daemon in a process of its own, on a small configuration whose targets are on loopback."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from outagetui.orders.client import OrderClient

CLOSED = 1  # nobody listens there
SETTINGS = """
business = "Example Hosting"
vantage = "here"
timezone = "UTC"
[store]
path = "{place}/store/store.db"
"""
FILES = {
    "checks/messenger.toml": """
[channel]
name = "Messenger"
audience = "customers"
role = "primary"
[[check]]
id = "port"
probe = "tcp"
target = "tcp://127.0.0.1:{port}"
every = "1s"
timeout = "1s"
""",
    "checks/chat.toml": """
[channel]
name = "Chat"
audience = "customers"
role = "backup"
backs_up = ["messenger"]
address = "https://chat.example.com/"
[[check]]
id = "port"
probe = "tcp"
target = "tcp://127.0.0.1:{port}"
every = "1s"
timeout = "1s"
""",
    "checks/page.toml": """
[outlet]
name = "Page"
kind = "page"
audience = "customers"
directory = "{place}/page"
url = "http://127.0.0.1/status/"
""",
    "playbooks/move.toml": """
name = "Move"
[[step]]
id = "ask"
do = "manual"
say = "Is it so?"
[[step]]
id = "activate"
do = "activate"
with = {{ channels = ["chat"] }}
[[step]]
id = "tell"
do = "announce"
needs = "auto"
with = {{ kind = "backup-active", audience = "customers" }}
[[step]]
id = "ask-back"
do = "manual"
say = "Back again?"
[[step]]
id = "release"
do = "deactivate"
with = {{ channels = ["chat"] }}
[[step]]
id = "close"
do = "announce"
needs = "auto"
with = {{ kind = "resolved", audience = "customers" }}
""",
}


class Daemon:
    """The configuration in `place/config`, the store in `place/store`, and the process while it runs."""

    def __init__(self, place: Path, *, port: int = CLOSED, settings: str = "") -> None:
        self.place = place
        self.config = place / "config"
        self.store = place / "store" / "store.db"
        self.process: subprocess.Popen[bytes] | None = None
        (place / "page").mkdir(parents=True)
        for name, text in {"outagetui.toml": SETTINGS + settings, **FILES}.items():
            file = self.config / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.format(place=place, port=port))

    def start(self, **environment: str) -> None:
        """Start the process without waiting for it."""
        self.process = subprocess.Popen(
            self.argv("daemon"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.place / "daemon.log").open("ab"),
            start_new_session=True,
            env=os.environ | environment,
        )

    def argv(self, *words: str) -> list[str]:
        """Return a command on this configuration."""
        return [sys.executable, "-m", "outagetui", "--config", str(self.config), *words]

    async def ready(self) -> OrderClient:
        """Return a client once the daemon answers."""
        assert self.process is not None
        client = OrderClient(self.store)
        for _ in range(1500):
            if (await client.hello()).get("ok"):
                return client
            if self.process.poll() is not None:
                break
            await asyncio.sleep(0.01)
        raise AssertionError(f"the daemon did not answer: {(self.place / 'daemon.log').read_text()}")

    def kill(self, number: int = signal.SIGKILL) -> int:
        """End the process with a signal and return its status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(20)

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command on this configuration to its end."""
        return subprocess.run(
            self.argv(*words), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=50, check=False
        )
