"""`notice.html`: the notice that holds now as a piece of HTML for somebody else's page. No I/O but ours.

It has no id, no script and loads nothing. Its style stands on its elements and is marked important, so that it can be
read whatever the page around it says; that page chooses colours by setting `--outagetui-ink` and its kind.
"""

from datetime import tzinfo
from urllib.parse import urljoin

from outagetui.machine.pages import template
from outagetui.outlets.notices import Notice
from outagetui.outlets.page_view import HERE, card, tongues
from outagetui.outlets.page_words import tag_of

MOST_ACCOUNTS = 12  # the page, which it links to, shows all
NOTHING = "<!-- outagetui: no notice -->\n"
_COLOURS = {  # tone: line and ground; ink and links are 4.5:1 and more on every ground
    "trouble": ("#b45309", "#fdf1e2"),
    "repair": ("#0b62b0", "#e8f2fc"),
    "clear": ("#0a7a55", "#e5f5ee"),
    "drill": ("#6d42c7", "#f2ecfd"),
    "notice": ("#4b5563", "#eceff3"),
}
# `revert` takes back what every style sheet of the page says, and leaves the browser's own, such as the ring on focus.
_STYLES = {
    "line": "all:revert;margin:0 0 .4em",
    "strong": "all:revert;font-weight:700",
    "list": "all:revert;margin:0 0 .4em;padding:0;list-style:none",
    "item": "all:revert",
    "inline": "all:revert",
    "link": "all:revert;color:var(--outagetui-link,#0b57a4)",
    "box": "all:initial;display:block;box-sizing:border-box;padding:.9em 1.1em .5em;border:0 solid;"
    "border-inline-start-width:.35em;border-radius:.4em;font-family:inherit;font-size:medium;line-height:1.5;"
    "overflow-wrap:anywhere;color:var(--outagetui-ink,#1a1f26);border-color:var(--outagetui-line,LINE);"
    "background:var(--outagetui-ground,GROUND)",
}


def fragment(
    shown: tuple[Notice, ...],
    *,
    business: str,
    place: tzinfo,
    language: str,
    seen: float,
    page: str,
    listed: bool,
) -> str:
    """Return the fragment; nothing but a comment when no notice holds. `page` is where it links to, if anywhere."""
    current = shown[0] if shown else None
    if current is None or current.closed:
        return NOTHING
    line, ground = _COLOURS[current.meaning.tone]
    styles = {name: _important(style) for name, style in _STYLES.items()}
    styles["box"] = styles["box"].replace("LINE", line).replace("GROUND", ground)
    spoken = tuple(tongues(current, business, place, language, seen))
    return template(HERE, "notice.html").render(
        tone=current.meaning.tone,
        styles=styles,
        spoken=spoken,
        cards=[card(name, address, spoken[0].say) for name, address in current.accounts[:MOST_ACCOUNTS]],
        page=page,
        list=urljoin(page, "accounts.html") if page and listed else "",
        lang=tag_of(language),
    )


def _important(style: str) -> str:
    """Return declarations that no style sheet of the page around can overrule."""
    return "".join(f"{each}!important;" for each in style.split(";"))
