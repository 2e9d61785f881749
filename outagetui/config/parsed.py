"""A configuration while it is read: what each file says and where, before anything is compared across files."""

import re
from pathlib import Path as File
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from outagetui.config.positions import Path
from outagetui.config.problems import Report
from outagetui.config.tables import ChannelTable, OutletTable, SettingsFile
from outagetui.config.tomlfile import Source
from outagetui.core.kind import Kind
from outagetui.core.model import Check, Contact, Playbook, Segment, Template
from outagetui.core.outlet_options import OutletOptions

T = TypeVar("T", covariant=True)
K = TypeVar("K", bound=Kind)

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
ID_WORDS = "letters, digits, - and _, at most 64"
RESERVED = frozenset({"canary"})  # the owner of the checks that canaries become
_GUESSED_ID = re.compile(r"""^\s*id\s*=\s*["']([^"'\n]+)["']""", re.MULTILINE)


class Placed(Struct, Generic[T], frozen=True):
    """A value, the file it stands in and its key path there."""

    value: T
    source: Source
    at: Path

    def problem(self, key: Path, message: str) -> None:
        """Note a fault of the key `key` below this value."""
        self.source.problem((*self.at, *key), message)

    @property
    def place(self) -> str:
        """`path:line`, to point at from elsewhere."""
        return self.source.place(self.at)


class Owner(Struct, frozen=True):
    """A file of `checks/`: the id, the channel's or outlet's table (None when it is unusable), and its checks."""

    id: str
    table: Placed[ChannelTable] | Placed[OutletTable]
    checks: tuple[Placed[Check], ...]
    options: OutletOptions = OutletOptions()

    @property
    def channel(self) -> ChannelTable | None:
        """The table, if this is a channel."""
        return self.table.value if isinstance(self.table.value, ChannelTable) else None

    @property
    def outlet(self) -> OutletTable | None:
        """The table, if this is an outlet."""
        return self.table.value if isinstance(self.table.value, OutletTable) else None


class Draft:
    """Everything that was read from `directory`. `maybe` are ids that a file which does not parse may define."""

    def __init__(self, directory: File) -> None:
        self.directory = directory
        self.report = Report()
        self.settings: Placed[SettingsFile] | None = None
        self.canaries: list[Check] = []
        self.owners: list[Owner] = []
        self.channels: dict[str, Owner] = {}  # by id, the first of each
        self.outlets: dict[str, Owner] = {}
        self.checks: dict[str, Placed[Check]] = {}  # by full id
        self.segments: list[Placed[Segment]] = []
        self.contacts: list[Placed[Contact]] = []
        self.playbooks: dict[str, Placed[Playbook]] = {}
        self.templates: dict[tuple[str, str], Template] = {}
        self.maybe: set[str] = set()
        self.files: frozenset[str] = frozenset()  # the names in the directory itself

    def add(self, owner: Owner) -> None:
        """Take up a channel or an outlet with its checks; where an id is used twice, the first is meant by it."""
        self.owners.append(owner)
        (self.outlets if owner.channel is None else self.channels).setdefault(owner.id, owner)
        for check in owner.checks:
            if not check.value.id.endswith("."):
                self.checks.setdefault(check.value.id, check)

    def may_define(self, source: Source) -> None:
        """Remember which ids an unparsable file could define, so that references to them are not called unknown."""
        self.maybe |= {source.name, *_GUESSED_ID.findall(source.text)}

    def beside(self, path: str) -> str:
        """Return `path` made absolute; a relative one starts at the configuration directory."""
        return str(self.directory.resolve() / path)

    def whole(self, options: K) -> K:
        """Return `options` with the files that they name made absolute."""
        paths = {key: path for key in options.files if (path := getattr(options, key, None))}
        return replace(options, **{key: self.beside(path) for key, path in paths.items()}) if paths else options


def usable_id(written: str | None, source: Source, at: Path) -> str:
    """Return the id: as written, else the file's name. A fault is noted and the id stays usable for references."""
    found = written or source.name
    if not ID.fullmatch(found):
        where = "" if written else "; the file's name cannot serve as id, so set one"
        source.problem(at, f'"{found}" is no id: expected {ID_WORDS}{where}')
    elif found in RESERVED:
        source.problem(at, f'"{found}" is reserved; choose another id')
    return found
