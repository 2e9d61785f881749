"""Following an announcement in a store: it ends with what is known when nothing moves any more."""

import asyncio
import time
from pathlib import Path

import pytest
from outagetui.cli import following
from outagetui.facts.events import AnnouncementMade, AnnouncementRetracted
from outagetui.facts.live import Beat
from outagetui.store.journal import Store
from tests.kit.sample_business import PUBLIC

MADE = AnnouncementMade(
    announcement="a1",
    part=0,
    kind="update",
    audience="customers",
    texts={"en": ("Title", "Body")},
    since=1.0,
    next_update=None,
    accounts=(),
    outlets=("blog",),
    run="r1",
)


def test_what_never_ends_is_not_waited_for_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store" / "store.db"
    store = Store(path)
    store.publish(PUBLIC, [])
    store.record([], [], Beat(7, time.time() + 3600.0))
    store.append(1000.0, "outagetui", MADE)
    store.append(1001.0, "ada", AnnouncementRetracted(announcement="a1", note=""))
    monkeypatch.setattr(following, "STILL", 0.3)
    said: list[str] = []
    options = {"store": str(path), "config": None}
    made = asyncio.run(following.follow(options, {"announcement": "a1"}, 0.0, said.append))
    assert said == ["blog: planned; what comes of it: outagetui journal"]
    assert following.status(made) == following.FAILED
