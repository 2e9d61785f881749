"""Looks at an XMPP server, and what its tests ask again and again."""

from collections.abc import Callable, Coroutine
from typing import Any

from msgspec.structs import replace
from outagetui.core.model import Sample
from outagetui.facts.verdict import expected
from outagetui.net.vantage import Vantage
from tests.kit.scripted_servers import Pki, look_at, make_check
from tests.servers.prosody import Prosody

Look = Callable[..., Coroutine[Any, Any, Sample]]


def looking(vantage: Vantage, server: Prosody, pki: Pki, probe: str = "xmpp") -> Look:
    """Return a look at `server` whose every option can be given otherwise."""

    async def one(within: float = 5.0, target: str = "xmpp://watch@example.test", **options: Any) -> Sample:
        given: dict[str, Any] = {"secret": "right", "ca": pki.ca, "connect": f"127.0.0.1:{server.port}"} | options
        return await look_at(vantage, probe, target, within=within, **given)

    return one


def turned_away(sample: Sample) -> Sample:
    """Judge a sample as a check with `expect = "refused"` would."""
    check = make_check("xmpp", "xmpp://watch@example.test", secret="right")
    return expected(replace(check, expect="refused"), sample, trusted=True)


def logins(server: Prosody) -> int:
    """Return how many logins there were since the server was made."""
    return server.group.log.read_text().count("Authenticated as")
