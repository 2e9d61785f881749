"""A configuration whose outlets are pages, and what became of what was announced on them."""

from outagetui.core.model import Config, Outlet, Template
from tests.kit.runner_in_memory import MemoryJournal
from tests.kit.sample_business import channel

KINDS = ("backup-active", "update", "resolved")


def config(*names: str, kind: str = "page") -> Config:
    return Config(
        directory="/nowhere",
        business="Example",
        vantage="here",
        timezone="UTC",
        store="/nowhere/store.db",
        channels=(channel("chat"), channel("phone", "backup"), channel("mail", "backup")),
        outlets=tuple(Outlet(id=name, name=name, kind=kind, audience="customers", directory=name) for name in names),
        templates=tuple(
            Template(kind=kind, language="en", title=kind, body="We tell you.\n{accounts}\n{note}") for kind in KINDS
        ),
    )


def states(journal: MemoryJournal, announcement: str = "a1", part: int = 0) -> dict[str, str]:
    made = journal.ledger.announcements[announcement]
    return {name: ("" if done.fresh else done.state) for (each, name), done in made.deliveries.items() if each == part}
