"""A page as it is published for the browser, and what the browser is asked about it."""

import asyncio
import os
from pathlib import Path

import msgspec
from outagetui.core.model import Channel, Outlet
from outagetui.outlets import Delivery, Post, official, publish
from outagetui.outlets.signing import Signature
from outagetui.wording.compose import Account, Facts, compose, read_template
from outagetui.wording.delivery import Wording
from tests.outlets.kit import TOOLS

SINCE = 1795352520.0
ROOT = Path(__file__).parents[2]
ACCOUNTS = (
    Account("webchat", "Web chat", "https://chat.example.net/support/with/a/rather/long/path"),
    Account("phone", "Telephone", "tel:+4930901820"),
    Account("jabber", "Office room", "xmpp:a-room-with-a-long-name@rooms.example.net?join"),
    Account("signal", "Signal", "example.42"),
)
SIZES = {"narrow": (320, 640), "phone": (390, 844), "desktop": (1280, 900)}
KINDS = {
    "open": ("investigating", "backup-active", "update"),
    "recovering": ("investigating", "backup-active", "recovering"),
    "closed": ("investigating", "backup-active", "recovering", "resolved"),
    "drill": ("drill",),
    "withdrawn": ("withdrawn",),
}
BOTH = ("open", "withdrawn")  # in two languages, with a list of accounts beside it
URL = "http://status.example.net/"
CHANNELS = tuple(
    Channel(
        id=each.id,
        name=each.name,
        audience="customers",
        role="backup",
        address=each.address,
        instructions="Open this page and press Chat" if each.id == "webchat" else "",
    )
    for each in ACCOUNTS
)
# Contrast of every text with what lies behind it (WCAG 2.2, 1.4.3): the worst, with the words it is of.
CONTRAST = """(() => {
  const parse = value => [...value.match(/[\\d.]+/g).map(Number), 1].slice(0, 4);
  const light = ([r, g, b]) => { const one = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
    return .2126 * one(r) + .7152 * one(g) + .0722 * one(b) };
  let worst = [99, ""];
  for (const node of document.querySelectorAll("body *")) {
    if (![...node.childNodes].some(each => each.nodeType === 3 && each.data.trim()) || node.matches(".skip")) continue;
    let behind = node, ground = [0, 0, 0, 0];
    for (; behind && ground[3] === 0; behind = behind.parentElement)
      ground = parse(getComputedStyle(behind).backgroundColor);
    const pair = [light(parse(getComputedStyle(node).color)), light(ground)].sort((a, b) => b - a);
    const ratio = (pair[0] + .05) / (pair[1] + .05);
    if (ratio < worst[0]) worst = [ratio, node.textContent.slice(0, 40)];
  }
  return worst })()"""


def write(directory: Path, kinds: tuple[str, ...], language: str, *others: str, listed: bool = False) -> None:
    """Publish a part after the other, in `language` and `others`; the list of accounts too if it is `listed`."""
    for left in directory.iterdir():
        left.unlink()  # an earlier part never replaces a later one
    outlet = Outlet(id="page", name="Page", kind="page", audience="customers", directory=str(directory), url=URL)
    outlet = msgspec.structs.replace(outlet, language=language)
    if listed:
        beside = [msgspec.structs.replace(outlet, id=each, language=each) for each in others]
        made = official.listing(outlet, (outlet, *beside), CHANNELS, "Example Hosting", "Europe/Berlin", SINCE)
        key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG9Vsq+B9CoSntOy/iNnPf4KJDKN6Gi2QNDGtygsq+Wy"
        signature = Signature(key, "SHA256:oyrLlPwo2a0NOnXxz+PXvPhi3rNwznkPRISjfbxRmHg", b"as if\n")
        asyncio.run(official.put(outlet, made, signature))
    history: tuple[Post, ...] = ()
    for part, kind in enumerate(kinds):
        at = SINCE + 300 + 1500 * part
        accounts = () if kind in ("resolved", "withdrawn") else ACCOUNTS
        following = at + 1800 if accounts else None
        wordings = [_words(kind, each, at, accounts, following) for each in (language, *others)]
        own, *further = wordings
        delivery = Delivery(
            announcement="a7",
            part=part,
            key=f"key-{part}",
            kind=kind,
            audience="customers",
            language=language,
            title=own.title,
            body=own.body,
            since=SINCE,
            at=at,
            next_update=following,
            accounts=tuple((account.name, account.address) for account in accounts),
            history=history,
            others=tuple(further),
        )
        post = Post(
            announcement="a7", part=part, kind=kind, title=own.title, body=own.body, at=at, others=tuple(further)
        )
        history = (post, *history)
    done = asyncio.run(publish(outlet, delivery, TOOLS))
    assert done.state == "sent", done


def keep(picture: bytes, name: str, directory: Path) -> None:
    """Put a picture where somebody may look at it."""
    assert len(picture) > 10_000
    (Path(os.environ.get("PAGE_PICTURES", directory)) / name).write_bytes(picture)


def _words(kind: str, language: str, at: float, accounts: tuple[Account, ...], following: float | None) -> Wording:
    if kind == "withdrawn":
        return Wording(language, {"en": "Wrong number", "de": "Falsche Nummer"}[language], "")
    text = (ROOT / "playbooks" / "announcements" / f"{kind}.{language}.txt").read_text(encoding="utf-8")
    facts = Facts(
        business="Example Hosting",
        audience="customers",
        kind=kind,
        since=SINCE,
        now=at,
        timezone="Europe/Berlin",
        failed=("Public messenger",),
        accounts=accounts,
        page=URL,
        next_update=following,
    )
    made = compose(read_template(kind, language, text), facts)
    return Wording(language, made.title, made.body)
