"""Somebody else's page with a notice on it, and how a notice looks that its styles could not spoil."""

from typing import Any

from tests.browser.published_page import URL

PLAIN = """
body { font: 16px/1.6 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #223344 }
"""
SCRIPT = f'<script src="{URL}notice.js" async></script>'
NOTICE = "document.querySelector('.outagetui-notice')"
SEEN = """[...document.querySelectorAll(".outagetui-notice, .outagetui-notice *")].map(each => {
  const style = getComputedStyle(each), box = each.getBoundingClientRect();
  return [each.tagName, style.visibility, style.opacity, style.fontSize, style.textTransform, style.pointerEvents,
    style.position, style.transform, box.width > 8, box.height > 8] })"""
CALM = ["visible", "1", "16px", "none", "auto", "static", "none", True, True]


def foreign(inner: str, style: str) -> str:
    return (
        "<!doctype html><html lang=en><meta name=viewport content='width=device-width'><title>Shop</title>"
        f"<style>{style}</style><body><h1 class=shown>Our shop</h1>{inner}"
        "<p class=shown>Goods of all kinds.</p></body></html>"
    )


def included(recorder: Any) -> str:
    """Return the fragment as the web server of the foreign page would put it in."""
    return str((recorder.directory / "notice.html").read_text(encoding="utf-8"))
