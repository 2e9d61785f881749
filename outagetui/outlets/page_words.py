"""The words of the public page and the list of official accounts by language, and what each kind means there. Pure."""

import re

from msgspec import Struct

from outagetui.core.times import base


class Meaning(Struct, frozen=True):
    """What a kind says on the page. `tone` is trouble, repair, clear, drill or notice and picks the colours.

    `indicator` and `status` are the words of Statuspage's documents for a page and an incident.
    """

    tone: str
    indicator: str
    status: str


MEANINGS = {
    "investigating": Meaning("trouble", "minor", "investigating"),
    "identified": Meaning("trouble", "major", "identified"),
    "backup-active": Meaning("trouble", "major", "identified"),
    "recovering": Meaning("repair", "minor", "monitoring"),
    "resolved": Meaning("clear", "none", "resolved"),
    "false-alarm": Meaning("clear", "none", "resolved"),
    "drill": Meaning("drill", "none", "investigating"),
    "withdrawn": Meaning("notice", "none", "resolved"),
}
OTHER = Meaning("notice", "minor", "investigating")


class Words(Struct, frozen=True, kw_only=True):
    """The fixed words of one language; `headlines` and `labels` go by kind, with `other` for kinds of one's own.

    Those of the list of official accounts begin with `list_`.
    """

    site: str
    skip: str
    quiet: str
    quiet_more: str
    headlines: dict[str, str]
    labels: dict[str, str]
    since: str
    until: str
    withdrawn: str
    withdrawn_more: str
    details: str
    following: str
    reach: str
    reach_more: str
    reach_drill: str
    actions: dict[str, str]  # by the scheme of an address
    earlier: str
    also: str
    past: str
    feed: str
    data: str
    zone: str
    component: str
    official: str
    official_more: str
    more: str
    list_lead: str
    list_warning: str
    list_reach: str
    list_nothing: str
    list_date: str
    list_check: str
    list_check_more: str
    list_fingerprint: str
    list_command: str
    list_signers: str
    list_text: str
    list_data: str
    list_signature: str


_EN = Words(
    site="Status and notices",
    skip="Skip to the notice",
    quiet="No current notices",
    quiet_more="No notice is in force. If one of our channels fails, you will find here how to reach us.",
    headlines={
        "investigating": "We are looking into a problem",
        "identified": "There is a disruption",
        "backup-active": "Disruption: backup channels are open",
        "recovering": "The disruption is easing",
        "resolved": "All clear",
        "false-alarm": "All clear",
        "drill": "This is only a drill",
        "withdrawn": "Notice withdrawn",
        "other": "Please note",
    },
    labels={
        "investigating": "Investigating",
        "identified": "Identified",
        "backup-active": "Backup active",
        "update": "Update",
        "recovering": "Recovering",
        "resolved": "Resolved",
        "false-alarm": "False alarm",
        "drill": "Drill",
        "withdrawn": "Withdrawn",
        "other": "Notice",
    },
    since="Since",
    until="All-clear given",
    withdrawn="Withdrawn",
    withdrawn_more="We have taken this notice back. Please disregard what it said.",
    details="Details",
    following="Next update by",
    reach="How to reach us now",
    reach_more="We have opened these channels for the time of the disruption.",
    reach_drill="In a real disruption you would reach us here",
    actions={
        "tel": "Telephone",
        "sip": "Internet telephone",
        "sips": "Internet telephone",
        "mailto": "E-mail",
        "xmpp": "Jabber (XMPP)",
        "irc": "Chat (IRC)",
        "ircs": "Chat (IRC)",
        "matrix": "Matrix",
        "http": "Web",
        "https": "Web",
    },
    earlier="Earlier in this notice",
    also="Also open",
    past="Past notices",
    feed="Follow by feed (Atom)",
    data="Status for programs (JSON)",
    zone="Times are in",
    component="Contact channels",
    official="Our official accounts",
    official_more="Beware of impostors: while a channel fails, others may write in our name. "
    "Beside our usual channels, only the accounts on this list are ours:",
    more="Details and updates",
    list_lead="If one of our usual channels fails, this is where you reach us. The list stands here ahead of time, so "
    "that you can tell us from impostors.",
    list_warning="Whoever writes to you in our name from an account that is neither a usual channel of ours nor on "
    "this list is not us. Follow no link, hand over no data, and ask us through one of these accounts.",
    list_reach="How to reach us when a channel fails",
    list_nothing="We have named no such account yet.",
    list_date="As of",
    list_check="How to check this list",
    list_check_more="The file accounts.txt is signed with our key. Keep the key now, not during an outage: whoever can "
    "forge this page can forge the key that stands on it. Compare its fingerprint with one that you have from us by "
    "another way.",
    list_fingerprint="Fingerprint",
    list_command="With accounts.txt, accounts.txt.sig and accounts.signers in one directory (OpenSSH 8.1 or later)",
    list_signers="What accounts.signers holds",
    list_text="List as text",
    list_data="List for programs (JSON)",
    list_signature="Signature",
)
_DE = Words(
    site="Status und Meldungen",
    skip="Zur Meldung springen",
    quiet="Keine aktuellen Meldungen",
    quiet_more="Zurzeit gilt keine Meldung. Fällt einer unserer Kanäle aus, steht hier, wie Sie uns erreichen.",
    headlines={
        "investigating": "Wir untersuchen eine Störung",
        "identified": "Es gibt eine Störung",
        "backup-active": "Störung: Ersatzkanäle sind offen",
        "recovering": "Die Störung lässt nach",
        "resolved": "Entwarnung",
        "false-alarm": "Entwarnung",
        "drill": "Dies ist nur eine Übung",
        "withdrawn": "Meldung zurückgezogen",
        "other": "Bitte beachten",
    },
    labels={
        "investigating": "Wird untersucht",
        "identified": "Ursache bekannt",
        "backup-active": "Ersatz aktiv",
        "update": "Neuer Stand",
        "recovering": "Besserung",
        "resolved": "Behoben",
        "false-alarm": "Fehlalarm",
        "drill": "Übung",
        "withdrawn": "Zurückgezogen",
        "other": "Hinweis",
    },
    since="Seit",
    until="Entwarnung gegeben",
    withdrawn="Zurückgezogen",
    withdrawn_more="Wir haben diese Meldung zurückgezogen. Bitte beachten Sie nicht mehr, was darin stand.",
    details="Einzelheiten",
    following="Nächste Meldung bis",
    reach="So erreichen Sie uns jetzt",
    reach_more="Diese Kanäle haben wir für die Zeit der Störung geöffnet.",
    reach_drill="Bei einer echten Störung erreichen Sie uns hier",
    actions={
        "tel": "Telefon",
        "sip": "Internettelefon",
        "sips": "Internettelefon",
        "mailto": "E-Mail",
        "xmpp": "Jabber (XMPP)",
        "irc": "Chat (IRC)",
        "ircs": "Chat (IRC)",
        "matrix": "Matrix",
        "http": "Web",
        "https": "Web",
    },
    earlier="Früher in dieser Meldung",
    also="Ebenfalls offen",
    past="Vergangene Meldungen",
    feed="Per Feed folgen (Atom)",
    data="Status für Programme (JSON)",
    zone="Zeiten gelten für",
    component="Kontaktwege",
    official="Unsere offiziellen Konten",
    official_more="Vorsicht vor Betrug: Fällt ein Kanal aus, schreiben womöglich andere in unserem Namen. "
    "Neben unseren gewohnten Kanälen gehören nur die Konten dieser Liste zu uns:",
    more="Einzelheiten und neuer Stand",
    list_lead="Fällt einer unserer gewohnten Kanäle aus, erreichen Sie uns hier. Die Liste steht schon vorher da, "
    "damit Sie uns von Betrügern unterscheiden können.",
    list_warning="Wer Ihnen in unserem Namen von einem Konto schreibt, das weder einer unserer gewohnten Kanäle ist "
    "noch auf dieser Liste steht, gehört nicht zu uns. Folgen Sie keinem Link, geben Sie keine Daten heraus und fragen "
    "Sie über eines dieser Konten bei uns nach.",
    list_reach="So erreichen Sie uns, wenn ein Kanal ausfällt",
    list_nothing="Noch haben wir kein solches Konto genannt.",
    list_date="Stand",
    list_check="So prüfen Sie diese Liste",
    list_check_more="Die Datei accounts.txt ist mit unserem Schlüssel signiert. Heben Sie den Schlüssel jetzt auf, "
    "nicht erst während einer Störung: Wer diese Seite fälschen kann, kann auch den Schlüssel darauf fälschen. "
    "Vergleichen Sie seinen Fingerabdruck mit dem, den Sie auf anderem Weg von uns haben.",
    list_fingerprint="Fingerabdruck",
    list_command="Mit accounts.txt, accounts.txt.sig und accounts.signers in einem Verzeichnis (ab OpenSSH 8.1)",
    list_signers="Was in accounts.signers steht",
    list_text="Liste als Text",
    list_data="Liste für Programme (JSON)",
    list_signature="Signatur",
)
_TABLE = {"en": _EN, "de": _DE}
_NAMES = {
    "cs": "Čeština",
    "da": "Dansk",
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "it": "Italiano",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
    "sv": "Svenska",
    "tr": "Türkçe",
}


def words(language: str) -> Words:
    """Return the words for a language tag; English where there are none."""
    return _TABLE.get(base(language), _EN)


def language_of(language: str) -> str:
    """Return the language tag in which `words` speaks: the `lang` of the page's own words."""
    return base(language) if base(language) in _TABLE else "en"


def name_of(language: str) -> str:
    """Return what a language calls itself; its tag where that is not known here."""
    return _NAMES.get(base(language), language)


def tag_of(language: str) -> str:
    """Return a language as documents may carry it: `en` for what is no tag at all."""
    return language if re.fullmatch("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}", language) else "en"
