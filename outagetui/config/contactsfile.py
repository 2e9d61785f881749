"""Reading `contacts.toml`: people, and where each is reached on which channel."""

from outagetui.config.decode import decode
from outagetui.config.hidden_text import trouble_of
from outagetui.config.homes import homes_of
from outagetui.config.parsed import Draft, Placed
from outagetui.config.settings import CONTACTS
from outagetui.config.tables import ContactsFile
from outagetui.config.tomlfile import read_source


def read_contacts(draft: Draft) -> None:
    """Read `contacts.toml`, if it is there."""
    if CONTACTS not in draft.files:
        return
    source = read_source(draft.directory / CONTACTS, draft.report)
    if source.data is None:
        return
    source.homes = homes_of(ContactsFile)
    decoded = decode(ContactsFile, source.data, source, ())
    raw = source.data.get("contact")
    indexes = [index for index, entry in enumerate(raw) if isinstance(entry, dict)] if isinstance(raw, list) else []
    taken: dict[tuple[str, str], str] = {}
    for index, contact in zip(indexes, decoded.contact, strict=False):
        placed = Placed(contact, source, ("contact", index))
        if trouble := line_trouble(contact.name):
            placed.problem(("name",), trouble)
        for channel, address in contact.addresses.items():
            key = ("addresses", channel)
            if trouble := line_trouble(address):
                placed.problem(key, trouble)
            elif (channel, address) in taken:
                placed.problem(key, f'"{address}" is taken by {taken[channel, address]}')
            else:
                taken[channel, address] = source.place((*placed.at, *key))
        draft.contacts.append(placed)


def line_trouble(text: str) -> str:
    """Return what is wrong with a name or an address, which others' files hold on one line, or nothing."""
    if trouble := trouble_of(text):
        return trouble
    return "" if text == text.strip() else "begins or ends with a space"
