"""Regular expressions on outside text, within a time limit and without holding up the loop.

The standard `re` may backtrack for hours and keeps the interpreter lock meanwhile; `regex` takes a time-out and
releases the lock. A search that is not over at once goes on in a thread.
"""

import asyncio
from typing import TYPE_CHECKING

from outagetui.core.text import in_quotes
from outagetui.net.aside import loaded
from outagetui.net.trouble import unknown

if TYPE_CHECKING:
    import regex

AT_ONCE = 0.005  # seconds in which nearly every search ends
PATIENCE = 1.0  # seconds until a search is given up


async def search(pattern: str, text: str, deadline: float) -> "regex.Match[str] | None":
    """Return where `pattern` is found first in `text`.

    One that takes too long is unknown `match.timeout`: such an expression is a mistake of ours, not of the far side.
    """
    await loaded("regex")  # not for those whose checks have no expression
    import regex

    try:
        compiled = regex.compile(pattern)
    except regex.error as error:
        unknown("option.invalid", f"not a regular expression: {in_quotes(pattern)}: {error}")
    try:
        return compiled.search(text, timeout=AT_ONCE, concurrent=True)
    except TimeoutError:
        pass
    left = deadline - asyncio.get_running_loop().time()
    patience = min(PATIENCE, max(AT_ONCE, left * 0.8))  # so that its time-out is told before the whole look's
    try:
        # The library counts processor time, which on a busy machine is slower than the clock the look goes by.
        async with asyncio.timeout(patience):
            return await asyncio.to_thread(compiled.search, text, timeout=patience, concurrent=True)
    except TimeoutError:
        unknown("match.timeout", f"the expression {in_quotes(pattern)} takes too long on this text: simplify it")
