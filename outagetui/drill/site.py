"""The small business that a drill rehearses: a configuration that points at the lab's ports."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from string import Template

from outagetui.drill import network, office
from outagetui.drill.scenario import FACEBOOK_2021, JABBER_AND_PHONE, MESSENGER_2011, Pace

FILES: dict[str, str] = {
    "outagetui.toml": """
business = "Example Hosting (drill)"
vantage = "drill"
timezone = "UTC"
canaries = ["tcp://127.0.0.1:$website"]
[fail_back]
up_for = "10s"
[store]
path = "$place/store/store.db"
""",
    "audience.toml": """
[[segment]]
id = "chatters"
audience = "customers"
people = 640
uses = ["messenger", "webchat"]
[[segment]]
id = "messenger-only"
audience = "customers"
people = 90
uses = ["messenger"]
[[segment]]
id = "writers"
audience = "customers"
people = 270
uses = ["mail", "webchat"]
[[segment]]
id = "office"
audience = "staff"
people = 12
uses = ["team", "staff-room"]
""",
    "checks/messenger.toml": """
[channel]
name = "Public messenger"
audience = "customers"
role = "primary"
carries = ["text", "voice"]
address = "example.hosting"
[[check]]
id = "api"
probe = "http"
target = "http://127.0.0.1:$messenger/api/ping"
match = "pong"
every = "$every"
timeout = "2s"
[[check]]
id = "feed"
probe = "feed"
target = "http://127.0.0.1:$feed/api/v2/summary.json"
every = "$feed_every"
timeout = "2s"
""",
    "checks/team.toml": """
[channel]
name = "Team messenger"
audience = "staff"
role = "primary"
address = "the team's group"
[[check]]
id = "api"
probe = "http"
target = "http://127.0.0.1:$messenger/team/ping"
match = "pong"
every = "$every"
timeout = "2s"
""",
    "checks/webchat.toml": """
[channel]
name = "Web chat"
audience = "customers"
role = "backup"
address = "http://127.0.0.1:$webchat/"
instructions = "Open the website and press Chat"
backs_up = ["messenger"]
[[check]]
id = "page"
probe = "http"
target = "http://127.0.0.1:$webchat/"
match = "chat-widget"
every = "$feed_every"
timeout = "2s"
[[check]]
id = "operators"
probe = "value"
target = "http://127.0.0.1:$webchat/operators.json"
path = "$$.online"
slow_below = 2
down_below = 1
unit = "operators"
every = "$feed_every"
timeout = "2s"
""",
    "checks/mail.toml": """
[channel]
name = "Support mail"
audience = "customers"
role = "primary"
address = "mailto:support@drill.test"
[[check]]
id = "smtp"
probe = "smtp"
target = "smtp://127.0.0.1:$mail"
mail_from = "probe@drill.test"
rcpt_to = "support@drill.test"
every = "$feed_every"
timeout = "2s"
[[check]]
id = "mx"
probe = "dns"
target = "dns://127.0.0.1:$dns/drill.test"
type = "MX"
answer = ["10 mail.drill.test."]
every = "$feed_every"
timeout = "2s"
""",
    "checks/staff-room.toml": """
[channel]
name = "Staff room"
audience = "staff"
role = "backup"
address = "http://127.0.0.1:$webchat/staff"
backs_up = ["team"]
[[check]]
id = "page"
probe = "http"
target = "http://127.0.0.1:$webchat/staff"
match = "chat-widget"
every = "$feed_every"
timeout = "2s"
""",
    "checks/page.toml": """
[outlet]
name = "Status page"
kind = "page"
audience = "customers"
directory = "$place/pages/status"
url = "http://127.0.0.1:$website/status/"
[[check]]
id = "site"
probe = "http"
target = "http://127.0.0.1:$website/"
match = "Example Hosting"
every = "$feed_every"
timeout = "2s"
""",
    "checks/staff-page.toml": """
[outlet]
name = "Staff notice"
kind = "page"
audience = "staff"
directory = "$place/pages/staff"
url = "http://127.0.0.1:$website/staff/"
[[check]]
id = "site"
probe = "http"
target = "http://127.0.0.1:$website/"
every = "$feed_every"
timeout = "2s"
""",
    "playbooks/messenger-down.toml": """
name = "Public messenger down"
summary = "Move customers to the web chat and staff to their room, and tell everybody."
[suggest]
when = [
  { channel = "messenger", state = ["partial", "down"], for = "$suggest_after" },
  { channel = "team", state = ["partial", "down"], for = "$suggest_after" },
]
[[step]]
id = "confirm"
do = "manual"
say = "Can two colleagues on different networks confirm that the messenger fails?"
[[step]]
id = "ready"
do = "verify"
with = { channels = ["webchat", "staff-room"], times = 2, within = "20s" }
[[step]]
id = "activate"
do = "activate"
with = { channels = ["webchat", "staff-room"] }
[[step]]
id = "tell-customers"
do = "announce"
with = { kind = "backup-active", audience = "customers" }
[[step]]
id = "tell-staff"
do = "announce"
with = { kind = "backup-active", audience = "staff" }
[[step]]
id = "wait"
do = "wait_for"
with = { channels = ["messenger", "team"], times = 3, within = "30m" }
[[step]]
id = "back"
do = "manual"
say = "The messenger answers again. Let the backups go and close the notices?"
[[step]]
id = "release"
do = "deactivate"
with = { channels = ["webchat", "staff-room"] }
[[step]]
id = "close-customers"
do = "announce"
with = { kind = "resolved", audience = "customers" }
[[step]]
id = "close-staff"
do = "announce"
with = { kind = "resolved", audience = "staff" }
""",
}


SITES: dict[str, dict[str, str]] = {
    MESSENGER_2011.id: FILES,
    JABBER_AND_PHONE.id: office.FILES,
    FACEBOOK_2021.id: network.FILES,
}
SECRETS: dict[str, tuple[str, ...]] = {JABBER_AND_PHONE.id: office.SECRETS, FACEBOOK_2021.id: network.SECRETS}


def make_secrets(place: Path, scenario: str) -> None:
    """Make the passwords and tokens of the drill's own servers, private to this user."""
    (place / "secrets").mkdir(mode=0o700)
    for name in SECRETS.get(scenario, ()):
        path = place / "secrets" / name
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(18) + "\n")


def write(place: Path, ports: Mapping[str, int], pace: Pace, scenario: str) -> Path:
    """Write the drill's configuration below `place` and return its directory."""
    values: dict[str, str | int] = {
        **ports,
        "place": str(place),
        "every": pace.every,
        "feed_every": pace.feed_every,
        "suggest_after": pace.suggest_after,
        "update_every": pace.update_every,
        "staff_backups": '"jabber", "extensions"' if "jabber" in ports else '"extensions"',
    }
    directory = place / "config"
    for name, text in SITES[scenario].items():
        if office.NEEDS.get(name, "website") not in ports:
            continue
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(Template(text).substitute(values).lstrip(), encoding="utf-8")
    for name in ("status", "staff"):
        (place / "pages" / name).mkdir(parents=True, exist_ok=True)
    return directory
