"""Ten outlets to tell: the page, and nine services on loopback that keep what they are told and break on demand."""

import asyncio
import contextlib
import re
import threading
import time
from collections.abc import Iterator

from tests.kit.installation import PAGE, Installation
from tests.outlets.kit import CASES, Case
from tests.outlets.servers.service import Answer, Fault, Service, running

FAULTS = (
    *(Fault(how) for how in ("silent", "dropped", "stored", "stuck", "half", "stalled", "garbled")),
    Fault("instead", Answer(503, {"message": "busy"})),
    Fault("after", Answer(500, {"message": "sorry"})),
)
TWICE = ("mastodon", "cachet")  # kinds that are there two times
AWAY = ("facebook",)  # what it tells to be its address is not here, and nothing leaves loopback
TEMPLATE = "{kind} of {{business}}: {{failed}}\nUse:\n{{accounts}}\n{{note}}\n"  # Discourse wants long titles
OUTLET = """[outlet]
name = "{name}"
kind = "{kind}"
audience = "customers"
url = "{url}"
secret = "{name}"
timeout = "{timeout}"
{more}
"""


class TenOutlets:
    """`services` by outlet. They live in a thread of their own, as they would elsewhere."""

    def __init__(self) -> None:
        cases = [case for case in CASES if case.kind not in AWAY]
        self.cases: dict[str, Case] = {case.kind: case for case in cases}
        self.cases |= {f"{case.kind}-two": case for case in cases if case.kind in TWICE}
        self.services: dict[str, Service] = {name: case.service() for name, case in self.cases.items()}

    def configure(self, installation: Installation, *, timeout: str = "0.7s", every: str = "5s") -> None:
        """Write the configuration of an installation whose customers are told here."""
        secrets = installation.root / "secrets"
        secrets.mkdir()
        files = {"checks__page.toml": PAGE.format(directory=installation.page)}
        for kind in ("investigating", "backup-active", "update", "resolved"):
            files[f"playbooks__announcements__{kind}.en.txt"] = TEMPLATE.format(kind=kind)
        for name, case in self.cases.items():
            service = self.services[name]
            (secrets / name).write_text(service.secret)
            (secrets / name).chmod(0o600)
            more = "\n".join(f"{key} = {_toml(value)}" for key, value in case.options.items())
            url = service.url + case.path
            files[f"checks__{name}.toml"] = OUTLET.format(
                name=name, kind=case.kind, url=url, timeout=timeout, more=more
            )
        installation.configure(every=every, operators=f'[secrets]\ndirectory = "{secrets}"', **files)

    def tick(self) -> None:
        """Let the services' clocks tell the time."""
        for service in self.services.values():
            service.now = time.time()

    def heal(self) -> None:
        for service in self.services.values():
            service.fault = None

    def count(self, outlet: str, words: str) -> int:
        """How often the public can read `words` at an outlet."""
        return sum(words in text for text in self.services[outlet].texts())


def page_shows(installation: Installation) -> list[tuple[str, int]]:
    """Return the parts that the page shows."""
    index = installation.page / "index.html"
    found = re.findall(r'data-announcement="(\S+)"\s+data-part="(\d+)"', index.read_text()) if index.exists() else []
    return [(announcement, int(part)) for announcement, part in found]


@contextlib.contextmanager
def ten_outlets() -> Iterator[TenOutlets]:
    """Open the services; at the end every request must have been as documented."""
    made = TenOutlets()
    ready, over = threading.Event(), threading.Event()
    wrong: list[BaseException] = []

    async def live() -> None:
        async with contextlib.AsyncExitStack() as stack:
            for service in made.services.values():
                await stack.enter_async_context(running(service))
            ready.set()
            while not over.is_set():
                await asyncio.sleep(0.02)

    def work() -> None:
        try:
            asyncio.run(live())
        except BaseException as error:  # told to the test that waits for the thread
            wrong.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=work, name="ten outlets")
    thread.start()
    ready.wait(20.0)
    try:
        yield made
    finally:
        over.set()
        thread.join(20.0)
    assert {name: service.wrong for name, service in made.services.items() if service.wrong} == {}
    assert not wrong, wrong


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
