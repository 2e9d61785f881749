"""XMPP, SIP and mail: our real daemon, kept on one core, with 200 checks every 10 s against real servers.

50 channels of four checks each, whose kinds come in turn. The checks of a kind have an account each; a room's check
shares its account, and so its session, with the `xmpp` check before it. The servers run on the other cores.
"""

import contextlib
import os
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Set
from pathlib import Path
from string import Template

import trustme
from outagetui.core.model import Observation, Outcome
from outagetui.store.reader import Reader
from tests.bench import daemon as ours
from tests.bench.engine import lateness
from tests.bench.process import cpu_seconds, program, rss_mb
from tests.bench.report import Row, percentile
from tests.servers.dovecot import Dovecot
from tests.servers.kamailio import Kamailio
from tests.servers.mailhub import Mailhub
from tests.servers.prosody import Prosody

CHECKS, EACH, EVERY = 200, 4, 10.0  # EACH: checks of a channel
WARM, WINDOW = 15.0, 40.0
SECRETS = """[secrets]
directory = "{place}/secrets"
"""
CHANNEL = """[channel]
name = "Channel {number:04}"
audience = "staff"
role = "backup"
address = "https://channel-{number:04}.example.net/"
"""
CHECK = """
[[check]]
id = "check-$number"
every = "10s"
timeout = "5s"
"""
_XMPP = 'target = "xmpp://watch-$account@example.test"\nconnect = "127.0.0.1:$prosody"\nsecret = "watch"\nca = "$ca"\n'
KINDS = {
    "xmpp": _XMPP,
    "xmpp.room": f'{_XMPP}room = "$room"\nnick = "watch-$account"\nmode = "join"\n',
    "sip.options": 'target = "sip:127.0.0.1:$kamailio;transport=$transport"\n',
    "sip.register": """target = "sip:watch-$account@example.test"
proxy = "127.0.0.1:$kamailio;transport=$transport"
secret = "watch"
""",
    "imap": """target = "imap://watch-$account@127.0.0.1:$dovecot"
secret = "watch"
starttls = "required"
ca = "$ca"
""",
    "smtp": """target = "smtp://127.0.0.1:$mailhub"
user = "watch-$account"
secret = "watch"
starttls = "required"
mail_from = "watch@example.test"
rcpt_to = "watch@example.test"
ca = "$ca"
""",
}
ACCOUNTS = tuple(f"watch-{number}" for number in range(-(-CHECKS // len(KINDS))))


def run(*, quick: bool = False) -> list[Row]:
    """Measure the daemon after it has logged in everywhere."""
    cores = os.sched_getaffinity(0)
    one = {min(cores)}
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as servers:
        place = Path(name)
        try:
            with _kept_on(cores - one or one):
                values = _serve(place, servers)
        except RuntimeError as error:
            raise OSError(str(error)) from error
        directory = configure(place, values)
        with _kept_on(one):
            process, store = servers.enter_context(ours.daemon(directory))
        warm, window = (EVERY / 2, EVERY) if quick else (WARM, WINDOW)
        time.sleep(warm)
        began, before = time.time(), cpu_seconds(process.pid)
        time.sleep(window)
        ended, spent = time.time(), cpu_seconds(process.pid) - before
        memory = rss_mb(process.pid)
        time.sleep(EVERY / 2)  # what began in the window must have been answered and written
        seen = [each for each in samples(store) if began <= each.at < ended]
    return judge(seen, spent / (ended - began), memory, window)


def judge(seen: list[Observation], share: float, memory: float, window: float = WINDOW) -> list[Row]:
    """Return the rows of what was seen in `window` seconds; `share` is that of one core."""
    expected = CHECKS * window / EVERY
    if len(seen) < 0.9 * expected:  # failures are repeated, so there may well be more
        raise OSError(f"{len(seen)} probes came in {window:.0f} s instead of {expected:.0f}: this machine is too busy")
    if silent := set(_ids()) - {each.check for each in seen}:
        raise OSError(f"{len(silent)} of {CHECKS} checks were never probed, {min(silent)} among them")
    apart = time.time() - time.monotonic()
    poor = [each for each in seen if each.sample.outcome != Outcome.PASS]
    bad = Counter(each.sample.code or str(each.sample.outcome) for each in poor)
    failing = {each.check for each in poor}  # whose repeats have no regular slot to be late for
    late = [lateness(each.at - apart, each.check, EVERY) for each in seen if each.check not in failing]
    p99 = 1000 * percentile(late, 0.99) if late else None
    codes = ", ".join(f"{code} {count}" for code, count in bad.most_common())
    spent, kinds = f"{100 * share:.1f} % of one core", ", ".join(KINDS)
    return [
        Row("protocols: daemon, CPU s per 10 s, 200 checks", 10 * share, "s", note=f"{spent}; {kinds}"),
        Row("protocols: lateness of a probe's start, p99", p99, "ms", 50, "on one core"),
        Row("protocols: daemon, 50 channels, 200 checks", memory, "MB", 60, "RSS, with the libraries of all kinds"),
        Row("protocols: probes that did not pass", bad.total(), "", 0, f"{codes or 'none'}, of {len(seen):,}"),
    ]


def samples(store: Path) -> list[Observation]:
    """Return every sample of every check."""
    reader = Reader(store)
    try:
        return [each for check in _ids() for each in reader.history(check, 0)]
    finally:
        reader.close()


def configure(place: Path, values: dict[str, object]) -> Path:
    """Write 50 channels that watch the servers at the ports in `values`; return the directory."""
    directory = place / "config"
    (directory / "checks").mkdir(parents=True)
    settings = ours.SETTINGS.format(store=place / "store" / "store.db") + SECRETS.format(place=place)
    (directory / "outagetui.toml").write_text(settings)
    kinds = tuple(KINDS.items())
    for channel in range(CHECKS // EACH):
        text = CHANNEL.format(number=channel)
        for number in range(channel * EACH, (channel + 1) * EACH):
            account, kind = divmod(number, len(kinds))
            probe, lines = kinds[kind]
            own = {"number": number, "account": account, "transport": ("udp", "tcp")[account % 2]}
            text += Template(f'{CHECK}probe = "{probe}"\n{lines}').substitute(values | own)
        (directory / "checks" / f"channel-{channel:04}.toml").write_text(text)
    return directory


def _ids() -> list[str]:
    return [f"channel-{number // EACH:04}.check-{number}" for number in range(CHECKS)]


def _serve(place: Path, servers: contextlib.ExitStack) -> dict[str, object]:
    """Start the servers with all accounts; return their ports and what else a check must know."""
    program("kamailio", "kamailio")
    word = secrets.token_urlsafe(18)
    (place / "secrets").mkdir(mode=0o700)
    (place / "secrets" / "watch").touch(mode=0o600)
    (place / "secrets" / "watch").write_text(word)
    authority, ca, certificate = trustme.CA(), place / "ca.pem", place / "server.pem"
    authority.cert_pem.write_to_path(str(ca))
    leaf = authority.issue_cert("example.test", "127.0.0.1")
    certificate.touch(mode=0o600)
    certificate.write_bytes(b"".join([leaf.private_key_pem.bytes(), *(each.bytes() for each in leaf.cert_chain_pems)]))

    prosody = Prosody(place / "prosody", certificate=certificate).start()
    servers.callback(prosody.stop)
    kamailio = Kamailio.start()
    servers.callback(kamailio.stop)
    users = dict.fromkeys(ACCOUNTS, word)
    dovecot = Dovecot(place / "dovecot", certificate=certificate, users=users).start()
    servers.callback(dovecot.remove)
    mailhub = Mailhub(place / "mailhub", dovecot.lmtp_port, certificate=certificate, users=users).start()
    servers.callback(mailhub.stop)
    for account in ACCOUNTS:
        prosody.add_user(account, word)
        kamailio.add_user(account, word)
    ports: dict[str, object] = {"prosody": prosody.port, "kamailio": kamailio.port}
    ports |= {"dovecot": dovecot.port, "mailhub": mailhub.port}
    return ports | {"ca": ca, "room": prosody.add_room("office")}


@contextlib.contextmanager
def _kept_on(cores: Set[int]) -> Iterator[None]:
    """Let what is started in the block run on these cores only, for good."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
