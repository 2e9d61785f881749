"""A step's own session with an XMPP server: its account, its end, and what is not known when an answer stays away."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator

from outagetui.actions import Result, StepContext
from outagetui.core.probe_options import XmppOptions
from outagetui.facts.events import StepPlan
from outagetui.machine.secrets import SecretError
from outagetui.net.trouble import Trouble, from_os_error
from outagetui.protocols.xmpp.account import read_account
from outagetui.protocols.xmpp.conditions import Answered, explained
from outagetui.protocols.xmpp.session import Session
from outagetui.protocols.xmpp.session_pool import own_session

NICK = "outage-desk"  # not that of the checks, which may stay in the same room
_MARGIN = 1.0  # seconds before the step's own limit, so that what is not known is told and not just cut off


class Progress:
    """What was `done` so far, and in `words` what may have happened, should no answer come; else empty."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.words = ""

    @contextlib.contextmanager
    def in_doubt(self, words: str) -> Iterator[None]:
        """Guard a request that takes effect at the far side: only an answer, also a refusal, ends the doubt."""
        self.words = words
        try:
            yield
        except Answered:
            self.words = ""
            raise
        self.words = ""


Deed = Callable[[Session, Progress], Awaitable[Result]]


async def visit(plan: StepPlan, context: StepContext, deed: Deed) -> Result:
    """Log in as the plan's facts say, let `deed` act on a session of its own, and end that, whatever comes.

    What goes wrong becomes a Result; it is unsure while there is doubt about what was asked of the server.
    """
    progress = Progress()
    limit = asyncio.get_running_loop().time() + plan.timeout - min(_MARGIN, plan.timeout / 10)
    try:
        facts = plan.facts
        options = XmppOptions(secret=facts["secret"], ca=facts["ca"], direct_tls=facts["direct_tls"])
        account = read_account(facts["target"], options, facts["connect"])
        async with own_session(account, context.secret(facts["secret"]), limit) as session, asyncio.timeout_at(limit):
            return await deed(session, progress)
    except SecretError as error:
        words = str(error)
    except TimeoutError:
        words = f"no answer within {plan.timeout:g} s"
    except Trouble as trouble:
        words = explained(trouble)
    except OSError as error:
        words = explained(from_os_error(error))
    return Result(False, "; ".join(filter(None, (*progress.done, progress.words, words))), unsure=bool(progress.words))
