"""Why JSON could not be read, without the types of a language."""

import msgspec
import pytest
from msgspec import Struct
from outagetui.core.unread_json import why


class Inner(Struct):
    number: int


class Document(Struct):
    versions: list[str]
    inner: Inner | None = None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"versions": [1]}', "versions[0] is missing or of another kind"),
        (b'{"versions": "x"}', "versions is missing or of another kind"),
        (b'{"versions": [], "inner": {}}', "inner.number is missing or of another kind"),
        (b"{}", "versions is missing or of another kind"),
        (b"null", "the document is of another kind"),
        (b"[]", "the document is of another kind"),
        (b"<html>", "broken JSON at byte 0"),
        (b"{", "broken JSON, or cut off"),
        (b'{"versions": ["\xff"]}', "broken JSON"),
        (b'{"versions": ' + b"[" * 9000 + b"]" * 9000 + b"}", "versions[0] is missing or of another kind"),
    ],
)
def test_what_could_not_be_read_is_told_by_its_place(text: bytes, words: str) -> None:
    with pytest.raises((msgspec.DecodeError, RecursionError, ValueError)) as caught:
        msgspec.json.decode(text, type=Document)
    assert why(caught.value).startswith(words)


def test_what_is_too_deep_is_told_as_that() -> None:
    with pytest.raises(RecursionError) as caught:
        msgspec.json.decode(b"[" * 90_000)
    assert why(caught.value) == "it is nested too deeply"
