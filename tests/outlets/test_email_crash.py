"""A daemon that is killed amid fifty letters: the next one goes on, and nobody gets two."""

import asyncio
import random
import re
import signal
import sys
from pathlib import Path

import msgspec
import pytest
from outagetui.outlets import find, publish
from tests.outlets.kit import delivery_of
from tests.outlets.mailkit import FIFTY, outlet_for, tools_at
from tests.outlets.servers.post import Post

ROOT = Path(__file__).parent.parent.parent
SENDER = """
import asyncio, sys
from pathlib import Path
from outagetui.outlets import publish
from tests.outlets.kit import delivery_of
from tests.outlets.mailkit import FIFTY, outlet_for, tools_at
outlet = outlet_for(int(sys.argv[1]), recipients=FIFTY, timeout=30)
print("ready", flush=True)
asyncio.run(publish(outlet, delivery_of(outlet, again=True), tools_at(Path(sys.argv[2]))))
"""


@pytest.mark.parametrize("seed", range(3))
async def test_nobody_is_written_to_twice_and_nobody_is_left_out(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    async with Post().running() as post:
        outlet = outlet_for(post.port, recipients=FIFTY, timeout=30)
        for _ in range(2):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", SENDER, str(post.port), str(tmp_path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
            )
            assert process.stdout is not None
            assert await process.stdout.readline() == b"ready\n"
            until = len(post.letters) + chance.randrange(1, 20)
            while len(post.letters) < until and process.returncode is None:
                await asyncio.sleep(0.001)
            await asyncio.sleep(chance.random() * 0.01)
            process.send_signal(signal.SIGKILL)
            await process.wait()
            del process
        there = await find(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert there is not None
        assert there.state == "unknown"
        assert "a retry goes on with those left" in there.detail
        done = await publish(outlet, delivery_of(outlet, again=True), tools_at(tmp_path))
        assert done.state == "sent"
        got = post.got()
        assert len(got) == len(set(got))
        accepted = re.match(r"(\d+) of 50 accepted(?:; (\d) not known, so not sent again)?", done.detail)
        assert accepted
        lost = int(accepted[2] or 0)
        assert lost <= 2
        assert int(accepted[1]) + lost == 50
        assert int(accepted[1]) <= len(got) <= 50
        kept = (tmp_path / "sent" / f"{delivery_of(outlet).key}.jsonl").read_bytes().splitlines()
        sent = [msgspec.json.decode(line) for line in kept]
        assert {line["to"] for line in sent if line["mark"]["fate"] == "accepted"} <= set(got)
