"""A real Chromium on a pipe (Chrome DevTools Protocol), all of whose traffic ends in a recorder on loopback."""

import base64
import contextlib
import fcntl
import json
import os
import select
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

BINARY = Path("/usr/bin/chromium")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    "--remote-debugging-pipe",
)
HOST = "status.example.net"
FOREIGN = "http://www.example.org/"  # somebody else's site, one page of it
TYPES = {".html": "text/html", ".js": "text/javascript", ".json": "application/json", ".atom": "application/atom+xml"}


class Recorder(ThreadingHTTPServer):
    """A proxy that serves a directory as HOST and `foreign` as FOREIGN; notes every request, answers no other host."""

    daemon_threads = True

    def __init__(self, directory: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.directory = directory
        self.seen: list[str] = []
        self.foreign = ""
        self.policy = ""  # the Content-Security-Policy of FOREIGN


class _Answer(BaseHTTPRequestHandler):
    server: Recorder

    def do_GET(self) -> None:
        self.server.seen.append(self.path)
        if self.path == FOREIGN:
            self._answer("text/html", self.server.foreign.encode())
            return
        name = self.path.removeprefix(f"http://{HOST}/") or "index.html"
        file = self.server.directory / name
        if not self.path.startswith(f"http://{HOST}/") or "/" in name or not file.is_file():
            self.send_error(404)
            return
        self._answer(TYPES.get(file.suffix, "text/plain"), file.read_bytes())

    def _answer(self, kind: str, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Access-Control-Allow-Origin", "*")
        if self.path == FOREIGN and self.server.policy:
            self.send_header("Content-Security-Policy", self.server.policy)
        self.end_headers()
        self.wfile.write(content)

    def do_CONNECT(self) -> None:
        self.server.seen.append(self.path)
        self.send_error(403)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the tests read `seen`."""


class Chromium:
    """One page of one browser; `events` holds what the browser reported."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back, self._rest, self._last = to, back, b"", 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and return its result."""
        self._last += 1
        message: dict[str, object] = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._last:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def show(self, url: str, width: int, height: int, scheme: str) -> None:
        """Open `url` in a window of CSS pixels with a preferred colour scheme, and wait until it is loaded."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events.clear()
        self.call("Page.navigate", url=url)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._read())

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression; the page's own policy does not bind the tester."""
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def picture(self, *, whole: bool = False) -> bytes:
        """Return the window as PNG, or the whole page."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"])

    def press(self, key: str) -> None:
        """Press and release a key, such as `Tab`."""
        code = {"Tab": 9, "Enter": 13}[key]
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def until(self, expression: str) -> None:
        """Wait until a JavaScript expression holds."""
        for _ in range(400):
            if self.evaluate(expression):
                return
            time.sleep(0.025)
        raise AssertionError(f"{expression} never came to hold")

    def _read(self) -> dict[str, Any]:
        until = time.monotonic() + 20
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._back], [], [], max(0.0, until - time.monotonic()))
            assert ready, "chromium does not answer"
            more = os.read(self._back, 1 << 16)
            assert more, "chromium ended"
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        read: dict[str, Any] = json.loads(message)
        return read


def _pipe() -> tuple[int, int]:
    """Return a pipe whose descriptors leave 3 and 4 free, where Chromium wants its own."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high[0], high[1]


@contextlib.contextmanager
def chromium(directory: Path) -> Iterator[tuple[Chromium, Recorder]]:
    """Start a browser with a fresh profile in front of `directory`; its only way out is the recorder."""
    assert BINARY.exists(), "Chromium is missing: apt-get install chromium"
    with Recorder(directory) as recorder, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        threading.Thread(target=recorder.serve_forever, daemon=True).start()
        theirs_in, to = _pipe()
        back, theirs_out = _pipe()

        def place() -> None:  # Chromium reads commands from descriptor 3 and answers on 4
            os.dup2(theirs_in, 3)
            os.dup2(theirs_out, 4)

        proxy = f"--proxy-server=http://127.0.0.1:{recorder.server_port}"
        process = subprocess.Popen(
            [str(BINARY), *FLAGS, proxy, "--proxy-bypass-list=<-loopback>", f"--user-data-dir={profile}"],
            preexec_fn=place,  # noqa: PLW1509  no other thread of ours holds a lock that the child needs
            pass_fds=(3, 4),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield Chromium(to, back), recorder
        finally:
            process.terminate()
            process.wait(10)
            os.close(to)
            os.close(back)
            recorder.shutdown()
