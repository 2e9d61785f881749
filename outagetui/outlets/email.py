"""The `email` outlet: a letter to each recipient, or to 50 at a time, through a submission server.

What each was given is kept on disk before and after (`sentlog`), so that another try goes on where one stopped: nobody
gets a letter twice, and one whose answer was lost is not sent again. Later parts answer the first; nothing can be
taken back, nor read back in other people's mailboxes.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from outagetui.core.mailbox import Mailbox, distinct, read_list, read_mailbox, read_recipient
from outagetui.core.model import Outlet
from outagetui.core.outlet_options import EmailOptions
from outagetui.core.text import clean
from outagetui.core.words import DeliveryState
from outagetui.outlets import Delivered, Delivery, Tools, UnsentError
from outagetui.outlets.answers import options_of, words_of
from outagetui.outlets.letters import Envelope, Leaving, letter
from outagetui.outlets.sentlog import Mark, SentLog, recall, sent_log
from outagetui.outlets.submission import ClosedError, NotNowError, Offered, Submission

BATCH: Final = 50  # recipients of one letter that is for many
MOST: Final = 20_000  # recipients
LIST_LIMIT: Final = 4 << 20  # bytes of a list of them
LOSSES: Final = 2  # lost answers, one after the other, that end a try
FEW: Final = 0.1  # of the recipients: so many may be refused in a letter that is sent
T = TypeVar("T")
RETRY_FOR: Final = 3600.0  # seconds in which letters that were put off (4xx) are tried again by itself
PUT_OFF, SOONEST, LATEST = 300.0, 60.0, 1800.0  # seconds until then: usually, at least, at most
_WAIT = re.compile(r"(?<![\d.])(\d{1,5}) ?(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?)\b", re.IGNORECASE)
_MARGIN: Final = 1.0  # seconds of the outlet's time for telling how far it came


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Write to all who have no letter of this delivery yet, in answer to the parts before."""
    options = options_of(outlet, EmailOptions)
    until = asyncio.get_running_loop().time() + outlet.timeout - min(_MARGIN, outlet.timeout / 10)
    tools.trail.written = False
    own: dict[str, str] = {}
    people = await recipients(outlet, options, tools, own)
    key = tools.secret(options.unsubscribe_key) if options.unsubscribe_key else ""
    envelope = _envelope(outlet, options, delivery, tools, Leaving(options.unsubscribe or "", key, own))
    submission = Submission(outlet, envelope.sender, tools)
    with sent_log(tools, delivery.key) as log:
        owed = _owed(people, log.marks)
        size = 1 if options.mode == "each" else BATCH
        posting = _Posting(submission, log, tools, 60.0 / options.per_minute if options.per_minute else 0.0)
        trouble, not_now = "", False
        try:
            async with submission, asyncio.timeout_at(until):
                while owed and not trouble:
                    some, owed = owed[:size], owed[size:]
                    to = some[0] if options.mode == "each" else None
                    rest, trouble = await posting.post(some, letter(envelope, words_of(delivery), to))
                    if rest:
                        size, owed = len(some) - len(rest), [*rest, *owed]
                await submission.stop()
        except TimeoutError:
            trouble = f"not done within {outlet.timeout:g} s"
        except UnsentError as error:
            trouble, not_now = str(error), isinstance(error, NotNowError)
        return _tally(people, log.marks, envelope, trouble, waits=_waits(delivery, tools), not_now=not_now)


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Send nothing: a letter stays where it is."""
    return Delivered("skipped", detail="mail cannot be taken back; send a correction")


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look up in our own record who was written to."""
    marks = recall(tools, delivery.key)
    if not any(mark.fate in ("accepted", "lost") for mark in marks.values()):
        return None
    options = options_of(outlet, EmailOptions)
    people = await recipients(outlet, options, tools)
    return _tally(people, marks, _envelope(outlet, options, delivery, tools), "", waits=_waits(delivery, tools))


def _waits(delivery: Delivery, tools: Tools) -> bool:
    """Whether those who were put off are still tried by itself: later the words may be wrong."""
    return tools.now() - delivery.at < RETRY_FOR


async def recipients(
    outlet: Outlet, options: EmailOptions, tools: Tools, links: dict[str, str] | None = None
) -> list[str]:
    """Return everybody's address, each once. Raises UnsentError when one is none, or there is nobody.

    `links` takes the links by which people leave the list who have one of their own, by their address.
    """
    found = [_mailbox(text, "recipients") for text in options.recipients]
    if options.recipients_file:
        text = await asyncio.to_thread(_read_list, options.recipients_file)
        for number, line in read_list(text):
            mailbox, link = _recipient(line, f"{options.recipients_file}:{number}")
            found.append(mailbox)
            if link and links is not None:
                links[mailbox.address.casefold()] = link
    for contact in tools.contacts:
        if contact.audience == outlet.audience and (address := contact.addresses.get(options.contacts or "")):
            found.append(_mailbox(address.removeprefix("mailto:"), "contacts"))
    addresses = distinct(found)
    if not addresses:
        raise UnsentError("there is nobody to write to")
    if len(addresses) > MOST:
        raise UnsentError(f"more than {MOST} recipients")
    return addresses


class _Posting:
    """Hands letters over, one after the other, at a pace (seconds between two)."""

    def __init__(self, submission: Submission, log: SentLog, tools: Tools, pace: float) -> None:
        self._submission, self._log, self._tools, self._pace = submission, log, tools, pace
        self._loop = asyncio.get_running_loop()
        self._not_before = 0.0
        self._losses = 0

    async def post(self, addresses: Sequence[str], message: bytes) -> tuple[Sequence[str], str]:
        """Give one letter to the server for `addresses`.

        Return for whom it wants another of the same, since it takes no more with this one, and why nothing more can be
        sent, if so.
        """
        await asyncio.sleep(max(0.0, self._not_before - self._loop.time()))
        turned_away, rest = await self._offered(addresses)
        self._log.note(turned_away)
        taken = [each for each in addresses if each not in turned_away and each not in rest]
        if not taken:
            return rest, ""
        await self._log.begin(taken)
        self._tools.trail.written = True
        self._not_before = self._loop.time() + self._pace
        mark = await self._submission.hand_over(message)
        mark = Mark(mark.fate, self._tools.hide(mark.said))
        await self._log.end(dict.fromkeys(taken, mark))
        self._losses = self._losses + 1 if mark.fate == "lost" else 0
        return rest, mark.said if self._losses == LOSSES else ""

    async def _offered(self, addresses: Sequence[str]) -> Offered:
        """Begin a letter, in a new conversation where the old one ended: servers limit how much is said in one."""
        if self._submission.open:
            try:
                return await self._submission.offer(addresses)
            except ClosedError:
                pass  # it was given nothing yet
        await self._submission.start()
        try:
            return await self._submission.offer(addresses)
        except ClosedError as error:
            raise (NotNowError if error.later else UnsentError)(str(error)) from error


def _owed(people: Sequence[str], marks: dict[str, Mark]) -> list[str]:
    return [each for each in people if each not in marks or marks[each].fate not in ("accepted", "lost")]


def _tally(
    people: Sequence[str],
    marks: dict[str, Mark],
    envelope: Envelope,
    trouble: str,
    *,
    waits: bool,
    not_now: bool = False,
) -> Delivered:
    """Return what became of the whole, in counts: whom we write to is nobody's business who reads the journal.

    `unknown` while some are owed a letter that others have, or more are refused than a few dead addresses would be: a
    retry goes on with them. It is not `failed`, which is for what nobody has. `not_now`: the `trouble` is that
    the server wants to be asked again later.
    """
    by_fate: dict[str, list[Mark]] = {}
    for each in people:
        mark = marks.get(each, Mark("begun"))
        by_fate.setdefault(mark.fate, []).append(mark)
    accepted, lost = len(by_fate.get("accepted", ())), len(by_fate.get("lost", ()))
    owed = len(by_fate.get("later", ())) + len(by_fate.get("begun", ()))
    left = owed > 0 or len(by_fate.get("refused", ())) > len(people) * FEW
    if not accepted and not lost:
        state = DeliveryState.FAILED
    else:
        state = DeliveryState.UNKNOWN if left or not accepted else DeliveryState.SENT
    words = [f"{accepted} of {len(people)} accepted"]
    for fate, what in (
        ("refused", "refused"),
        ("later", "asked to come later"),
        ("lost", "not known, so not sent again"),
        ("begun", "not tried"),
    ):
        if some := by_fate.get(fate):
            said = trouble if fate == "begun" else some[0].said
            words.append(f"{len(some)} {what}{f': {said}' if said else ''}")
    if trouble and "begun" not in by_fate:
        words.append(trouble)
    if state == DeliveryState.UNKNOWN and left:
        words.append("a retry goes on with those left")
    identifier = f"{envelope.key}@{envelope.sender.domain}"
    put_off = [mark.said for mark in by_fate.get("later", ())] + [trouble] * not_now
    pause = max(map(_wait_told, put_off), default=None) if waits else None
    told = clean("; ".join(words), 400)
    return Delivered(state, "", "" if state == DeliveryState.FAILED else identifier, told, look_again=pause)


def _wait_told(said: str) -> float:
    """Return the seconds that a server asks to wait, as greylisting says it, within bounds."""
    told = _WAIT.search(said)
    seconds = float(told[1]) * (60 if told[2].lower().startswith("m") else 1) if told else PUT_OFF
    return min(max(seconds, SOONEST), LATEST)


def _envelope(
    outlet: Outlet, options: EmailOptions, delivery: Delivery, tools: Tools, leaving: Leaving | None = None
) -> Envelope:
    try:
        sender = read_mailbox(options.from_ or "")
    except ValueError as error:
        raise UnsentError(f"from: {error}") from error
    return Envelope(
        sender=sender,
        business=tools.business,
        outlet=outlet.id,
        language=delivery.language,
        key=delivery.key,
        keys=tuple(each.key for each in reversed(delivery.placed)),
        leaving=leaving or Leaving(),
        sent_at=tools.now(),
    )


def _mailbox(text: str, where: str) -> Mailbox:
    return _read(read_mailbox, text, where)


def _recipient(text: str, where: str) -> tuple[Mailbox, str]:
    return _read(read_recipient, text, where)


def _read(read: Callable[[str], T], text: str, where: str) -> T:
    try:
        return read(text)
    except ValueError as error:
        raise UnsentError(f"{where}: not a mail address: {error}") from error


def _read_list(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            content = file.read(LIST_LIMIT + 1)
    except OSError as error:
        raise UnsentError(f"{path}: {error.strerror}") from error
    if len(content) > LIST_LIMIT:
        raise UnsentError(f"{path}: longer than {LIST_LIMIT >> 20} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnsentError(f"{path}: is not UTF-8 text") from error
