"""The business of the scenario facebook-2021: much of what it talks on, and announces on, belongs to one provider.

Three networks stand on loopback: the provider's (`PROVIDER`), our own, and that of others (`OTHERS`).
"""

PROVIDER = "127.1.0.1"
OTHERS = "127.3.0.1"
PAGE_ID = "1020304050"  # of the page that we announce on
SECRETS = ("facebook-token", "mastodon-token")

FILES: dict[str, str] = {
    "outagetui.toml": """
business = "Example Hosting (drill)"
vantage = "drill"
timezone = "UTC"
canaries = ["tcp://127.0.0.1:$website"]
[fail_back]
up_for = "10s"
[announce]
update_every = "$update_every"
[store]
path = "$place/store/store.db"
[secrets]
directory = "$place/secrets"
""",
    "audience.toml": """
[[segment]]
id = "chatters"
audience = "customers"
people = 850
uses = ["messenger", "webchat"]
[[segment]]
id = "photo-friends"
audience = "customers"
people = 90
uses = ["messenger", "photos"]
[[segment]]
id = "messenger-only"
audience = "customers"
people = 60
uses = ["messenger"]
[[segment]]
id = "office"
audience = "staff"
people = 12
uses = ["team", "workplace", "staff-room"]
""",
    "checks/messenger.toml": f"""
[channel]
name = "Public messenger"
audience = "customers"
role = "primary"
carries = ["text", "voice"]
address = "example.hosting"
provider = "Example Social"
[[check]]
id = "api"
probe = "http"
target = "http://{PROVIDER}:$messenger/api/ping"
match = "pong"
every = "$every"
timeout = "1s"
[[check]]
id = "name"
probe = "dns"
target = "dns://{PROVIDER}:$names/chat.drill.test"
every = "$every"
timeout = "1s"
""",
    "checks/team.toml": f"""
[channel]
name = "Staff group"
audience = "staff"
role = "primary"
address = "the team's group in the messenger"
provider = "Example Social"
[[check]]
id = "api"
probe = "http"
target = "http://{PROVIDER}:$messenger/team/ping"
match = "pong"
every = "$every"
timeout = "1s"
""",
    "checks/workplace.toml": f"""
[channel]
name = "Work tools"
audience = "staff"
role = "backup"
address = "the provider's chat for businesses"
instructions = "Sign in with your messenger account"
backs_up = ["team"]
provider = "Example Social"
[[check]]
id = "sign-in"
probe = "http"
target = "http://{PROVIDER}:$messenger/workplace/ping"
every = "$feed_every"
timeout = "1s"
""",
    "checks/photos.toml": f"""
[channel]
name = "Photo messages"
audience = "customers"
role = "backup"
address = "@example.hosting"
instructions = "Write to us in the photo app"
backs_up = ["messenger"]
provider = "Example Social"
[[check]]
id = "api"
probe = "http"
target = "http://{PROVIDER}:$messenger/photos/ping"
every = "$feed_every"
timeout = "1s"
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
""",
    "checks/staff-room.toml": f"""
[channel]
name = "Staff room"
audience = "staff"
role = "backup"
address = "http://{OTHERS}:$room/staff"
backs_up = ["team"]
[[check]]
id = "page"
probe = "http"
target = "http://{OTHERS}:$room/staff"
match = "chat-widget"
every = "$feed_every"
timeout = "2s"
""",
    "checks/facebook.toml": f"""
[outlet]
name = "Page on the social network"
kind = "facebook"
audience = "customers"
url = "http://{PROVIDER}:$facebook"
account = "{PAGE_ID}"
secret = "facebook-token"
[[check]]
id = "page"
probe = "http"
target = "http://{PROVIDER}:$facebook/{PAGE_ID}"
match = "Example Hosting"
every = "$every"
timeout = "1s"
""",
    "checks/mastodon.toml": f"""
[outlet]
name = "Mastodon"
kind = "mastodon"
audience = "customers"
url = "http://{OTHERS}:$mastodon"
secret = "mastodon-token"
[[check]]
id = "server"
probe = "http"
target = "http://{OTHERS}:$mastodon/api/v2/instance"
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
    "playbooks/provider-dark.toml": """
name = "The messenger's whole provider is dark"
summary = "Move to the backups on other networks, and tell everybody where they still look."
[suggest]
when = [
  { channel = "messenger", state = ["down"], for = "$suggest_after" },
  { channel = "team", state = ["down"], for = "$suggest_after" },
]
[[step]]
id = "confirm"
do = "manual"
say = "Its names are not found any more, so it is not our line. Does a colleague on a mobile network see the same?"
[[step]]
id = "ready"
do = "verify"
with = { channels = ["webchat", "staff-room"], times = 4, within = "20s" }
[[step]]
id = "own-tools"
do = "manual"
say = "Photo messages and Work tools hang on the same network: leave them alone. Is everybody told by telephone?"
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
with = { channels = ["messenger", "team"], times = 14, within = "30m" }
[[step]]
id = "back"
do = "manual"
say = "It is back, and so is our page there. Let the backups go and close the notices, there too?"
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
