"""XMPP servers of which a test decides what they say: one that lets everybody in, one that ends the stream."""

import asyncio
import re

from tests.kit.scripted_servers import Handler

HEAD = (
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"
    " id='1' from='example.test' version='1.0'>"
)
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
STREAM_ERRORS = "urn:ietf:params:xml:ns:xmpp-streams"


def offering(*mechanisms: str, more: str = "") -> str:
    """The head of a stream with the features of a server that takes these logins."""
    inner = "".join(f"<mechanism>{each}</mechanism>" for each in mechanisms)
    return f"{HEAD}<stream:features><mechanisms xmlns='{SASL}'>{inner}</mechanisms>{more}</stream:features>"


def obliging(features: str = "", failure: str = "", text: str = "") -> Handler:
    """Let everybody in by PLAIN, or refuse with `failure`, give an address, and answer every ping."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside = False
        while data := (await reader.read(65536)).decode():
            if "<stream:stream" in data:
                bind = f"{HEAD}<stream:features><bind xmlns='{BIND}'/></stream:features>"
                writer.write((bind if inside else features or offering("PLAIN")).encode())
            elif "<auth" in data and failure:
                said = f"<text>{text}</text>" if text else ""
                writer.write(f"<failure xmlns='{SASL}'><{failure}/>{said}</failure>".encode())
            elif "<auth" in data:
                inside = True
                writer.write(f"<success xmlns='{SASL}'/>".encode())
            for id in re.findall(r"<iq[^>]* id=['\"]([^'\"]+)", data):
                jid = f"<bind xmlns='{BIND}'><jid>watch@example.test/r</jid></bind>" if "xmpp-bind" in data else ""
                writer.write(f"<iq type='result' id='{id}'>{jid}</iq>".encode())

    return handler


def ending(condition: str, content: str = "", text: str = "") -> Handler:
    """End the stream with an error as soon as the client has begun it."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        inner = f"<{condition} xmlns='{STREAM_ERRORS}'>{content}</{condition}>"
        inner += f"<text xmlns='{STREAM_ERRORS}'>{text}</text>" if text else ""
        writer.write(f"{HEAD}<stream:error>{inner}</stream:error></stream:stream>".encode())

    return handler
