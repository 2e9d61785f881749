"""Promise 2: intent before, outcome after, nothing repeated without an operator's word, wherever the process dies."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outagetui.playbook.runner import OrderError
from tests.promises.bench import Bench, broken_promise, steps

PLAN = steps("manual", "activate", "tell", "shout", "deactivate")


async def begin(bench: Bench) -> str:
    run = await bench.runner.start("ada", "book", "Book", PLAN)
    await bench.settle()
    return run


async def answer_what_is_asked(bench: Bench, run: str, answer: str | None = None) -> None:
    asking = next(row for row in bench.pen.ledger.runs[run].steps.values() if row.state in ("asking", "unsure"))
    given_answer = answer or ("yes" if "yes" in asking.answers else "done")
    await bench.runner.answer("ada", run, asking.id, asking.attempt, given_answer)
    await bench.settle()


async def test_a_run_does_every_step_once_in_order():
    bench = Bench(1)
    run = await begin(bench)
    while bench.pen.ledger.runs[run].ended is None:
        await answer_what_is_asked(bench, run)
    states = [row.state for row in bench.pen.ledger.runs[run].steps.values()]
    assert states == ["done"] * 5
    assert set(bench.did.values()) == {1}
    assert not broken_promise(bench.pen.entries, bench.did)


@pytest.mark.parametrize("write", range(2, 22))
async def test_a_crash_at_any_write_repeats_nothing(write: int):
    bench = Bench(write)
    bench.pen.dies_at = write
    starting = asyncio.create_task(bench.runner.start("ada", "book", "Book", PLAN))
    for _ in range(40):
        await bench.settle()
        run = next(iter(bench.pen.ledger.runs), None)
        if bench.pen.dead.is_set() or (run is not None and bench.pen.ledger.runs[run].ended is not None):
            break
        if run is not None and bench.pen.ledger.runs[run].state == "asking":
            answering = asyncio.create_task(answer_what_is_asked(bench, run))
            await bench.settle()
            answering.cancel()
    starting.cancel()
    await bench.crash()
    await bench.restart()
    await bench.settle()
    run = next(iter(bench.pen.ledger.runs))
    for _ in range(20):
        if bench.pen.ledger.runs[run].ended is not None:
            break
        await answer_what_is_asked(bench, run)
    assert bench.pen.ledger.runs[run].state == "done"
    assert max(bench.did.values()) == 1
    assert not broken_promise(bench.pen.entries, bench.did)


async def test_a_step_that_was_under_way_is_asked_about_and_not_done_again():
    bench = Bench(1)
    run = await bench.runner.start("ada", "book", "Book", steps("shout"))
    while not bench.did:
        await asyncio.sleep(0)
    await bench.crash()
    await bench.restart()
    await bench.settle()
    row = bench.pen.ledger.runs[run].steps["s1"]
    assert row.state == "unsure"
    assert set(row.answers) >= {"retry", "done", "skip", "abort"}
    assert bench.did[run, "s1"] == 1
    await bench.runner.answer("ada", run, "s1", row.attempt, "done")
    await bench.settle()
    assert bench.pen.ledger.runs[run].state == "done"
    assert bench.did[run, "s1"] == 1


async def test_only_the_first_of_two_answers_counts():
    bench = Bench(1)
    run = await begin(bench)
    row = bench.pen.ledger.runs[run].steps["s1"]
    answers = [bench.runner.answer(who, run, "s1", row.attempt, "done") for who in ("ada", "bob")]
    results = await asyncio.gather(*answers, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), OrderError]
    await bench.settle()
    assert bench.pen.ledger.runs[run].steps["s1"].actor == "ada"


@pytest.mark.parametrize(
    ("step", "later", "answer", "words"),
    [
        ("s1", 1, "done", "asks for the 1. time"),
        ("s1", 0, "yes", "takes done, failed, skip, abort"),
        ("s2", 0, "yes", "is not asking"),
        ("nope", 0, "yes", "has no step"),
    ],
)
async def test_an_answer_to_anything_but_the_open_question_is_refused(step, later, answer, words):
    bench = Bench(1)
    run = await begin(bench)
    attempt = bench.pen.ledger.runs[run].steps["s1"].attempt + later
    with pytest.raises(OrderError, match=words):
        await bench.runner.answer("ada", run, step, attempt, answer)


async def test_a_playbook_runs_once_at_a_time():
    bench = Bench(1)
    run = await begin(bench)
    with pytest.raises(OrderError, match=f"already runs as {run}"):
        await bench.runner.start("bob", "book", "Book", PLAN)


async def test_a_run_that_asks_is_aborted_at_once_and_by_name():
    bench = Bench(1)
    run = await begin(bench)
    await bench.runner.abort("bob", run)
    await bench.settle()
    assert bench.pen.ledger.runs[run].state == "aborted"
    assert bench.pen.entries[-1].actor == "bob"
    with pytest.raises(OrderError, match="is over"):
        await bench.runner.abort("bob", run)


async def test_a_failure_asks_and_is_tried_again_only_when_told_to():
    bench = Bench(1, failing=1.0)
    run = await bench.runner.start("ada", "book", "Book", steps("shout", "manual"))
    await bench.settle()
    assert bench.did[run, "s1"] == 1
    assert bench.pen.ledger.runs[run].steps["s1"].state == "asking"
    await answer_what_is_asked(bench, run, "retry")
    assert bench.did[run, "s1"] == 2
    bench.failing = 0.0
    await answer_what_is_asked(bench, run, "retry")
    assert bench.pen.ledger.runs[run].steps["s1"].state == "done"
    assert not broken_promise(bench.pen.entries, bench.did)


async def test_standing_down_takes_back_only_what_was_done_and_only_once():
    bench = Bench(1)
    run = await bench.runner.start("ada", "book", "Book", steps("activate", "manual"))
    await bench.settle()
    await bench.runner.abort("ada", run)
    await bench.settle()
    assert "chat" in bench.pen.ledger.active
    back = await bench.runner.stand_down("ada", run)
    await bench.settle()
    assert "chat" not in bench.pen.ledger.active
    assert bench.pen.ledger.runs[back].state == "done"
    with pytest.raises(OrderError, match="stood down already"):
        await bench.runner.stand_down("ada", run)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    kinds=st.lists(st.sampled_from(["manual", "activate", "deactivate", "tell", "shout"]), min_size=1, max_size=5),
    moves=st.lists(st.sampled_from(["answer", "answer", "answer", "crash", "abort", "settle", "twice"]), max_size=30),
)
def test_no_order_of_answers_crashes_and_aborts_breaks_the_promise(seed, kinds, moves):
    asyncio.run(_story(seed, kinds, moves))


async def _story(seed: int, kinds: list[str], moves: list[str]) -> None:
    bench = Bench(seed, failing=0.3)
    run = await bench.runner.start("ada", "book", "Book", steps(*kinds))
    for move in moves:
        for _ in range(bench.dice.randrange(12)):
            await asyncio.sleep(0)
        run_now = bench.pen.ledger.runs[run]
        asking = next((row for row in run_now.steps.values() if row.state in ("asking", "unsure")), None)
        if run_now.ended is not None:
            break
        if move in ("answer", "twice") and asking is not None:
            chosen = bench.dice.choice([answer for answer in asking.answers if answer != "abort"])
            orders = [bench.runner.answer("ada", run, asking.id, asking.attempt, chosen)] * 1
            if move == "twice":
                orders.append(bench.runner.answer("bob", run, asking.id, asking.attempt, chosen))
            results = await asyncio.gather(*orders, return_exceptions=True)
            assert sum(result is None for result in results) == 1
        elif move == "crash":
            await bench.crash()
            await bench.restart()
        elif move == "abort":
            await bench.runner.abort("bob", run)
        elif move == "settle":
            await bench.settle()
    await bench.settle()
    await bench.crash()
    assert not broken_promise(bench.pen.entries, bench.did)
