"""The scanner finds the line of every key that tomli reads."""

from typing import Any

import tomli
from hypothesis import given
from hypothesis import strategies as st
from outagetui.config.positions import Path, scan
from outagetui.config.tomlfile import dotted

TEXT = '''\
# a comment with [brackets] and "quotes
top = 1
dotted.key.path = "x"  # [[not]] a header
"quoted.key" = true
'literal key' = 1979-05-27 07:32:00
"esc\\u0061ped" = 0

[table]
numbers = [1, 2, # two
  3,
  [4,
   5]
]
long = """
not = "a key"
[nor.a.header]
\\""" still inside """
after = 'a # b'
raw = \'\'\'
[x]
\'\'\'
quoted_end = """say "hi""""
next = 1

[table.sub]
inline = { a = 1, b = { c = [
    { d = 1 },
    { d = 2, e.f = 3 },
] } }

[[item]]
name = "first"
[item.more]
x = 1
[[item.part]]
y = 1
[[item.part]]
y = 2

[[item]]
name = "second"
[[item.part]]
y = 3
'''


def paths(value: Any, at: Path = ()) -> list[Path]:
    """Return the path of every key and element in a value tomli read."""
    if isinstance(value, dict):
        below = [(*at, key) for key in value]
        return below + [path for key in value for path in paths(value[key], (*at, key))]
    if isinstance(value, list):
        below = [(*at, index) for index in range(len(value))]
        return below + [path for index, each in enumerate(value) for path in paths(each, (*at, index))]
    return []


def test_every_key_that_tomli_reads_has_a_line_of_its_own() -> None:
    assert set(paths(tomli.loads(TEXT))) == set(scan(TEXT).lines)


def test_lines_are_those_a_reader_counts() -> None:
    lines = scan(TEXT).lines
    expected: dict[Path, str] = {
        ("top",): "top",
        ("dotted", "key", "path"): "dotted.key.path",
        ("quoted.key",): '"quoted.key"',
        ("literal key",): "'literal key'",
        ("escaped",): '"esc',
        ("table", "numbers", 2): "3,",
        ("table", "numbers", 3): "[4",
        ("table", "numbers", 3, 1): "5]",
        ("table", "after"): "after",
        ("table", "next"): "next",
        ("table", "sub"): "[table.sub]",
        ("table", "sub", "inline", "b", "c", 1): "{ d = 2",
        ("table", "sub", "inline", "b", "c", 1, "e", "f"): "{ d = 2",
        ("item", 0, "more", "x"): "x = 1",
        ("item", 0, "part", 1, "y"): "y = 2",
        ("item", 1, "name"): 'name = "second"',
        ("item", 1, "part", 0, "y"): "y = 3",
    }
    source = TEXT.splitlines()
    for path, beginning in expected.items():
        assert source[lines[path] - 1].strip().startswith(beginning), path


def test_windows_line_ends_count_once() -> None:
    assert scan("a = 1\r\n\r\nb = 2\r\n").lines == {("a",): 1, ("b",): 3}


def test_a_missing_key_is_told_at_its_table() -> None:
    positions = scan("\n[table]\nx = 1\n\n[[item]]\n")
    assert positions.line(("table", "missing", "deeper")) == 2
    assert positions.line(("item", 0, "id")) == 5
    assert positions.line(("nothing",)) == 1


KEYS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=4)
VALUES = st.recursive(
    st.integers(-9, 9) | st.booleans() | st.text(st.sampled_from("ab[]{}#=,\"'\\\n .é"), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def written(value: Any) -> str:
    """Write a value as TOML, breaking lines where TOML allows it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"""{escaped}"""' if "\n" in value else f'"{escaped}"'
    if isinstance(value, list):
        return "[" + ", # x ]\n".join(map(written, value)) + "]" if value else "[ ]"
    return "{" + ", ".join(f'"{key}" = {written(each)}' for key, each in value.items()) + "}"


@given(st.lists(st.tuples(KEYS, VALUES), max_size=5, unique_by=lambda pair: pair[0]))
def test_any_document_is_scanned_as_tomli_reads_it(pairs: list[tuple[str, Any]]) -> None:
    text = "".join(f"[[t]]\n'{key}' = {written(value)}\n\n" for key, value in pairs)
    assert set(scan(text).lines) == set(paths(tomli.loads(text)))


@given(st.text(st.sampled_from("ab=.[]{}#,\"'\\\n 1")))
def test_any_text_is_scanned_without_an_exception(text: str) -> None:
    scan(text)


def test_paths_are_written_as_people_do() -> None:
    assert dotted(("check", 1, "every")) == "check[2].every"
    assert dotted(()) == ""
