"""The fixed words of the list of official accounts, by language. Pure."""

from msgspec import Struct

from outagetui.core.times import base


class Words(Struct, frozen=True, kw_only=True):
    """The words of one language."""

    title: str
    lead: str
    warning: str
    reach: str
    nothing: str
    as_of: str
    check: str
    check_more: str
    fingerprint: str
    command: str
    signers: str
    page: str
    text: str
    data: str
    signature: str


_EN = Words(
    title="Our official accounts",
    lead="If one of our usual channels fails, this is where you reach us. The list stands here ahead of time, so that "
    "you can tell us from impostors.",
    warning="Whoever writes to you in our name from an account that is neither a usual channel of ours nor on this "
    "list is not us. Follow no link, hand over no data, and ask us through one of these accounts.",
    reach="How to reach us when a channel fails",
    nothing="We have named no such account yet.",
    as_of="As of",
    check="How to check this list",
    check_more="The file accounts.txt is signed with our key. Keep the key now, not during an outage: whoever can "
    "forge this page can forge the key that stands on it. Compare its fingerprint with one that you have from us by "
    "another way.",
    fingerprint="Fingerprint",
    command="With accounts.txt, accounts.txt.sig and accounts.signers in one directory (OpenSSH 8.1 or later)",
    signers="What accounts.signers holds",
    page="Status and notices",
    text="List as text",
    data="List for programs (JSON)",
    signature="Signature",
)
_DE = Words(
    title="Unsere offiziellen Konten",
    lead="Fällt einer unserer gewohnten Kanäle aus, erreichen Sie uns hier. Die Liste steht schon vorher da, damit "
    "Sie uns von Betrügern unterscheiden können.",
    warning="Wer Ihnen in unserem Namen von einem Konto schreibt, das weder einer unserer gewohnten Kanäle ist noch "
    "auf dieser Liste steht, gehört nicht zu uns. Folgen Sie keinem Link, geben Sie keine Daten heraus und fragen Sie "
    "über eines dieser Konten bei uns nach.",
    reach="So erreichen Sie uns, wenn ein Kanal ausfällt",
    nothing="Noch haben wir kein solches Konto genannt.",
    as_of="Stand",
    check="So prüfen Sie diese Liste",
    check_more="Die Datei accounts.txt ist mit unserem Schlüssel signiert. Heben Sie den Schlüssel jetzt auf, nicht "
    "erst während einer Störung: Wer diese Seite fälschen kann, kann auch den Schlüssel darauf fälschen. Vergleichen "
    "Sie seinen Fingerabdruck mit dem, den Sie auf anderem Weg von uns haben.",
    fingerprint="Fingerabdruck",
    command="Mit accounts.txt, accounts.txt.sig und accounts.signers in einem Verzeichnis (ab OpenSSH 8.1)",
    signers="Was in accounts.signers steht",
    page="Status und Meldungen",
    text="Liste als Text",
    data="Liste für Programme (JSON)",
    signature="Signatur",
)
_TABLE = {"en": _EN, "de": _DE}


def words(language: str) -> Words:
    """Return the words for a language tag; English where there are none."""
    return _TABLE.get(base(language), _EN)
