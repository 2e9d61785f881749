"""A loop that stood still says nothing of the far side, in whatever order its end, the answer and the time-out come."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import HttpOptions, TcpOptions
from outagetui.machine.secrets import Secrets
from outagetui.net.loop_turns import STALL, LoopTurns, TurnLoop
from outagetui.net.vantage import Vantage
from outagetui.probes import look

STILL = 8.0
ANSWERS_AFTER = 0.6
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"
Hook = Callable[[Callable[[], None], Callable[[], None]], None]


def still_first(stand_still: Callable[[], None], answer: Callable[[], None]) -> None:
    """Stop the loop, and answer while it stands still."""
    stand_still()
    time.sleep(ANSWERS_AFTER)
    answer()


def answer_first(stand_still: Callable[[], None], answer: Callable[[], None]) -> None:
    """Answer just before the loop stands still."""
    time.sleep(ANSWERS_AFTER)
    answer()
    stand_still()


def at_once(stand_still: Callable[[], None], answer: Callable[[], None]) -> None:
    """Stop the loop just before the answer."""
    time.sleep(ANSWERS_AFTER)
    stand_still()
    answer()


def never(stand_still: Callable[[], None], answer: Callable[[], None]) -> None:
    """Stop the loop and say nothing: what we could not have heard is no silence of theirs."""
    time.sleep(ANSWERS_AFTER)
    stand_still()


def looked(order: Hook, still: float = STILL, timeout: float = 3.0) -> Sample:
    """Return what a look sees of a server that answers after a while, on a loop that `order` stops."""
    with socket.create_server(("127.0.0.1", 0)) as listener, asyncio.Runner(loop_factory=TurnLoop) as runner:
        loop = runner.get_loop()

        def serve() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(4096)
                order(
                    lambda: (loop.call_soon_threadsafe(time.sleep, still), None)[1],
                    lambda: peer.sendall(REPLY),
                )
                peer.settimeout(20.0)
                try:
                    while peer.recv(4096):
                        pass
                except OSError:
                    pass

        server = threading.Thread(target=serve)
        server.start()
        check = Check(
            id="page.web",
            probe="http",
            target=f"http://127.0.0.1:{listener.getsockname()[1]}/",
            options=HttpOptions(),
            timeout=timeout,
        )

        async def once() -> Sample:
            vantage = Vantage("here", Secrets.none())
            await look(Check(id="w.x", probe="http", target="http://127.0.0.1:1/", options=HttpOptions()), 0.0, vantage)
            sample = await look(check, loop.time() + timeout, vantage)
            await vantage.aclose()
            return sample

        sample = runner.run(once())
        server.join()
    return sample


def test_an_answer_that_came_while_the_loop_stood_still_is_no_failure() -> None:
    with ThreadPoolExecutor(4) as threads:
        first, late, together, silent = threads.map(looked, (still_first, answer_first, at_once, never))
    for sample in (first, together, silent):
        assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "loop.late")
        assert sample.detail.startswith("this machine was 8.0 s late itself")
    assert late.outcome is Outcome.PASS or late.code == "loop.late"  # it may have been read just before


def test_a_short_stall_over_the_time_out_is_no_failure_and_one_before_it_is() -> None:
    def over(stand_still: Callable[[], None], answer: Callable[[], None]) -> None:
        time.sleep(1.0)
        stand_still()

    def long_before(stand_still: Callable[[], None], answer: Callable[[], None]) -> None:
        stand_still()

    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(looked, over, 0.5, 1.2)
        other = threads.submit(looked, long_before, 0.5, 1.2)
    assert one.result().code == "loop.late"
    assert (other.result().outcome, other.result().code) == (Outcome.FAIL, "timeout")


def test_what_was_refused_before_the_stall_is_refused() -> None:
    async def refused() -> Sample:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        check = Check(id="c.p", probe="tcp", target=f"tcp://127.0.0.1:{port}", options=TcpOptions())
        asyncio.get_running_loop().call_later(0.0, time.sleep, 0.2)
        vantage = Vantage("here", Secrets.none())
        return await look(check, asyncio.get_running_loop().time() + 3.0, vantage)

    with asyncio.Runner(loop_factory=TurnLoop) as runner:
        assert runner.run(refused()).code == "tcp.refused"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("seconds", [STALL * 1.01, 3.0])
def test_long_turns_and_overslept_waits_are_counted_and_ordinary_ones_are_not(seconds: float) -> None:
    clock = Clock()
    turns = LoopTurns(clock)
    for _ in range(100):
        clock.now += STALL * 0.9
        turns.wait()
        clock.now += 5.0
        turns.wake(5.0)
    assert turns.lost() == 0.0
    assert not turns.just_stalled()
    clock.now += seconds
    assert turns.lost() == pytest.approx(seconds)  # known within the turn itself
    assert turns.just_stalled()
    turns.wait()
    assert turns.lost() == pytest.approx(seconds)
    clock.now += 1.0 + seconds
    turns.wake(1.0)
    assert turns.lost() == pytest.approx(2 * seconds)
    assert turns.just_stalled()
    turns.wait()
    clock.now += 60.0
    turns.wake(None)  # nobody said how long to wait
    assert turns.lost() == pytest.approx(2 * seconds)
    assert not turns.just_stalled()
