"""`irc`: sign on with NICK and USER, until the server's welcome (001), and time a PING of our own (RFC 2812).

Codes: `irc.error` (the server's ERROR), `irc.not-authorized` (464, or an ERROR that lets us not in), `irc.banned` (463,
465, 466, or an ERROR that says so), `irc.closed`, `irc.protocol`, and those of TLS; unknown `irc.auth-missing` (only
SASL lets in, which we do not speak) and `irc.throttled` (we come too often). A nick that is taken is tried with another
ending; a server that finds all of them taken is alive and warns, as `irc.nick-in-use`: nobody else has names of our
making.
"""

import secrets
import string

from outagetui.core.hosts import is_loopback
from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import IrcOptions
from outagetui.core.text import clean, in_quotes
from outagetui.net.connect import dial, target
from outagetui.net.farewell import goodbye
from outagetui.net.secure import secure
from outagetui.net.trouble import Phases, Trouble, fail, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.irc_connection import IrcConnection, Message, refusal
from outagetui.protocols.throttling import is_throttled, throttled

PORT, TLS_PORT = 6667, 6697
TRIES = 3  # nicks
SHORT = 9  # the length of a nick that every server takes (RFC 2812 section 1.2.1)
_ENDING = 3
_REFUSALS = {"464": "irc.not-authorized"} | dict.fromkeys(("463", "465", "466"), "irc.banned")
_TAKEN = ("433", "436", "437")
_UNFIT = ("432", "468")  # the nick, or the user name made of it
_BOUNCE = "010"
_ACCOUNT = "ACCOUNT_REQUIRED_TO_CONNECT"  # a standard reply of IRCv3


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Look once at the server of `check`."""
    options = check.own(IrcOptions)
    tls = check.target.lower().startswith("ircs:")
    host, port = target(check.target, TLS_PORT if tls else PORT)
    password = vantage.secrets.read(options.secret) if options.secret is not None else None
    if password is not None and any(char in password for char in "\r\n\0"):
        unknown("secret.unreadable", f"secret {in_quotes(options.secret)}: holds a line end, which IRC cannot send")
    phases = Phases()
    async with phases.within(deadline):
        with await dial(vantage, host, port, phases, deadline=deadline, connect=check.connect) as stream:
            if tls:
                await secure(stream, await vantage.tls_context(options.ca), host, phases)
            elif password is not None and not is_loopback(stream.remote):
                unknown("option.invalid", "a password is not sent without TLS: the target must be ircs://")
            irc = IrcConnection(stream)
            phases.enter("register")
            welcome = await _sign_on(irc, options.nick, password, deadline)
            if welcome is not None:
                phases.enter("ping")
                await _ping(irc)
            phases.stop()
            await _leave(irc, deadline)
    if welcome is not None:
        return phases.sample(f"welcome from {welcome.source}")
    words = f"alive, but it lets nobody in: it says that {options.nick} and {TRIES - 1} of our making are in use"
    return phases.sample(words, Outcome.WARN, "irc.nick-in-use")


async def _sign_on(irc: IrcConnection, nick: str, password: str | None, deadline: float) -> Message | None:
    """Register, and return the server's welcome; None when every nick that was tried is taken."""
    if password is not None:
        await irc.send(f"PASS :{password}")
    await irc.send(f"NICK {nick}", f"USER {nick[:SHORT]} 0 * :{nick}")
    tries = 1
    while True:
        message = await irc.read()
        if message.command == "001":
            return message
        if message.command in _TAKEN:
            if tries == TRIES:
                return None
            tries += 1
            await irc.send(f"NICK {another(nick)}")
        elif message.command in _UNFIT:
            refused = " ".join(message.params[1:2]) if message.command == "432" else nick
            unknown("option.invalid", f"nick: the server does not take {clean(refused, 60) or nick}: {message.words}")
        elif message.command in _REFUSALS:
            raise await _refused(irc, message, deadline)
        elif message.command == "FAIL" and _ACCOUNT in message.params:
            raise refusal(f"account required: {message.words}")
        elif message.command == _BOUNCE:
            fail(
                "irc.error",
                f"the server does not take us, and names another: {clean(' '.join(message.params[1:]), 200)}",
            )


async def _refused(irc: IrcConnection, message: Message, deadline: float) -> Trouble:
    """Return what a refusal means: its reason often stands only in the ERROR behind it, which is waited for a moment.

    Some servers ban for a while who comes too often, and say so there.
    """
    words = message.words
    if is_throttled(words):
        return throttled("irc.throttled", words)
    last: Trouble | None = None
    async with goodbye(deadline):
        try:
            while True:
                await irc.read()
        except Trouble as trouble:
            last = trouble
    if last is not None and last.outcome is Outcome.UNKNOWN:
        return last
    if last is not None and last.detail.startswith("ERROR"):
        words = f"{words} ({last.detail})"
    return Trouble(Outcome.FAIL, _REFUSALS[message.command], words)


def another(nick: str) -> str:
    """Return a nick like `nick` with another ending, no longer than every server takes or than `nick` is."""
    ending = "".join(secrets.choice(string.digits) for _ in range(_ENDING))
    return nick[: max(SHORT, len(nick)) - _ENDING] + ending


async def _ping(irc: IrcConnection) -> None:
    token = secrets.token_hex(8)
    await irc.send(f"PING :{token}")
    while True:
        message = await irc.read()
        if message.command == "PONG" and token in message.params:
            return


async def _leave(irc: IrcConnection, deadline: float) -> None:
    """QUIT, and wait a moment for the server to close: so it has surely forgotten the nick before the next look."""
    async with goodbye(deadline):
        await irc.send("QUIT :done")
        while True:
            await irc.read()
