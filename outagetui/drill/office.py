"""The business of the scenario jabber-and-phone: its configuration, whose staff can move to Jabber and extensions."""

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
[secrets]
directory = "$place/secrets"
""",
    "audience.toml": """
[[segment]]
id = "callers"
audience = "customers"
people = 520
uses = ["messenger", "phone"]
[[segment]]
id = "chatters"
audience = "customers"
people = 390
uses = ["messenger", "webchat"]
[[segment]]
id = "messenger-only"
audience = "customers"
people = 90
uses = ["messenger"]
[[segment]]
id = "office"
audience = "staff"
people = 12
uses = ["team", $staff_backups]
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
""",
    "checks/team.toml": """
[channel]
name = "Staff messenger"
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
    "checks/jabber.toml": """
[channel]
name = "Staff Jabber"
audience = "staff"
role = "backup"
address = "xmpp:office@rooms.drill.test?join"
instructions = "Open your Jabber client and enter the room office"
backs_up = ["team"]
[[check]]
id = "login"
probe = "xmpp"
target = "xmpp://watch@drill.test"
connect = "127.0.0.1:$jabber"
secret = "jabber"
ca = "$place/jabber/jabber.pem"
every = "$feed_every"
timeout = "3s"
[[check]]
id = "room"
probe = "xmpp.room"
target = "xmpp://watch@drill.test"
connect = "127.0.0.1:$jabber"
secret = "jabber"
ca = "$place/jabber/jabber.pem"
room = "office@rooms.drill.test"
every = "$feed_every"
timeout = "3s"
""",
    "checks/extensions.toml": """
[channel]
name = "Extensions"
audience = "staff"
role = "backup"
carries = ["voice"]
address = "sip:office@drill.test"
instructions = "Call extension 10"
backs_up = ["team"]
[[check]]
id = "register"
probe = "sip.register"
target = "sip:watch@drill.test"
proxy = "127.0.0.1:$extensions;transport=udp"
secret = "phone"
every = "$feed_every"
timeout = "3s"
""",
    "checks/phone.toml": """
[channel]
name = "Telephone"
audience = "customers"
role = "backup"
carries = ["voice"]
address = "tel:+49-30-901820"
instructions = "Call us"
backs_up = ["messenger"]
[[check]]
id = "answers"
probe = "sip.options"
target = "sip:127.0.0.1:$phone;transport=udp"
every = "$feed_every"
timeout = "2s"
[[check]]
id = "call"
probe = "sip.call"
target = "sip:echo@drill.test"
proxy = "127.0.0.1:$phone;transport=udp"
user = "watch"
secret = "phone"
seconds = 1
calls_per_day = 10000
every = "2s"
timeout = "4s"
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
probe = "webchat"
target = "http://127.0.0.1:$webchat/"
widget = "chat-widget"
websocket = "ws://127.0.0.1:$chatsocket/"
every = "$feed_every"
timeout = "2s"
""",
    "checks/mail.toml": """
[channel]
name = "Support mail"
audience = "customers"
role = "backup"
address = "mailto:support@drill.test"
backs_up = ["messenger"]
[[check]]
id = "smtp"
probe = "smtp"
target = "smtp://127.0.0.1:$mail"
mail_from = "watch@drill.test"
rcpt_to = "watch@drill.test"
every = "$feed_every"
timeout = "2s"
[[check]]
id = "mailbox"
probe = "imap"
target = "imap://watch%40drill.test@127.0.0.1:$imap"
secret = "mailbox"
every = "$feed_every"
timeout = "2s"
[[check]]
id = "roundtrip"
probe = "mail.roundtrip"
target = "smtp://127.0.0.1:$mail"
to = "watch@drill.test"
imap = "imap://127.0.0.1:$imap"
imap_secret = "mailbox"
within = "2s"
timeout = "5s"
every = "1h"
""",
    "checks/page.toml": """
[outlet]
name = "Status page"
kind = "page"
audience = "customers"
directory = "$place/pages/status"
url = "http://127.0.0.1:$website/status/"
""",
    "checks/staff-page.toml": """
[outlet]
name = "Staff notice"
kind = "page"
audience = "staff"
directory = "$place/pages/staff"
url = "http://127.0.0.1:$website/staff/"
""",
    "playbooks/move.toml": """
name = "Messenger down: Jabber, telephone, web chat"
summary = "Move staff to Jabber and extensions, customers to the telephone and the web chat, and tell everybody."
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
with = { channels = ["phone", "webchat", $staff_backups], times = 1, within = "20s" }
[[step]]
id = "activate"
do = "activate"
with = { channels = ["phone", "webchat", $staff_backups] }
[[step]]
id = "tell-staff"
do = "announce"
with = { kind = "backup-active", audience = "staff" }
[[step]]
id = "tell-customers"
do = "announce"
with = { kind = "backup-active", audience = "customers" }
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
with = { channels = ["phone", "webchat", $staff_backups] }
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
NEEDS = {"checks/jabber.toml": "jabber"}  # files that are written only where a server listens
SECRETS = ("jabber", "mailbox", "phone")
