"""What a `command` prints: shown while it comes, cut where it is long, and harmless whatever it is."""

import asyncio
import time
from pathlib import Path

import pytest
from outagetui import actions
from outagetui.facts.events import StepPlan
from tests.kit.programs import ContextWithOutput, command_step, harmless, script


@pytest.fixture
def context(tmp_path: Path) -> ContextWithOutput:
    return ContextWithOutput(tmp_path)


async def act(context: ContextWithOutput, plan: StepPlan) -> actions.Result:
    return await actions.act(plan, context)  # type: ignore[arg-type]


async def test_output_is_shown_while_it_comes(context: ContextWithOutput, tmp_path: Path) -> None:
    body = "for n in 1 2 3 4; do echo line $n; sleep 0.25; done; printf 'no newline yet'"
    result = await act(context, command_step(script(tmp_path, body)))
    assert context.shown[0].startswith("line 1")
    assert "line 3" not in context.shown[0]
    assert len(context.shown) <= 6
    assert result.output.endswith("no newline yet")
    assert "no newline" not in "".join(context.shown)


async def test_of_long_output_beginning_and_end_are_kept(context: ContextWithOutput, tmp_path: Path) -> None:
    result = await act(context, command_step(script(tmp_path, "seq 1 200000")))
    assert result.output.startswith("1\n2\n3\n")
    assert result.output.endswith("\n199999\n200000")
    assert "1288895 bytes in all, the middle is left out" in result.output
    assert len(result.output) < 4200
    assert result.detail == "exit status 0: 200000"


@pytest.mark.parametrize("length", [1999, 4000, 4001, 16384, 16385, 20000, 40000])
async def test_no_length_of_output_is_cut_wrong(context: ContextWithOutput, tmp_path: Path, length: int) -> None:
    text = "".join(f"{n:07}\n" for n in range(length // 8)) + "x" * (length % 8)
    file = tmp_path / "text"
    file.write_text(text)
    output = (await act(context, command_step("/bin/cat", str(file)))).output
    if length <= 4000:
        assert output == text.strip("\n")
    else:
        assert output.startswith(text[:1900])
        assert output.endswith(text[-1900:].strip("\n"))
        assert f"{length} bytes in all" in output


async def test_a_flood_neither_fills_the_memory_nor_holds_up_the_loop(context: ContextWithOutput) -> None:
    late: list[float] = []

    async def beat() -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            late.append(time.monotonic() - before - 0.01)

    heart = asyncio.create_task(beat())
    used = time.process_time()
    result = await act(context, command_step("/bin/cat", "/dev/zero", timeout=2.0))
    used = time.process_time() - used
    heart.cancel()
    await asyncio.gather(heart, return_exceptions=True)
    assert (result.done, result.unsure) == (False, True)
    assert len(result.output) < 4200
    assert sorted(late)[len(late) * 95 // 100] < 0.05
    assert used < 1.0


async def test_strange_bytes_and_escape_sequences_come_out_clean(context: ContextWithOutput, tmp_path: Path) -> None:
    body = r"printf '\033]52;c;Zm9v\007\302\233\377\342\200\256evil [@click=quit]\rover\nlast\033[2J\n'; exit 2"
    result = await act(context, command_step(script(tmp_path, body)))
    assert harmless(result.output)
    assert result.output.splitlines()[0].endswith("evil [@click=quit]")
    assert result.output.splitlines()[1] == "over"
    assert result.detail.startswith("exit status 2: last")
    binary = await act(context, command_step("/usr/bin/head", "-c", "50000", "/dev/urandom"))
    assert harmless(binary.output)
