"""A failure beside the work is told once, at once, and never printed by the loop itself."""

import asyncio
import gc
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from outagetui.machine.background import Background, hear_failures, tell_failure
from outagetui.net import connect
from outagetui.net.farewell import Farewells

PACKAGE = Path(__file__).parents[2] / "outagetui"


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    gc.collect()
    assert not caplog.records


async def fails(words: str = "a bug") -> None:
    raise ValueError(words)


async def settled() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


@pytest.mark.usefixtures("quiet")
async def test_it_is_told_at_once() -> None:
    heard: list[BaseException] = []
    hear_failures(heard.append)
    work = Background()
    work.begin(fails())
    await settled()
    assert [str(each) for each in heard] == ["a bug"]
    assert list(work) == []


@pytest.mark.usefixtures("quiet")
async def test_a_task_that_is_kept_elsewhere_is_told_too_and_a_cancelled_one_is_not() -> None:
    heard: list[BaseException] = []
    hear_failures(heard.append)
    for work in (fails(), asyncio.sleep(60)):
        task = asyncio.ensure_future(work)
        task.add_done_callback(tell_failure)
        await asyncio.sleep(0)
        task.cancel()
    await settled()
    assert [type(each) for each in heard] == [ValueError]


@pytest.mark.usefixtures("quiet")
async def test_what_is_forgotten_all_the_same_ends_in_the_same_place() -> None:
    heard: list[BaseException] = []
    hear_failures(heard.append)
    asyncio.ensure_future(fails())  # noqa: RUF006 forgotten on purpose
    await settled()
    gc.collect()
    assert [str(each) for each in heard] == ["a bug"]


@pytest.mark.usefixtures("quiet")
async def test_a_farewell_that_fails_is_told() -> None:
    heard: list[BaseException] = []
    hear_failures(heard.append)
    farewells = Farewells()
    farewells.begin(fails())
    await settled()
    await farewells.aclose()
    assert len(heard) == 1


async def test_connections_that_break_off_are_no_failures_of_ours() -> None:
    heard: list[BaseException] = []
    hear_failures(heard.append)
    loop = asyncio.get_running_loop()
    loop.call_exception_handler({"message": "x", "exception": ConnectionResetError(), "transport": object()})
    loop.call_exception_handler({"message": "x"})
    assert heard == []


@pytest.mark.usefixtures("quiet")
async def test_two_addresses_that_fail_alike_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[BaseException] = []
    hear_failures(heard.append)
    monkeypatch.setattr(connect, "_open", lambda address: fails(str(address)))
    monkeypatch.setattr(connect, "STAGGER", 0.0)
    with pytest.raises(ValueError, match=r"a|b"):
        await connect._race(["a", "b"])  # type: ignore[list-item]
    await settled()
    gc.collect()
    assert heard == []


def test_every_task_is_kept_in_one_of_these_ways() -> None:
    """A new `create_task` has to wait for its task, or tell its failure: then it is added here."""
    known = {
        "announce/delivering.py", "daemon/alarm.py", "daemon/prover.py", "daemon/schedule.py", "daemon/service.py",
        "drill/lab.py", "machine/background.py", "machine/program.py", "net/connect.py", "net/resolve.py",
        "playbook/run_driver.py", "playbook/runner.py", "probes/icmp.py", "probes/traits.py",
        "protocols/xmpp/pipe.py", "protocols/xmpp/srv.py", "protocols/xmpp/session_pool.py",
    }  # fmt: skip
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if re.search(r"\b(create_task|ensure_future)\(", path.read_text())
    }
    assert found == known
