"""What would be sent, composed by the code that sends it and kept nowhere: to be read before a yes."""

from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec.structs import replace

from outagetui.announce.delivering import Deliverer
from outagetui.announce.draft import Scene, Wanted, agreed, draft, own_words
from outagetui.announce.previewing import Knowledge, proof, reading
from outagetui.announce.warnings import Known, outlook
from outagetui.core.current import Current
from outagetui.core.model import Audience, State
from outagetui.facts.events import AnnouncementMade, DeliveryEdited
from outagetui.facts.journaling import Journal
from outagetui.facts.reach import Share
from outagetui.machine.secrets import SecretError
from outagetui.wording.preview import Proof

OLDEST_SHOWN = 86400.0  # seconds after which what was shown is no longer compared


class Proposals:
    """Composes what could be announced. All of it raises AnnounceError for what cannot be sent as things are."""

    def __init__(
        self,
        current: Current,
        journal: Journal,
        state_of: Callable[[str], State],
        clock: Callable[[], float],
        deliverer: Deliverer,
        *,
        drill: bool,
    ) -> None:
        self._current, self._journal, self._state_of, self._clock = current, journal, state_of, clock
        self._deliverer, self._drill = deliverer, drill

    def agree(self, wanted: Wanted) -> None:
        """Raise AnnounceError while what is wanted lacks a reason that it needs here."""
        agreed(wanted, drill=self._drill)

    def drafted(self, wanted: Wanted, as_of: float | None = None) -> AnnouncementMade:
        """Return the part that would be made now, or `as_of` then."""
        return draft(wanted, self._scene(as_of))

    def words(self, kind: str, audience: Audience, language: str, as_of: float | None = None) -> tuple[str, str]:
        """Return title and body of an announcement made now, or `as_of` then."""
        made = self._nowhere(kind, audience, language, as_of)
        return made.texts[made.spoken(language)]

    def words_to_read(self, kind: str, audience: Audience, language: str, as_of: float | None = None) -> str:
        """Return what a person has to read of `words` before a yes: the accounts, then the text."""
        made = self._nowhere(kind, audience, language, as_of)
        return "\n\n".join((reading((), made), *made.texts[made.spoken(language)]))

    def _nowhere(self, kind: str, audience: Audience, language: str, as_of: float | None) -> AnnouncementMade:
        wanted = Wanted(kind=kind, audience=audience, languages=(language,))
        return draft(wanted, self._scene(as_of), nowhere=True)

    def read(self, made: AnnouncementMade) -> str:
        """Return what a person has to read of a part: the accounts, and every text under the outlets it goes to."""
        return reading(self._proof(made, (), self._scene(None), Knowledge()).outlets, made)

    def outlook(self, made: AnnouncementMade) -> str:
        """Return in a line where a part goes and where not, and what speaks against it; empty when nothing does."""
        down = {outlet: self._deliverer.down_since(outlet) for outlet in made.outlets}
        known = Known(state_of=self._state_of, down=lambda outlet: "", broken=self._journal.ledger.broken())
        return outlook(self._current.config, made, [name for name, words in down.items() if words], known)

    def proof(self, wanted: Wanted, shares: Mapping[str, Share], hosts: Mapping[str, Collection[str]]) -> Proof:
        """Return what each outlet would be sent now, what that does, and what to be warned of.

        `shares` tells how much of each channel works, `hosts` which IP addresses channels and outlets have.
        """
        own = {outlet: own_words(*each) for outlet, each in wanted.words.items()}
        scene = self._scene(None)
        made = draft(replace(wanted, words=own), scene)
        why = self._unreadable(made.outlets)
        known = Knowledge(shares=shares, hosts=hosts, unreadable=why, incident=self._incident())
        return self._proof(made, edits(made, own), scene, known)

    def still(self, wanted: Wanted, shown: str) -> bool:
        """Whether what was `shown` would be composed again, had no time passed since."""
        try:
            then = float(shown.partition(" ")[0])
        except ValueError:
            return False
        if not abs(self._clock() - then) <= OLDEST_SHOWN:
            return False
        scene = self._scene(then)
        made = draft(wanted, scene)
        known = Knowledge(incident=self._incident())
        return self._proof(made, edits(made, wanted.words), scene, known).shown == shown

    def _proof(
        self, made: AnnouncementMade, own: Sequence[DeliveryEdited], scene: Scene, knowledge: Knowledge
    ) -> Proof:
        return proof(scene, made, own, self._deliverer.down_since, knowledge)

    def _incident(self) -> str:
        """Return the incident that is open now; what is said depends on it."""
        incident = self._journal.ledger.open_incident(self._clock())
        return incident.id if incident is not None else ""

    def _unreadable(self, names: Collection[str]) -> dict[str, str]:
        """Return why the secrets of outlets cannot be read, by outlet."""
        found = {}
        for outlet in self._current.config.outlets:
            secret = getattr(outlet.options, "secret", None)
            if outlet.id in names and secret:
                try:
                    self._deliverer.tools.secret(secret)
                except SecretError as error:
                    found[outlet.id] = str(error)
        return found

    def _scene(self, as_of: float | None) -> Scene:
        now = self._clock() if as_of is None else as_of
        return Scene(self._current.config, self._journal.ledger, self._state_of, now, self._drill)


def edits(made: AnnouncementMade, words: Mapping[str, tuple[str, str]]) -> tuple[DeliveryEdited, ...]:
    """Return the journal entries that an operator's own `words`, by outlet, come with."""
    return tuple(
        DeliveryEdited(announcement=made.announcement, part=made.part, outlet=outlet, title=title, body=body)
        for outlet, (title, body) in words.items()
    )
