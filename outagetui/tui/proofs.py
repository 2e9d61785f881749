"""What the daemon says an announcement would be, as the composer reads it, and what the operator has chosen so far."""

from collections.abc import Mapping
from typing import cast

import msgspec
from msgspec import Struct, field

from outagetui.board.owed import open_backups
from outagetui.board.rows import AnnouncementRow, Board, OutletRow
from outagetui.core.announcement_kinds import ANNOUNCEMENT_KINDS, DRILL_KIND, FOLLOWING_KINDS
from outagetui.core.model import AUDIENCES, BAD, GOOD, Audience
from outagetui.core.orders import Announce
from outagetui.core.words import Owed
from outagetui.wording.preview import Proof

UPDATE, BACKUP_ACTIVE, FIRST = "update", "backup-active", "investigating"
RECOVERING, RESOLVED = "recovering", "resolved"


def read(reply: Mapping[str, object]) -> Proof | str:
    """Return the proof that a reply to `preview` holds, or in words why there is none."""
    if not reply.get("ok"):
        return str(reply.get("error", "the daemon refused"))
    try:
        return msgspec.convert(reply, Proof)
    except msgspec.ValidationError:
        return "the daemon answers as another version does: end these screens and start them again"


class Draft(Struct):
    """What is being composed. `off` are the outlets left out, `words` an operator's own title and body by outlet."""

    audience: str
    kind: str
    note: str = ""
    off: set[str] = field(default_factory=set)
    words: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def begun(self) -> bool:
        """Whether anything was typed that would be a pity to lose."""
        return bool(self.note or self.words)

    def outlets(self, board: Board) -> list[OutletRow]:
        """Return the outlets that are chosen."""
        return [row for row in places(board, self.audience) if row.id not in self.off]

    def order(self, board: Board) -> Announce:
        """Return the order that sends it."""
        ids = tuple(row.id for row in self.outlets(board))
        standing = open_one(board, self.audience)
        return Announce(
            kind=self.kind,
            audience=cast("Audience", self.audience),  # as the rows of the board tell it
            outlets=ids,
            note=self.note,
            update=standing.id if standing is not None else "",
            words={name: text for name, text in self.words.items() if name in ids},
        )


def fresh(board: Board, audience: str = "") -> Draft:
    """Return a draft of what is most likely to be said now, to `audience` or to whom it is owed."""
    whom = audience or _owed(board)
    known = kinds(board, whom)
    if open_one(board, whom) is not None:
        wanted = _next(board, whom)
    else:
        wanted = BACKUP_ACTIVE if open_backups(board, whom) else FIRST
    return Draft(audience=whom, kind=wanted if wanted in known or not known else known[0])


def _next(board: Board, audience: str) -> str:
    """Return the kind of the next part: where nothing fails any more, it must not say that it goes on."""
    primaries = [row for row in board.channels if row.audience == audience and not row.is_backup]
    well = primaries and all(row.state in GOOD for row in primaries) and not board.stale
    dead = any(row.kind == Owed.DEAD_WAY and row.audience == audience for row in board.owed)
    if dead or not well:
        return UPDATE
    return RECOVERING if open_backups(board, audience) else RESOLVED


def kinds(board: Board, audience: str) -> list[str]:
    """Return the kinds that can be told to `audience` now."""
    return [kind for kind in ANNOUNCEMENT_KINDS if not why_not(board, audience, kind)]


def why_not(board: Board, audience: str, kind: str) -> str:
    """Return in words why a kind cannot be told to `audience` now; empty when it can."""
    if kind not in board.kinds:
        return f"there are no words for {kind}"
    if kind in FOLLOWING_KINDS and open_one(board, audience) is None:
        return f"{kind} goes on with something, and nothing stands open that {audience} were told"
    if kind == DRILL_KIND and not board.drill and board.open_incident is not None:
        return f"{kind} says that nothing has failed: not while an incident is open"
    return ""


def places(board: Board, audience: str) -> list[OutletRow]:
    """Return the outlets that can tell `audience`."""
    return [row for row in board.outlets if row.audience == audience and row.publishes]


def open_one(board: Board, audience: str) -> AnnouncementRow | None:
    """Return the announcement to `audience` that stands open."""
    return next((row for row in board.announcements if row.open and row.audience == audience), None)


def failed(board: Board, audience: str) -> list[str]:
    """Return the names of the primaries that fail now, else of those that did in the open incident."""
    primaries = [row for row in board.channels if row.audience == audience and not row.is_backup]
    now = [row.name for row in primaries if row.known in BAD]
    had = board.open_incident.channels if board.open_incident is not None else ()
    return now or [row.name for row in primaries if row.id in had]


def stirred(board: Board, audience: str) -> object:
    """Return what a proof depends on: when it is another, the proof has to be made anew."""
    channels = [(row.id, row.known, row.standing) for row in board.channels if row.audience == audience]
    outlets = [(row.id, row.state, row.publishes, row.muted) for row in board.outlets if row.audience == audience]
    announced = [(row.id, row.parts, row.open) for row in board.announcements if row.audience == audience]
    incident = board.incident
    return channels, outlets, announced, board.kinds, None if incident is None else (incident.id, incident.closed)


def _owed(board: Board) -> str:
    """Return the audience that is owed most: of a dead way, a word on a backup, its news; else the first."""
    can = [audience for audience in AUDIENCES if places(board, audience)]
    if found := next((row.audience for row in board.owed if row.audience in can), ""):
        return found
    due = [row for row in board.announcements if row.open]
    due.sort(key=lambda row: row.next_update if row.next_update is not None else float("inf"))
    return due[0].audience if due else can[0] if can else AUDIENCES[0]
