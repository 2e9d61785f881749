"""Starting TLS on a probe's connection, with a refused certificate told as the trouble it is."""

import ssl

from outagetui.net.certificate import refusal
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases


async def secure(stream: Stream, context: ssl.SSLContext, name: str, phases: Phases) -> None:
    """Shake hands as a client of `name` in the phase tls. Raises `Trouble` with the codes of TLS."""
    phases.enter("tls")
    try:
        await stream.start_tls(context, name)
    except ssl.SSLError as error:
        raise refusal(error, stream, name) from error
