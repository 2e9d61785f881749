"""What was told to whom and when, and what the runs asked and were answered; pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from outagetui.core.announcement_kinds import CLOSING_KINDS
from outagetui.core.model import Entry
from outagetui.core.text import clean, clean_lines
from outagetui.core.words import Deed, DeliveryState
from outagetui.facts import events
from outagetui.report.values import Announced, Delivered, Gap, Part, Question, Reply, Wording, when

GAP_SECONDS = 1800.0
BODY = 8000
NOTE = 2000
_Made = tuple[float, events.AnnouncementMade]


def announcements_and_gaps(
    entries: Iterable[Entry], mine: Sequence[Entry], outlets: Mapping[str, str], begin: float, end: float
) -> tuple[tuple[Announced, ...], tuple[Gap, ...]]:
    """Return the announcements with the parts that were made in the incident, and where they were silent for long.

    `entries` is the journal up to the end: an announcement may have begun before. `outlets` maps ids to names.
    """
    parts: dict[str, list[_Made]] = {}
    taken: dict[str, float] = {}  # when announcements were taken back
    for entry in entries:
        event = events.decode(entry.kind, entry.document)
        if isinstance(event, events.AnnouncementRetracted):
            taken[event.announcement] = entry.at
        if isinstance(event, events.AnnouncementMade) and event.texts:
            parts.setdefault(event.announcement, []).append((entry.at, event))
    became: dict[tuple[str, int, str], tuple[float, events.DeliveryEnded]] = {}
    inside: set[tuple[str, int]] = set()
    for entry in mine:
        event = events.decode(entry.kind, entry.document)
        if isinstance(event, events.DeliveryEnded) and (
            event.do != Deed.RETRACT or event.state == DeliveryState.RETRACTED
        ):
            became[event.announcement, event.part, event.outlet] = entry.at, event
        elif isinstance(event, events.AnnouncementMade):
            inside.add((event.announcement, event.part))
    found: list[Announced] = []
    gaps: list[Gap] = []
    for name, made in parts.items():
        stood = made[-1][1].kind not in CLOSING_KINDS and name not in taken
        silent = list(_silences(made, begin, min(end, taken.get(name, end))))
        mine_of = [each for each in made if (name, each[1].part) in inside]
        if not mine_of and not (stood and made[0][0] < begin):
            continue
        gaps += [gap for gap in silent if gap.seconds > GAP_SECONDS]
        found.append(
            Announced(
                announcement=clean(name, 40),
                audience=clean(made[0][1].audience, 40),
                open=stood,
                longest_gap_s=max((gap.seconds for gap in silent), default=0.0),
                parts=tuple(_part(at, event, became, outlets) for at, event in mine_of),
            )
        )
    return tuple(found), tuple(sorted(gaps, key=lambda gap: gap.begin))


def _silences(made: Sequence[_Made], begin: float, end: float) -> Iterable[Gap]:
    """Give the time from each part that left the announcement open to the next one, or to the end."""
    ends = [at for at, _ in made[1:]] + [end]
    for (at, event), until in zip(made, ends, strict=True):
        if event.kind not in CLOSING_KINDS and until > begin:
            yield Gap(
                announcement=clean(event.announcement, 40),
                audience=clean(event.audience, 40),
                begin=when(at),
                end=when(until),
                seconds=round(max(0.0, until - at), 1),
                promised=_moment(event.next_update),
            )


def _moment(at: float | None) -> datetime | None:
    try:
        return None if at is None else when(at)
    except ValueError:
        return None


def _part(
    at: float,
    event: events.AnnouncementMade,
    became: Mapping[tuple[str, int, str], tuple[float, events.DeliveryEnded]],
    outlets: Mapping[str, str],
) -> Part:
    return Part(
        part=event.part,
        kind=clean(event.kind, 40),
        at=when(at),
        next_update=_moment(event.next_update),
        texts=tuple(
            Wording(language=clean(language, 20), title=clean(title), body=clean_lines(body, BODY).strip("\n"))
            for language, (title, body) in event.texts.items()
        ),
        outlets=tuple(
            _delivered(name, outlets, became.get((event.announcement, event.part, name))) for name in event.outlets
        ),
    )


def _delivered(outlet: str, outlets: Mapping[str, str], ended: tuple[float, events.DeliveryEnded] | None) -> Delivered:
    at, event = ended if ended is not None else (None, None)
    return Delivered(
        outlet=clean(outlet, 80),
        name=clean(outlets.get(outlet, outlet), 80),
        state=clean(event.state, 40) if event is not None else DeliveryState.PLANNED,
        at=_moment(at),
        url=clean(event.url, 500) if event is not None else "",
        detail=clean(event.detail) if event is not None else "",
    )


def asked(entries: Iterable[Entry], mine: Iterable[Entry]) -> tuple[Question, ...]:
    """Return what was asked in the incident, with the replies. `entries` is the journal up to the end."""
    names: dict[str, str] = {}
    for entry in entries:
        event = events.decode(entry.kind, entry.document)
        if isinstance(event, events.RunStarted):
            names[event.run] = event.name
    questions: list[tuple[float, events.StepAsked, list[tuple[float, events.StepAnswered]]]] = []
    newest: dict[tuple[str, str, int], int] = {}
    for entry in mine:
        match events.decode(entry.kind, entry.document):
            case events.StepAsked() as event:
                key = event.run, event.step, event.attempt
                again = key in newest and not questions[newest[key]][2]  # a daemon that started anew asks once more
                if not again or questions[newest[key]][1].why != event.why:
                    newest[key] = len(questions)
                    questions.append((entry.at, event, []))
            case events.StepAnswered() as reply if (key := (reply.run, reply.step, reply.attempt)) in newest:
                questions[newest[key]][2].append((entry.at, reply))
            case _:
                pass
    return tuple(
        Question(
            run=clean(event.run, 40),
            playbook=clean(names.get(event.run, ""), 120),
            step=clean(event.step, 80),
            why=clean(event.why, 40),
            asked=when(at),
            question=clean(event.question, 500),
            replies=tuple(
                Reply(at=when(each), answer=clean(reply.answer, 80), note=clean_lines(reply.note, NOTE))
                for each, reply in replies
            ),
            waited_s=round(replies[0][0] - at, 1) if replies else None,
        )
        for at, event, replies in questions
    )
