"""What takes long is done beside the loop, and whoever waits for it hears of its end, whatever that is."""

import asyncio
import sys
import threading
from pathlib import Path

import pytest
from outagetui.net.aside import aside, loaded

WAITS = "import sys\nassert sys.modules['gate'].wait(20), 'the loop was held'\n"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Return what the slow module waits for."""
    found = threading.Event()
    monkeypatch.setitem(sys.modules, "gate", found)
    return found


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of a module that loads only when the loop has had its turn."""
    name = "slow_to_load"
    (tmp_path / f"{name}.py").write_text(WAITS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, name, raising=False)
    return name


async def test_modules_load_while_others_have_their_turn(slow: str, gate: threading.Event) -> None:
    both = asyncio.gather(loaded(slow), loaded("json", slow))
    while slow not in sys.modules:
        await asyncio.sleep(0.001)
    late = asyncio.create_task(loaded(slow))  # it is half loaded by now
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(both, late)


async def test_what_is_there_takes_no_turn() -> None:
    steps = loaded("json", "asyncio").__await__()
    with pytest.raises(StopIteration):
        next(steps)


async def test_a_module_that_cannot_be_loaded_is_told() -> None:
    with pytest.raises(ModuleNotFoundError):
        await loaded("outagetui.net.no_such_thing")


@pytest.mark.parametrize(
    ("raised", "heard"),
    [(ValueError("x"), ValueError), (SystemExit(2), RuntimeError), (KeyboardInterrupt(), RuntimeError)],
)
async def test_work_that_breaks_in_any_way_is_heard_of(raised: BaseException, heard: type[Exception]) -> None:
    def work() -> None:
        raise raised

    with pytest.raises(heard):
        await aside(work)
