"""Messages to people: handed to the server, and what comes straight back."""

from xml.etree.ElementTree import Element, SubElement

from outagetui.protocols.xmpp.conditions import Refused, refused
from outagetui.protocols.xmpp.room import CLIENT, ORIGIN
from outagetui.protocols.xmpp.session import Session


async def post(session: Session, letters: dict[str, str], text: str) -> dict[str, Refused]:
    """Send `text` to the addresses in `letters`, by the ids of the messages, and wait until the server has taken them.

    Returns by address those that came back. What another server refuses later is not waited for. Raises `Trouble`.
    """
    returned: dict[str, Refused] = {}

    def came(stanza: Element) -> None:
        address = letters.get(stanza.get("id") or "")
        if address is not None and stanza.get("type") == "error":
            returned[address] = refused(stanza, address)

    for id, address in letters.items():
        session.peers[address.lower()] = session.peers[address] = came
        message = Element(f"{CLIENT}message", {"type": "chat", "id": id, "to": address})
        SubElement(message, f"{CLIENT}body").text = text
        SubElement(message, f"{{{ORIGIN}}}origin-id", {"id": id})
        session.send(message)
    await session.ping()  # is answered after the messages were dealt with (RFC 6120 section 10.1)
    return returned
