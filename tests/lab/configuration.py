"""The configuration that watches the lab: every probe that there is a server for, each channel a file."""

from pathlib import Path
from string import Template

from outagetui.core.probe_options import PROBES
from tests.lab.playbook import CONTACTS, MESSENGER_DOWN
from tests.lab.servers import HALL, INBOX, ROOM, WATCH, Lab
from tests.servers.chat import GUESTS, LOBBY

SETTINGS = """\
business = "Example Hosting (lab)"
vantage = "lab"
timezone = "UTC"
canaries = ["tcp://127.0.0.1:$site"]
[store]
path = "$place/store/store.db"
[secrets]
directory = "$place/secrets"
[fail_back]
up_for = "5s"
"""
AUDIENCE = """\
[[segment]]
id = "customers"
audience = "customers"
people = 900
uses = ["website", "mail", "phone", "webchat"]
[[segment]]
id = "chatting-customers"
audience = "customers"
people = 600
uses = ["messenger", "webchat", "phone"]
[[segment]]
id = "office"
audience = "staff"
people = 12
uses = ["team-chat", "jabber", "extensions", "irc"]
"""
CHANNELS = {
    "website": ("Website", "customers", "primary", "http://127.0.0.1:$site/"),
    "mail": ("Support mail", "customers", "primary", "mailto:watch@example.test"),
    "messenger": ("Messenger", "customers", "primary", "example.hosting on the messenger"),
    "team-chat": ("Team chat", "staff", "primary", "team on the messenger"),
    "webchat": ("Web chat", "customers", "backup", "http://127.0.0.1:$chat/chat"),
    "phone": ("Telephone", "customers", "backup", "sip:echo@example.test"),
    "extensions": ("Extensions", "staff", "backup", "sip:watch@example.test"),
    "jabber": ("Staff Jabber", "staff", "backup", "xmpp:$room@rooms.example.test?join"),
    "irc": ("Chat server", "staff", "backup", "irc://127.0.0.1:$ngircd/ops"),
}
BACKS_UP = {"customers": "messenger", "staff": "team-chat"}
# By channel: the check's name, its probe, its target, and further lines.
CHECKS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "website": (
        ("page", "http", "http://127.0.0.1:$site/", 'match = "Example Hosting"'),
        ("address", "dns", "dns://127.0.0.1:$knot/www.example.test", 'answer = ["127.0.0.1"]'),
    ),
    "messenger": (("api", "http", "http://127.0.0.1:$messenger/api/test", 'match = "\\"ok\\": true"'),),
    "team-chat": (("api", "http", "http://127.0.0.1:$messenger/api/test", 'match = "\\"ok\\": true"'),),
    "mail": (
        ("smtp", "smtp", "smtp://127.0.0.1:$mailhub", 'mail_from = "$inbox"\nrcpt_to = "$inbox"'),
        ("mailbox", "imap", "imap://watch%40example.test@127.0.0.1:$dovecot", 'secret = "mailbox"'),
        (
            "roundtrip",
            "mail.roundtrip",
            "smtp://127.0.0.1:$mailhub",
            'to = "$inbox"\nimap = "imap://127.0.0.1:$dovecot"\nimap_secret = "mailbox"\nwithin = "2s"',
        ),
        ("mx", "dns", "dns://127.0.0.1:$knot/example.test", 'type = "MX"\nanswer = ["10 mail.example.test."]'),
    ),
    "webchat": (
        (
            "visit",
            "webchat",
            "http://127.0.0.1:$chat/chat",
            'widget = "chat-widget"\nwebsocket = "ws://127.0.0.1:$rooms/xmpp-websocket"\nxmpp_domain = "$guests"\n'
            'room = "$lobby"',
        ),
        ("socket", "websocket", "ws://127.0.0.1:$rooms/xmpp-websocket", 'subprotocol = "xmpp"'),
        (
            "left-message",
            "mail.roundtrip",
            "http://127.0.0.1:$chat/leave?message=Test+{token}",
            'to = "$inbox"\nimap = "imap://127.0.0.1:$dovecot"\nimap_secret = "mailbox"\nwithin = "2s"',
        ),
    ),
    "phone": (
        ("answers", "sip.options", "sip:127.0.0.1:$kamailio;transport=udp", ""),
        (
            "call",
            "sip.call",
            "sip:echo@example.test",
            'proxy = "127.0.0.1:$kamailio;transport=udp"\nuser = "$watch"\nsecret = "sip"\nseconds = 1\n'
            "calls_per_day = 1000",
        ),
    ),
    "extensions": (
        (
            "register",
            "sip.register",
            "sip:watch@example.test",
            'proxy = "127.0.0.1:$kamailio;transport=tcp"\nsecret = "sip"',
        ),
    ),
    "jabber": (
        ("login", "xmpp", "xmpp://watch@example.test", 'connect = "127.0.0.1:$prosody"\nsecret = "jabber"\nca = "$ca"'),
        (
            "room",
            "xmpp.room",
            "xmpp://watch@example.test",
            'connect = "127.0.0.1:$prosody"\nsecret = "jabber"\nca = "$ca"\nroom = "$room@rooms.example.test"',
        ),
    ),
    "irc": (("sign-on", "irc", "irc://127.0.0.1:$ngircd", ""),),
}
USUAL = 'timeout = "3s"'
TIMES = {"irc": 'timeout = "6s"', "mail.roundtrip": 'timeout = "6s"', "sip.call": 'timeout = "5s"'}
NEEDS = {"phone": "sipp", "extensions": "kamailio"}
PAGE = """\
[outlet]
name = "Status page"
kind = "page"
audience = "customers"
directory = "$place/pages/status"
url = "http://127.0.0.1:$site/status/"
"""
LETTERS = """\
[outlet]
name = "Mail to customers"
kind = "email"
audience = "customers"
url = "smtp://127.0.0.1:$mailhub"
from = "Example Hosting <$inbox>"
recipients = ["$inbox"]
unsubscribe = "mailto:$inbox"
"""
SPOKEN = """\
[outlet]
name = "Lobby"
kind = "xmpp"
audience = "customers"
url = "xmpp:$hall@rooms.example.test?join"
login = "xmpp://watch@example.test"
secret = "jabber"
room = "$hall@rooms.example.test"
ca = "$ca"
connect = "127.0.0.1:$prosody"
"""


def write(lab: Lab) -> Path:
    """Write secrets, private to this user, and a whole configuration for what runs; return its directory."""
    vault = lab.directory / "secrets"
    vault.mkdir(mode=0o700)
    for name, word in lab.passwords.items():
        (vault / name).touch(mode=0o600)
        (vault / name).write_text(word + "\n")
    values: dict[str, object] = {server.name: server.ports["port"] for server in lab.servers}
    values |= {"place": lab.directory, "ca": lab.ca, "inbox": INBOX, "room": ROOM, "hall": HALL, "watch": WATCH}
    values |= {"guests": GUESTS, "lobby": LOBBY}
    channels = [name for name in CHANNELS if NEEDS.get(name, "site") in values]
    used = {name: [row for row in CHECKS[name] if row[1] in PROBES] for name in channels}
    files = {"outagetui.toml": SETTINGS, "checks/page.toml": PAGE}
    files |= {"checks/letters.toml": LETTERS, "checks/lobby.toml": SPOKEN}
    files["audience.toml"] = "\n".join(
        "uses = " + str([name for name in CHANNELS if f'"{name}"' in line and used.get(name)]).replace("'", '"')
        if line.startswith("uses")
        else line
        for line in AUDIENCE.splitlines()
    )
    files |= {f"checks/{name}.toml": _channel(name, rows) for name, rows in used.items() if rows}
    backups = [name for name in used if used[name] and CHANNELS[name][2] == "backup" and name != "irc"]
    values["backups"] = ", ".join(f'"{name}"' for name in backups)
    files |= {"contacts.toml": CONTACTS, "playbooks/messenger-down.toml": MESSENGER_DOWN}
    for name, text in files.items():
        path = lab.directory / "config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(text).substitute(values))
    return lab.directory / "config"


def _channel(id: str, rows: list[tuple[str, str, str, str]]) -> str:
    name, audience, role, address = CHANNELS[id]
    head = f'[channel]\nname = "{name}"\naudience = "{audience}"\nrole = "{role}"\naddress = "{address}"\n'
    if role == "backup":
        head += f'backs_up = ["{BACKS_UP[audience]}"]\nprove_every = "7d"\n'
    checks = [
        f'[[check]]\nid = "{check}"\nprobe = "{probe}"\ntarget = "{target}"\nevery = "10s"\n'
        f"{TIMES.get(probe, USUAL)}\n{more}\n"
        for check, probe, target, more in rows
    ]
    return "\n".join((head, *checks))
