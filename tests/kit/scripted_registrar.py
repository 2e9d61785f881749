"""A registrar that challenges and binds as a test says, and registering at it."""

from typing import Any

from outagetui.core.model import Sample
from outagetui.net.vantage import Vantage
from outagetui.protocols.sip.message import Incoming
from tests.kit.scripted_servers import look_at
from tests.kit.scripted_sip import Handler, reply

ACCOUNT = "sip:alice@example.test"


async def register(vantage: Vantage, proxy: str, secret: str = "right", within: float = 5.0, **more: Any) -> Sample:
    return await look_at(vantage, "sip.register", ACCOUNT, proxy=proxy, secret=secret, within=within, **more)


def registrar(
    *,
    binding: str = "{contact};expires=60",
    realm: str = 'Digest realm="r", nonce="n1", qop="auth"',
    stale: bool = False,
) -> Handler:
    """A registrar that challenges once (or once more as stale), and tells `binding` of whoever registers."""
    asked = 0

    def handler(request: Incoming) -> list[bytes]:
        nonlocal asked
        header = request.first("authorization")
        if not header or (stale and 'nonce="n1"' in header):
            asked += 1
            value = realm.replace("n1", "n2") + ", stale=true" if header else realm
            return [reply(request, "401 Unauthorized", ("WWW-Authenticate", value))]
        contact = request.first("contact").partition(">")[0] + ">"
        if request.first("expires") == "0":
            return [reply(request, "200 OK")]
        return [reply(request, "200 OK", ("Contact", binding.format(contact=contact)))]

    return handler
