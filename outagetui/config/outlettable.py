"""Reading `[outlet]`: the keys that all kinds share, and those of its kind."""

from collections.abc import Iterator
from typing import Any

from outagetui.config.decode import decode, keys_of
from outagetui.config.parsed import ID
from outagetui.config.positions import Path
from outagetui.config.tables import OutletTable
from outagetui.config.tomlfile import Source
from outagetui.core import targets
from outagetui.core.outlet_options import OUTLETS, OutletOptions, given

AT = ("outlet",)


def read_outlet(raw: Any, source: Source) -> tuple[OutletTable, OutletOptions]:
    """Return the table and its kind's options; faults go to `source`."""
    if not isinstance(raw, dict):
        return decode(OutletTable, raw, source, AT), OutletOptions()
    kind = raw.get("kind")
    own = OUTLETS.get(kind) if isinstance(kind, str) else None
    shared = set(keys_of(OutletTable))
    if own is None:  # a kind nobody knows: then any kind's key may be meant
        of_any = {key for each in OUTLETS.values() for key in keys_of(each)}
        table = decode(OutletTable, {key: raw[key] for key in raw if key not in of_any}, source, AT, also=of_any)
        return table, OutletOptions()
    table = decode(OutletTable, {key: raw[key] for key in raw if key in shared}, source, AT)
    options = decode(own, {key: raw[key] for key in raw if key not in shared}, source, AT, also=keys_of(OutletTable))
    for where, trouble in (*_troubles(table, options), *options.troubles(table)):
        source.problem((*AT, *where), trouble)
    return table, options


def _troubles(table: OutletTable, options: OutletOptions) -> Iterator[tuple[Path, str]]:
    page = options.page
    for key, found in (("directory", table.directory), ("url", table.url)):
        if page and not found:
            yield (key,), f"missing; a page outlet needs {key}"
    if table.directory and not page:
        yield ("directory",), "only a page outlet has this; remove it"
    if table.url and options.web_url and (trouble := targets.WEB.trouble(table.url)):
        yield ("url",), trouble
    if not ID.fullmatch(table.language):
        yield ("language",), f'expected a language such as "en", not "{table.language}"'
    secret = getattr(options, "secret", None)
    for key, name in (("secret", secret), ("sign", getattr(options, "sign", None))):
        if name is not None and (name in (".", "..") or "/" in name):
            yield (key,), "expected the name of a file in the secrets directory, without a slash"
    if given(options, options.published_with) is None:
        return
    for key in options.needed:
        if not (getattr(table, key, None) or given(options, key)):
            published = "a secret" if options.published_with == "secret" else options.published_with
            yield (key,), f"missing; with {published}, {_article(table.kind)} outlet needs {key}"
    if table.url and secret is not None and options.web_url and not targets.is_loopback_or_tls(table.url):
        yield ("url",), "a login must not travel over plain http, except to this machine; use https"


def _article(word: str) -> str:
    return f"{'an' if word[0] in 'aeio' or word in ('x', 'xmpp') else 'a'} {word}"
