"""What an announcement would be, as the daemon answers `preview` and the composer reads it. Pure."""

from msgspec import Struct


class Rendering(Struct, frozen=True, kw_only=True):
    """What one outlet would be sent: `text` is all of it, title and all; `names` the accounts it names.

    `count` is its length as the outlet counts (with `limit` 0 it does not), `cost` US dollars or None.
    """

    id: str
    name: str
    kind: str
    language: str
    title: str
    body: str
    text: str
    count: int
    limit: int
    shortened: bool = False
    names: tuple[str, ...] = ()
    cost: float | None = None
    update: bool = False


class Caution(Struct, frozen=True):
    """One warning in words; `outlet` is the one it is about, empty for the announcement itself."""

    outlet: str
    words: str


class Proof(Struct, frozen=True, kw_only=True):
    """What would be sent where. `announcement` is the one it belongs to, with `part` 0 a new one; epoch seconds.

    `shown` is when it was made and a digest of what each outlet would be sent and is named: given back with a yes, it
    lets nothing else be sent. Made anew for the same moment it is the same, so times that merely pass do not count.
    """

    announcement: str
    part: int
    kind: str = ""
    audience: str = ""
    since: float
    next_update: float | None
    outlets: tuple[Rendering, ...]
    effect: str
    warnings: tuple[Caution, ...]
    shown: str = ""

    def about(self, outlet: str) -> list[str]:
        """Return the warnings about one outlet, or (empty) about the announcement itself."""
        return [each.words for each in self.warnings if each.outlet == outlet]
