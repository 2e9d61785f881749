"""The `command` outlet: a declared command publishes, for what has no outlet of its own.

It is given one JSON document on standard input (`document`), and what its parameters are declared for as arguments.
Exit status 0 is sent: the first line of its output may be where that can be read, the second what the service calls it.
75 (EX_TEMPFAIL) is surely not sent; after any other, or none in time, it is not known. Another command may look it up
(0 there, 1 not there) and another take it back (0 taken back).
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from outagetui.core import telephone
from outagetui.core.commands import fill, names_in
from outagetui.core.model import Outlet
from outagetui.core.outlet_options import CommandOutletOptions
from outagetui.core.text import clean
from outagetui.core.words import DeliveryState
from outagetui.machine.program import GRACE, Ended, run
from outagetui.outlets import Delivered, Delivery, MaybeSentError, Tools, UnsentError
from outagetui.outlets.answers import options_of, read_back, words_of
from outagetui.outlets.sentlog import Mark, SentLog, once, recall, sent_log, settled

VERSION: Final = 1
TEMPORARY: Final = 75  # EX_TEMPFAIL of sysexits.h
KEY: Final = "OUTAGETUI_KEY"
_MARGIN: Final = 0.2  # seconds of the outlet's time for telling how it ended
Do = Literal["publish", "update", "find", "retract"]


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Run the command, which is told in its document what is placed already."""
    call = _call(options_of(outlet, CommandOutletOptions).command or "", outlet, delivery, tools)

    async def act(log: SentLog) -> Delivered:
        ended = await _run(call, outlet, delivery, tools, "update" if delivery.placed else "publish")
        if ended.status == TEMPORARY and not ended.late:
            raise UnsentError(f"{call.name} could not publish it now: {ended.words}")
        if ended.status != 0 or ended.late:
            raise MaybeSentError(f"{call.name}: {ended.words}; it may be published")
        return Delivered("sent", *_answer(ended), detail=f"{call.name}: {ended.words}")

    return await once(tools, delivery.key, act)


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Run the command that takes back, if there is one."""
    name = options_of(outlet, CommandOutletOptions).retract
    if name is None:
        return Delivered("skipped", detail="no command takes it back; set retract")
    call = _call(name, outlet, delivery, tools)
    tools.trail.written = True
    ended = await _run(call, outlet, delivery, tools, "retract")
    if ended.status == TEMPORARY and not ended.late:
        raise UnsentError(f"{name}: {ended.words}")
    if ended.status != 0 or ended.late:
        raise MaybeSentError(f"{name}: {ended.words}; it may still be there")
    return Delivered("retracted", detail=f"{name}: {ended.words}")


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look in our own record, and where that does not tell, let the command that looks up decide."""
    there = settled(recall(tools, delivery.key))
    name = options_of(outlet, CommandOutletOptions).find
    if there is None or there.state != DeliveryState.UNKNOWN or name is None:
        return there
    ended = await _run(_call(name, outlet, delivery, tools), outlet, delivery, tools, "find")
    with sent_log(tools, delivery.key) as log:
        if ended.status == 0 and not ended.late:
            url, remote_id = _answer(ended)
            log.note({"": Mark("accepted", "already there", url, remote_id)})
        elif ended.status == 1 and not ended.late:
            log.note({"": Mark("later", f"{name} did not find it")})
        else:
            return Delivered("unknown", detail=f"{name}: {ended.words}")
        return settled(log.marks)


async def seen(outlet: Outlet, delivered: Delivered, delivery: Delivery, tools: Tools) -> Delivered:
    """Read back where the command said it can be read, if it did."""
    if not delivered.url.startswith(("http://", "https://")):
        return delivered
    text = words_of(delivery)
    return await read_back(outlet, delivered, tools, delivered.url, (text.title, text.plain))


def document(outlet: Outlet, delivery: Delivery, tools: Tools, do: Do) -> bytes:
    """Return what a command is told, as one JSON object; times are epoch seconds."""
    text = words_of(delivery)
    return msgspec.json.encode(
        {
            "version": VERSION,
            "do": do,
            "business": tools.business,
            "outlet": outlet.id,
            **_given(outlet, delivery),
            "part": delivery.part,
            "text": text.plain,
            "html": text.html,
            "accounts": [{"name": name, "address": telephone.shown(address)} for name, address in delivery.accounts],
            "since": delivery.since,
            "at": delivery.at,
            "next_update": delivery.next_update,
            "placed": [
                {"part": each.part, "key": each.key, "remote_id": each.remote_id, "url": each.url}
                for each in delivery.placed
            ],
        }
    )


class _Call(Struct, frozen=True):
    name: str
    argv: list[str]
    env: dict[str, str]
    directory: str


def _call(name: str, outlet: Outlet, delivery: Delivery, tools: Tools) -> _Call:
    """Return what to run. Raises UnsentError and SecretError for what cannot be."""
    command = tools.commands.get(name)
    if command is None:
        raise UnsentError(f"there is no command {clean(name, 40)}")
    known = {**_given(outlet, delivery), **options_of(outlet, CommandOutletOptions).args}
    try:
        argv = fill(command, {each: known[each] for each in names_in(command.argv) if each in known})
    except ValueError as error:
        raise UnsentError(f"{name}: {clean(error)}") from error
    secrets = {variable: tools.secret(reference) for variable, reference in command.secret_env.items()}
    return _Call(name, argv, {**command.env, **secrets, KEY: delivery.key}, command.directory)


async def _run(call: _Call, outlet: Outlet, delivery: Delivery, tools: Tools, do: Do) -> Ended:
    left = outlet.timeout - min(_MARGIN, outlet.timeout / 10)
    grace = min(GRACE, left / 5)
    try:
        return await run(
            call.argv,
            env=call.env,
            directory=call.directory,
            seconds=left - grace,
            hide=tools.hide,
            grace=grace,
            stdin=document(outlet, delivery, tools, do),
            apart=True,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnsentError(f"{call.argv[0]} cannot be run: {clean(reason)}") from error


def _given(outlet: Outlet, delivery: Delivery) -> Mapping[str, str]:
    """Return the values of `values.GIVEN`."""
    given: dict[str, Any] = {
        "announcement": delivery.announcement,
        "part": delivery.part,
        "key": delivery.key,
        "kind": delivery.kind,
        "audience": delivery.audience,
        "language": delivery.language,
        "title": words_of(delivery).title,
        "url": outlet.url,
    }
    return {name: str(value) for name, value in given.items()}


def _answer(ended: Ended) -> tuple[str, str]:
    """Return where it can be read, and what the service calls it."""
    lines = [clean(line, 300).strip() for line in (*ended.output.split("\n")[:2], "", "")]
    is_web = lines[0].startswith(("http://", "https://")) and " " not in lines[0]
    return (lines[0] if is_web else ""), lines[1]
