"""The lab's playbook for the day the messenger is down, and the people who are called together then."""

CONTACTS = """\
[[contact]]
name = "Ada Example"
audience = "staff"
addresses = { jabber = "ada@example.test" }
[[contact]]
name = "Bob Example"
audience = "staff"
addresses = { jabber = "bob@example.test" }
[[contact]]
name = "Cleo Customer"
audience = "customers"
addresses = { mail = "cleo@customer.example" }
"""
MESSENGER_DOWN = """\
name = "Public messenger down"
summary = "Staff into a Jabber room, customers to web chat and telephone; name, banner and page say so."

[suggest]
when = [
    { channel = "messenger", state = ["down", "partial"], for = "30s" },
    { channel = "team-chat", state = ["down", "partial"], for = "30s" },
]

[[step]]
id = "confirm"
do = "manual"
say = "Can two colleagues on different networks confirm that the messenger fails?"

[[step]]
id = "backups-up"
do = "verify"
with = { channels = [$backups], times = 1, within = "1m" }

[[step]]
id = "open-room"
do = "xmpp.room"
timeout = "20s"
[step.with]
channel = "jabber"
room = "outage"
members_only = true
invite = "@staff"
subject = "The messenger is down"
text = "Everybody in here, please; operators online in the web chat."

[[step]]
id = "activate"
do = "activate"
with = { channels = [$backups] }

[[step]]
id = "switch-name"
do = "dns.update"
timeout = "20s"
[step.with]
server = "127.0.0.1:$knot"
zone = "example.test"
name = "chat"
ttl = 5
from = "127.0.0.1"
to = "127.0.0.2"
key = "failover"
secret = "dns"
read_back = ["127.0.0.1:$knot"]

[[step]]
id = "banner"
do = "webchat.banner"
with = { kind = "backup-active", file = "$place/pages/banner.html" }

[[step]]
id = "tell-customers"
do = "announce"
with = { kind = "backup-active", audience = "customers", outlets = ["page"] }
"""
