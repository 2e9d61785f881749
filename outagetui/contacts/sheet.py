"""Contacts as a spreadsheet: CSV (RFC 4180) with the columns name, audience, and one for each channel, by its id."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple, get_args

from outagetui.config.contactsfile import line_trouble
from outagetui.config.problems import Problem, Report
from outagetui.config.tomlfile import line_of
from outagetui.core.addresses import Entry
from outagetui.core.model import Audience, Contact
from outagetui.core.text import listing, nearest

LARGEST = 1 << 20  # bytes of a sheet
_NAME, _AUDIENCE = "name", "audience"
# What makes a spreadsheet run a cell as a formula (CWE-1236); the last four are what others are read as.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


class Row(NamedTuple):
    """A contact and the line of the sheet it stands in."""

    contact: Contact
    line: int


def write(entries: Iterable[Entry], channel: str) -> str:
    """Return the sheet of `entries` with the column `channel`; a cell that looks like a formula gets a ' before it."""
    text = io.StringIO()
    sheet = csv.writer(text)
    sheet.writerow([_NAME, _AUDIENCE, channel])
    sheet.writerows([[harmless(entry.name), entry.audience, harmless(entry.address)] for entry in entries])
    return text.getvalue()


def harmless(cell: str) -> str:
    """Return `cell` so that no spreadsheet runs it."""
    return f"'{cell}" if _runs(cell) else cell


def _unquoted(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and _runs(cell) else cell


def _runs(cell: str) -> bool:
    return cell.lstrip("'").startswith(_FORMULA)


def read(
    content: bytes, shown: str, channels: Sequence[str], audience: Audience | None
) -> tuple[list[Row], list[Problem]]:
    """Return the contacts in the sheet `content`, or every fault in it, told with `shown` as its path.

    `channels` are the ids that columns may have; `audience` stands for a column that is not there.
    """
    report = Report()
    rows: list[Row] = []
    try:
        lines = list(_lines(content))
    except UnicodeDecodeError as error:
        report.add(shown, line_of(error), "", "not UTF-8; save the sheet as CSV in UTF-8")
        return [], report.problems
    except (csv.Error, ValueError) as error:
        report.add(shown, 1, "", f"{error}")
        return [], report.problems
    if not lines:
        report.add(shown, 1, "", "empty; expected a first line with the columns name, audience and channel ids")
        return [], report.problems
    header = [cell.strip() for cell in lines[0][1]]
    _look_at_header(header, shown, channels, audience, report)
    for number, cells in lines[1:]:
        values = dict(zip(header, map(_unquoted, cells), strict=False))
        if len(cells) > len(header):
            report.add(shown, number, "", f"{len(cells)} cells, but the first line names {len(header)} columns")
        contact = _contact(values, shown, number, channels, audience, report)
        rows.append(Row(contact, number))
    return ([] if report.problems else rows), report.problems


def _lines(content: bytes) -> Iterable[tuple[int, list[str]]]:
    if len(content) > LARGEST:
        raise ValueError("larger than 1 MiB; split the sheet")
    text = content.decode("utf-8-sig")
    first = text.partition("\n")[0]
    sheet = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",", strict=True
    )
    for cells in sheet:
        if any(cell.strip() for cell in cells):
            yield sheet.line_num, cells


def _look_at_header(
    header: list[str], shown: str, channels: Sequence[str], audience: Audience | None, report: Report
) -> None:
    known = [_NAME, _AUDIENCE, *channels]
    for index, column in enumerate(header):
        if column in header[:index]:
            report.add(shown, 1, column, "this column is here twice")
        elif column not in known:
            report.add(shown, 1, column, f"unknown column{nearest(column, known) or f'; known: {listing(known)}'}")
    if _NAME not in header:
        report.add(shown, 1, _NAME, "missing; expected a column with this name")
    if _AUDIENCE not in header and audience is None:
        report.add(shown, 1, _AUDIENCE, "missing; expected a column with this name, or --audience")


def _contact(
    values: dict[str, str], shown: str, line: int, channels: Sequence[str], audience: Audience | None, report: Report
) -> Contact:
    name, whose = values.get(_NAME, ""), values.get(_AUDIENCE) or audience or ""
    addresses = {channel: values[channel] for channel in channels if values.get(channel)}
    if not name:
        report.add(shown, line, _NAME, "missing")
    if whose not in get_args(Audience):
        report.add(shown, line, _AUDIENCE, f'expected "customers" or "staff", not "{whose}"')
    if not addresses:
        report.add(shown, line, "", "no address on any channel")
    for key, text in {_NAME: name, **addresses}.items():
        if trouble := line_trouble(text):
            report.add(shown, line, key, trouble)
    audience = "customers" if whose == "customers" else "staff"
    return Contact(name=name, audience=audience, addresses=addresses)


def to_toml(contacts: Iterable[Contact]) -> str:
    """Return `contacts` as `[[contact]]` tables, which `contacts.toml` holds."""
    tables = []
    for contact in contacts:
        pairs = ", ".join(f"{channel} = {_quoted(address)}" for channel, address in contact.addresses.items())
        head = f"[[contact]]\nname = {_quoted(contact.name)}\naudience = {_quoted(contact.audience)}\n"
        tables.append(f"{head}addresses = {{ {pairs} }}\n")
    return "\n".join(tables)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a basic string of TOML, for text without control characters
