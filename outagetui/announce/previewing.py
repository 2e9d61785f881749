"""An announcement as each outlet would be sent it, and what to know before; from the code that also sends. No I/O."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from outagetui.announce.deliveries import delivery_for
from outagetui.announce.draft import AnnounceError, Scene
from outagetui.announce.effect import effect
from outagetui.announce.warnings import Known, warnings_of
from outagetui.core.copies import copied
from outagetui.core.text import clean
from outagetui.facts.announcement import Announcement
from outagetui.facts.events import AnnouncementMade, DeliveryEdited
from outagetui.facts.reach import Share
from outagetui.wording.compose import account_line
from outagetui.wording.counting import price
from outagetui.wording.delivery import Fitted
from outagetui.wording.fit import sent_text
from outagetui.wording.preview import Proof, Rendering


class Knowledge(Struct, frozen=True, kw_only=True):
    """What a proof is made with beside the scene: see `warnings.Known`; `shares` tells how much of each channel works.

    `incident` is the one that is open now.
    """

    shares: Mapping[str, Share] = {}
    hosts: Mapping[str, Collection[str]] = {}
    unreadable: Mapping[str, str] = {}
    incident: str = ""


def proof(
    scene: Scene,
    event: AnnouncementMade,
    edits: Sequence[DeliveryEdited],
    down: Callable[[str], str],
    knowledge: Knowledge,
) -> Proof:
    """Return the proof of a part that was drafted, journaled or not."""
    config, known = scene.config, scene.ledger.announcements.get(event.announcement)
    before = known if known is not None else Announcement(event.announcement)
    earlier = [each for each in before.parts if each[2].part != event.part]
    made = replace(before, parts=[*earlier, (scene.now, "", event)], deliveries={**before.deliveries})
    for edit in edits:
        made.edit(edit)
    fitted: dict[str, Fitted] = {}
    rows = []
    for outlet in filter(None, map(config.outlet, event.outlets)):
        try:
            delivery = delivery_for(config, scene.ledger, made, event, outlet.id)
        except ValueError as error:
            raise AnnounceError(f"{outlet.id}: {error}") from error
        assert delivery.text is not None
        text = fitted[outlet.id] = delivery.text
        rows.append(
            copied(
                Rendering,
                text,
                id=outlet.id,
                name=outlet.name,
                kind=outlet.kind,
                language=delivery.language,
                title=delivery.title,
                body=delivery.body,
                text=sent_text(outlet.kind, text),
                cost=price(outlet.kind, text.text),
                update=bool(delivery.placed),
            )
        )
    backups = [each for each in config.channels if each.is_backup and each.audience == event.audience]
    backups.sort(key=lambda each: each.id in scene.ledger.active)  # of two that look alike, the active one is named
    called = {(channel.name, channel.address): channel.id for channel in backups}
    named = [called[account] for account in event.accounts]
    return copied(
        Proof,
        event,
        outlets=tuple(rows),
        effect=effect(
            named,
            event.audience,  # type: ignore[arg-type]
            config.channels,
            config.segments,
            knowledge.shares,
            event.dead,
        ),
        warnings=warnings_of(
            config,
            event,
            fitted,
            Known(
                state_of=scene.state_of,
                down=down,
                hosts=knowledge.hosts,
                unreadable=knowledge.unreadable,
                supposed=any(channel not in scene.ledger.active for channel in named),
                broken=scene.ledger.broken(),
            ),
        ),
        shown=f"{scene.now!r} {_digest(event, rows, knowledge.incident)}",
    )


def reading(rows: Sequence[Rendering], event: AnnouncementMade) -> str:
    """Return what a person reads before a yes: the accounts, what must not be used any more, and each text once.

    A text stands under the outlets it goes to.
    """
    named = "\n".join(account_line(*account) for account in event.accounts)
    blocks = [f"Names these accounts:\n{named}" if named else "Names no account."]
    if corrections := event.corrected(next(iter(event.texts), "")):
        blocks.append("\n".join(("Takes these back:", *corrections)))
    same: dict[tuple[str, str], list[Rendering]] = {}
    for row in rows:
        same.setdefault((row.language, row.text), []).append(row)
    for (language, text), together in same.items():
        size = f", {together[0].count} of {together[0].limit} characters" if together[0].limit else ""
        names = ", ".join(clean(row.name, 60) for row in together)
        blocks.append(f"To {names} ({language}{size}):\n\n{text}")
    return "\n\n".join(blocks)


def _digest(event: AnnouncementMade, rows: Sequence[Rendering], incident: str) -> str:
    said = sorted((row.id, row.text, row.names) for row in rows)
    about = event.announcement if event.part else "", event.part, event.kind, event.audience, incident
    return hashlib.sha256(msgspec.json.encode([about, said])).hexdigest()[:24]
