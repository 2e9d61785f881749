"""The shipped announcements word by word: what people read in an outage must not change by accident."""

from pathlib import Path

import pytest
from outagetui.wording.compose import Account, Facts, compose, read_template

WORDS = Path(__file__).parents[2] / "playbooks" / "announcements"
KINDS = ("investigating", "identified", "backup-active", "update", "recovering", "resolved", "false-alarm", "drill")
SINCE = 1795352520.0  # 2026-11-22 13:02 UTC


def facts(kind: str, *, bare: bool = False) -> Facts:
    """Return all there is to say, or only what there always is."""
    return Facts(
        business="Example Hosting",
        audience="customers",
        kind=kind,
        since=SINCE,
        now=SINCE + 600,
        timezone="Europe/Berlin",
        failed=() if bare else ("Public messenger",),
        accounts=()
        if bare
        else (Account("phone", "Telephone", "tel:+4930901820"), Account("s", "Signal", "example.42")),
        page="" if bare else "https://status.example.net/",
        next_update=None if bare else SINCE + 2400,
    )


def said(kind: str, language: str, *, bare: bool = False) -> str:
    template = read_template(kind, language, (WORDS / f"{kind}.{language}.txt").read_text(encoding="utf-8"))
    text = compose(template, facts(kind, bare=bare))
    return f"{text.title}\n\n{text.body}"


GOLDEN = {
    ("investigating", "en"): """
We are looking into a problem with Public messenger

Since 22 November 2026, 14:02 CET (2026-11-22 13:02 UTC) there has been a problem with Public messenger.
This affects everybody who writes or calls there: messages and calls may not get through.
We are finding out how far it goes. We cannot say yet how long it will last.

Please use these instead:
- Telephone: tel:+4930901820
- Signal: example.42

Next update: 14:42 CET, sooner if something changes.
The current state and our official accounts are always at https://status.example.net/

Example Hosting
""",
    ("investigating", "de"): """
Wir untersuchen eine Störung bei Public messenger

Seit dem 22. November 2026, 14:02 Uhr MEZ (2026-11-22 13:02 UTC) gibt es eine Störung bei Public messenger.
Betroffen ist, wer dort schreibt oder anruft: Nachrichten und Anrufe kommen möglicherweise nicht an.
Wir klären, wie weit sie reicht. Wie lange sie dauert, können wir noch nicht sagen.

Bitte nutzen Sie stattdessen:
- Telephone: tel:+4930901820
- Signal: example.42

Nächste Meldung: 14:42 Uhr MEZ, früher, wenn sich etwas ändert.
Den aktuellen Stand und unsere offiziellen Konten finden Sie immer auf https://status.example.net/

Example Hosting
""",
    ("identified", "en"): """
Disruption of Public messenger: the cause is known

Since 22 November 2026, 14:02 CET (2026-11-22 13:02 UTC) there has been a disruption of Public messenger.
This affects everybody who writes or calls there: messages and calls may not get through.
We know the cause. We cannot say yet when it will be over.

Please use these instead:
- Telephone: tel:+4930901820
- Signal: example.42

Next update: 14:42 CET, sooner if something changes.
The current state and our official accounts are always at https://status.example.net/

Example Hosting
""",
    ("identified", "de"): """
Störung bei Public messenger: Ursache bekannt

Seit dem 22. November 2026, 14:02 Uhr MEZ (2026-11-22 13:02 UTC) gibt es eine Störung bei Public messenger.
Betroffen ist, wer dort schreibt oder anruft: Nachrichten und Anrufe kommen möglicherweise nicht an.
Die Ursache ist bekannt. Wann die Störung vorbei ist, können wir noch nicht sagen.

Bitte nutzen Sie stattdessen:
- Telephone: tel:+4930901820
- Signal: example.42

Nächste Meldung: 14:42 Uhr MEZ, früher, wenn sich etwas ändert.
Den aktuellen Stand und unsere offiziellen Konten finden Sie immer auf https://status.example.net/

Example Hosting
""",
    ("backup-active", "en"): """
Disruption of Public messenger: our backup channels are open

Since 22 November 2026, 14:02 CET (2026-11-22 13:02 UTC) there has been a disruption of Public messenger.
This affects everybody who writes or calls there: messages and calls may not get through.
We cannot say yet when it will be over, so we have opened our backup channels.

Please use these until we give the all-clear:
- Telephone: tel:+4930901820
- Signal: example.42

Next update: 14:42 CET, sooner if something changes.
The current state and our official accounts are always at https://status.example.net/

Example Hosting
""",
    ("backup-active", "de"): """
Störung bei Public messenger: Ersatzkanäle sind offen

Seit dem 22. November 2026, 14:02 Uhr MEZ (2026-11-22 13:02 UTC) gibt es eine Störung bei Public messenger.
Betroffen ist, wer dort schreibt oder anruft: Nachrichten und Anrufe kommen möglicherweise nicht an.
Wann die Störung vorbei ist, können wir noch nicht sagen. Deshalb haben wir unsere Ersatzkanäle geöffnet.

Bitte nutzen Sie bis zur Entwarnung:
- Telephone: tel:+4930901820
- Signal: example.42

Nächste Meldung: 14:42 Uhr MEZ, früher, wenn sich etwas ändert.
Den aktuellen Stand und unsere offiziellen Konten finden Sie immer auf https://status.example.net/

Example Hosting
""",
    ("update", "en"): """
Update: the disruption of Public messenger continues

The disruption of Public messenger that began on 22 November 2026, 14:02 CET (2026-11-22 13:02 UTC) continues.
This affects everybody who writes or calls there: messages and calls may not get through.
We cannot say yet when it will be over.

Please keep using these:
- Telephone: tel:+4930901820
- Signal: example.42

Next update: 14:42 CET, sooner if something changes.
The current state and our official accounts are always at https://status.example.net/

Example Hosting
""",
    ("update", "de"): """
Neuer Stand: Die Störung bei Public messenger dauert an

Die Störung bei Public messenger, Beginn am 22. November 2026, 14:02 Uhr MEZ (2026-11-22 13:02 UTC), dauert an.
Betroffen ist, wer dort schreibt oder anruft: Nachrichten und Anrufe kommen möglicherweise nicht an.
Wann die Störung vorbei ist, können wir noch nicht sagen.

Bitte nutzen Sie weiterhin:
- Telephone: tel:+4930901820
- Signal: example.42

Nächste Meldung: 14:42 Uhr MEZ, früher, wenn sich etwas ändert.
Den aktuellen Stand und unsere offiziellen Konten finden Sie immer auf https://status.example.net/

Example Hosting
""",
    ("recovering", "en"): """
Recovering: first good signs from Public messenger

Since 22 November 2026, 14:02 CET (2026-11-22 13:02 UTC) there has been a disruption of Public messenger.
Messages and calls are now getting through again, but not yet reliably.
We go on watching and will say so when it is over.

Until then please keep using these:
- Telephone: tel:+4930901820
- Signal: example.42

Next update: 14:42 CET, sooner if something changes.
The current state and our official accounts are always at https://status.example.net/

Example Hosting
""",
    ("recovering", "de"): """
Besserung: erste gute Zeichen bei Public messenger

Seit dem 22. November 2026, 14:02 Uhr MEZ (2026-11-22 13:02 UTC) gibt es eine Störung bei Public messenger.
Nachrichten und Anrufe kommen wieder an, aber noch nicht zuverlässig.
Wir beobachten weiter und melden, wenn die Störung vorbei ist.

Bitte nutzen Sie bis dahin weiterhin:
- Telephone: tel:+4930901820
- Signal: example.42

Nächste Meldung: 14:42 Uhr MEZ, früher, wenn sich etwas ändert.
Den aktuellen Stand und unsere offiziellen Konten finden Sie immer auf https://status.example.net/

Example Hosting
""",
    ("resolved", "en"): """
All clear: the disruption of Public messenger is over

The disruption of Public messenger that began on 22 November 2026, 14:02 CET (2026-11-22 13:02 UTC) is over.
Please use the usual channels again.
If something you sent in that time has not been answered, please send it once more.

This notice stays at https://status.example.net/

Example Hosting
""",
    ("resolved", "de"): """
Entwarnung: Die Störung bei Public messenger ist vorbei

Die Störung bei Public messenger, Beginn am 22. November 2026, 14:02 Uhr MEZ (2026-11-22 13:02 UTC), ist vorbei.
Bitte nutzen Sie wieder die gewohnten Wege.
Falls etwas, das Sie in dieser Zeit geschickt haben, unbeantwortet blieb, schicken Sie es bitte noch einmal.

Diese Meldung bleibt auf https://status.example.net/ stehen.

Example Hosting
""",
    ("false-alarm", "en"): """
False alarm: no disruption of Public messenger

We reported a problem with Public messenger since 22 November 2026, 14:02 CET (2026-11-22 13:02 UTC).
That was a false alarm: the usual channels work, please go on using them.
We are sorry for the disturbance.

This notice stays at https://status.example.net/

Example Hosting
""",
    ("false-alarm", "de"): """
Fehlalarm: keine Störung bei Public messenger

Wir hatten eine Störung bei Public messenger seit dem 22. November 2026, 14:02 Uhr MEZ (2026-11-22 13:02 UTC) gemeldet.
Das war ein Fehlalarm: Die gewohnten Wege funktionieren, bitte nutzen Sie sie weiter.
Wir bitten um Entschuldigung.

Diese Meldung bleibt auf https://status.example.net/ stehen.

Example Hosting
""",
    ("drill", "en"): """
Drill: this is an exercise, nothing has failed

We are practising for a disruption of Public messenger, since 22 November 2026, 14:02 CET (2026-11-22 13:02 UTC).
Everything works as usual and you need not do anything.

In a real disruption you would reach us here:
- Telephone: tel:+4930901820
- Signal: example.42

Next update: 14:42 CET
In a real disruption the current state would be at https://status.example.net/

Example Hosting
""",
    ("drill", "de"): """
Übung: Dies ist eine Probe, nichts ist ausgefallen

Wir proben seit dem 22. November 2026, 14:02 Uhr MEZ (2026-11-22 13:02 UTC) den Fall einer Störung bei Public messenger.
Alles funktioniert wie gewohnt, Sie müssen nichts tun.

Bei einer echten Störung erreichen Sie uns hier:
- Telephone: tel:+4930901820
- Signal: example.42

Nächste Meldung: 14:42 Uhr MEZ
Der aktuelle Stand stünde dann auf https://status.example.net/

Example Hosting
""",
}


@pytest.mark.parametrize(("kind", "language"), GOLDEN)
def test_an_announcement_says_exactly_this(kind: str, language: str) -> None:
    assert said(kind, language) == GOLDEN[kind, language].strip()


@pytest.mark.parametrize(("kind", "language"), GOLDEN)
def test_an_announcement_reads_well_with_nothing_but_a_beginning(kind: str, language: str) -> None:
    text = said(kind, language, bare=True)
    assert not [line for line in text.splitlines() if line.endswith((":", "at", "auf"))]
    assert "  " not in text
    assert text.endswith("\n\nExample Hosting")


def test_every_kind_has_words_in_both_languages_and_nothing_else_is_shipped() -> None:
    assert set(GOLDEN) == {(kind, language) for kind in KINDS for language in ("en", "de")}
    assert {path.name for path in WORDS.glob("*")} == {f"{kind}.{language}.txt" for kind, language in GOLDEN}


@pytest.mark.parametrize(("kind", "language"), GOLDEN)
def test_an_announcement_is_short_and_promises_no_repair_time(kind: str, language: str) -> None:
    text = said(kind, language)
    assert len(text) < 900
    assert "2026-11-22 13:02 UTC" in text
    for promise in ("soon", "shortly", "in kürze", "bald ", "expected", "voraussichtlich", "will be fixed"):
        assert promise not in text.lower().replace("sooner", "")
