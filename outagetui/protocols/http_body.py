"""The body of an answer without its codings, decoded beside the loop, and never more of it than is wanted."""

from functools import partial
from typing import Final

from outagetui.net.aside import aside
from outagetui.net.trouble import fail
from outagetui.protocols.http_coding import CodingError, UnknownCodingError, undone

_HEAVY: Final = {"br", "zstd"}  # whose decoders have to be loaded, and fill a window before they give anything


async def decoded(body: bytes, codings: tuple[str, ...], limit: int, *, truncated: bool) -> tuple[bytes, bool, str]:
    """Return at most `limit` bytes of `body` without `codings`, whether there is more, and why it cannot be read.

    `truncated` is a body that was not read to its end. Raises `Trouble` `http.coding` for one that is broken.
    """
    if not codings or not body:
        return body, truncated, ""
    try:
        found = await aside(partial(undone, body, codings, limit), len(body) if _HEAVY.isdisjoint(codings) else None)
    except UnknownCodingError as error:
        return b"", truncated, str(error)
    except CodingError as error:
        if not truncated:
            fail("http.coding", f"the body cannot be decoded: {error}")
        found = error.so_far
    return found[:limit], truncated or len(found) > limit, ""
