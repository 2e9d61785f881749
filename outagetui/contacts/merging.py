"""New contacts beside those there are: what is new, what is there already, and what would overwrite something."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from outagetui.config.problems import Problem, Report
from outagetui.contacts.sheet import Row
from outagetui.core.model import Contact


class Merged(NamedTuple):
    """The contacts to add, how many are there already, and every row that cannot be taken."""

    new: list[Contact]
    known: int
    problems: list[Problem]


def merge(rows: Iterable[Row], there: Sequence[Contact], shown: str) -> Merged:
    """Compare `rows` of the sheet `shown` with the contacts `there`; one that would change another is a problem."""
    report = Report()
    by_name = {(contact.name, contact.audience): contact for contact in there}
    owners = {(channel, address): contact for contact in there for channel, address in contact.addresses.items()}
    new: list[Contact] = []
    known = 0
    for contact, line in rows:
        same = by_name.get((contact.name, contact.audience))
        clashes = _clashes(contact, same, owners)
        for channel, words in clashes:
            report.add(shown, line, channel, words)
        if clashes:
            continue
        if same is not None:
            known += 1
            continue
        by_name[contact.name, contact.audience] = contact
        owners |= dict.fromkeys(contact.addresses.items(), contact)
        new.append(contact)
    return Merged(new, known, report.problems)


def _clashes(contact: Contact, same: Contact | None, owners: dict[tuple[str, str], Contact]) -> list[tuple[str, str]]:
    found = []
    for channel, address in contact.addresses.items():
        owner = owners.get((channel, address))
        if owner is not None and owner is not same:
            found.append((channel, f'"{address}" is the address of {owner.name}'))
        elif same is not None and same.addresses.get(channel) != address:
            has = f'has "{same.addresses[channel]}"' if channel in same.addresses else "has no address"
            found.append((channel, f"{contact.name} is there already and {has} here; change that by hand"))
    return found
