"""The same odd answers to our reader and to curl: the same page or the same refusal, or a reason why not."""

import asyncio
import shutil
from collections.abc import AsyncIterator

import pytest
from outagetui.core.model import Outcome
from outagetui.net.trouble import Trouble
from outagetui.net.vantage import Vantage
from outagetui.protocols.http_fetch import fetch
from tests.kit.odd_answers import NO_REPLY, ODD_ANSWERS
from tests.kit.scripted_servers import Serving, serve

NAMES = list(ODD_ANSWERS)


@pytest.fixture
async def odd() -> AsyncIterator[Serving]:
    """A server that gives the answer of the number it is asked for."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(ODD_ANSWERS[NAMES[int(head.split(b" ")[1].strip(b"/"))]].answer)

    async with serve(handler) as serving:
        yield serving


async def ours(vantage: Vantage, url: str) -> bytes | str:
    try:
        return (await fetch(vantage, url, deadline=asyncio.get_running_loop().time() + 20)).body
    except Trouble as trouble:
        return trouble.code if trouble.outcome is Outcome.FAIL else ""


async def curl(url: str) -> bytes | None:
    """The page that curl shows; None where it refuses."""
    program = shutil.which("curl")
    assert program, "curl is missing: apt-get install curl"
    argv = (program, "--disable", "--noproxy", "*", "-sS", "--compressed", "--max-time", "20", url)
    process = await asyncio.create_subprocess_exec(
        *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    page, _ = await process.communicate()
    return None if process.returncode else page


@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
async def test_both_make_the_same_of_it(vantage: Vantage, odd: Serving, number: int) -> None:
    url = f"http://127.0.0.1:{odd.port}/{number}"
    wanted = ODD_ANSWERS[NAMES[number]]
    assert await ours(vantage, url) == wanted.meant
    page = await curl(url)
    same = page == wanted.meant if isinstance(wanted.meant, bytes) else page is None
    if wanted.meant != NO_REPLY:
        assert same is not bool(wanted.unlike_curl), wanted.unlike_curl or page
