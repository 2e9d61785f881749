"""`tcp`: a connection, and optionally something to send and an expression its answer must hold.

Codes: `tcp.match`, and `tcp.too-much` (unknown: our limit cut the answer before anything matched).
"""

from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import TcpOptions
from outagetui.core.text import clean, in_quotes
from outagetui.net.connect import dial, target
from outagetui.net.pattern import search
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, Trouble, fail, unknown
from outagetui.net.vantage import Vantage

LIMIT = 64 * 1024  # bytes of an answer


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Look once at the port of `check`."""
    options = check.own(TcpOptions)
    host, port = target(check.target)
    phases = Phases()
    answer = bytearray()
    try:
        async with phases.within(deadline):
            with await dial(vantage, host, port, phases, deadline=deadline, connect=check.connect) as stream:
                detail = f"connected to {stream.peer}"
                if options.send is not None:
                    phases.enter("send")
                    await stream.write(options.send.encode())
                if options.match is not None:
                    phases.enter("reply")
                    detail = f"answered {in_quotes(await _answer(stream, options.match, answer, deadline), 120)}"
    except Trouble as trouble:
        if trouble.code == "timeout" and answer:
            detail = f"nothing matched {in_quotes(options.match)} in time in {in_quotes(bytes(answer), 120)}"
            raise Trouble(Outcome.FAIL, "tcp.match", detail, trouble.phases) from trouble
        raise
    return phases.sample(detail)


async def _answer(stream: Stream, pattern: str, answer: bytearray, deadline: float) -> str:
    """Read into `answer` until `pattern` is in it, and return what was found."""
    while data := await stream.read():
        cut = len(answer) + len(data) > LIMIT
        answer += data[: LIMIT - len(answer)]
        found = await search(pattern, answer.decode("utf-8", "replace"), deadline)
        if found:
            return clean(found[0], 120)
        if cut:
            words = f"nothing in the first {LIMIT >> 10} KiB, which is all that is read, matched {in_quotes(pattern)}"
            unknown("tcp.too-much", words)
    return fail("tcp.match", f"closed before anything matched {in_quotes(pattern)}: {in_quotes(bytes(answer), 120)}")
