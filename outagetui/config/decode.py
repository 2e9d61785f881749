"""TOML values to msgspec structs, telling every fault with its line; msgspec itself stops at the first.

A value that is wrong is replaced by the field's default, or by something empty, so that the rest of the
configuration can still be checked. What comes out is used only when there was no problem.
"""

import datetime
import functools
import math
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, TypeVar, cast

from msgspec import NODEFAULT, Struct, inspect

from outagetui.config.positions import Path
from outagetui.config.tomlfile import Source
from outagetui.core.sizes import parse_size, show_size
from outagetui.core.text import listing, nearest, readable
from outagetui.core.times import parse_duration, show_duration

T = TypeVar("T", bound=Struct)
NOT_YET = "not available in this version"


def decode(cls: type[T], raw: object, source: Source, at: Path, also: Iterable[str] = ()) -> T:
    """Return `raw`, the value at `at`, as a `cls`. Faults go to `source`; `also` are keys allowed around it.

    A class attribute `later` names keys that are specified but not available yet.
    """
    kind = _type_of(cls)
    if not isinstance(raw, dict):
        source.problem(at, f"expected a table, not {_described(raw)}")
        return cls(**{field.name: _empty(field) for field in kind.fields})
    return cast("T", _Decoder(source, tuple(also)).struct(kind, raw, at))


def keys_of(cls: type[Struct]) -> tuple[str, ...]:
    """Return the keys that a table of this kind may hold."""
    return tuple(_fields_of(cls))


@functools.cache
def _type_of(cls: type[Struct]) -> inspect.StructType:
    kind = inspect.type_info(cls)
    assert isinstance(kind, inspect.StructType)
    return kind


@functools.cache
def _fields_of(cls: type[Struct]) -> dict[str, inspect.Field]:
    """Return the fields of `cls` by key."""
    return {field.encode_name: field for field in _type_of(cls).fields}


class _WrongError(Exception):
    """The value is wrong and its problem is noted."""


class _Decoder:
    def __init__(self, source: Source, also: tuple[str, ...]) -> None:
        self.source = source
        self.also = also

    def struct(self, kind: inspect.StructType, raw: dict[str, Any], at: Path) -> Struct:
        fields = _fields_of(kind.cls)
        later: frozenset[str] = getattr(kind.cls, "later", frozenset())
        for key in raw:
            if key in later:
                self.source.problem((*at, key), NOT_YET)
            elif key not in fields:
                known = [*fields, *self.also]
                hint = self.source.belongs((*at, key), raw[key]) or nearest(key, known)
                hint = hint or (f"; known: {listing(known)}" if known else "; none is known here")
                self.source.problem((*at, key), f"unknown key{hint}")
        values = {}
        for name, field in fields.items():
            if name not in raw:
                if field.required:
                    self.source.problem((*at, name), f"missing; expected {_expected(field.type)}")
                    values[field.name] = _empty(field)
                continue
            try:
                values[field.name] = self.value(field.type, raw[name], (*at, name))
            except _WrongError:
                values[field.name] = _empty(field)
        made: Struct = kind.cls(**values)
        return made

    def value(self, kind: inspect.Type, raw: object, at: Path) -> Any:
        """Return `raw` as `kind`; raises `_WrongError` after noting the problem."""
        match kind:
            case inspect.Metadata(type=inner):
                if isinstance(inner, inspect.IntType | inspect.FloatType) and (unit := _unit(kind)):
                    return self.amount(inner, unit, raw, at)
                return self.value(inner, raw, at)
            case inspect.UnionType(types=types):
                fitting = [inner for inner in types if _fits(inner, raw)]
                if not fitting:
                    self.fail(at, f"expected {_expected(kind)}, not {_described(raw)}")
                return self.value(fitting[0], raw, at)
            case inspect.LiteralType(values=allowed):
                for each in allowed:
                    if raw == each and type(raw) is type(each):
                        return each  # one text for all, not one from every file
                self.fail(at, f"expected {_expected(kind)}, not {_described(raw)}{_near(raw, allowed)}")
            case inspect.EnumType(cls=cls):
                words = [member.value for member in cls]
                if raw not in words:
                    self.fail(at, f"expected {_expected(kind)}, not {_described(raw)}{_near(raw, words)}")
                return cls(raw)
        if not _fits(kind, raw):
            brackets = isinstance(kind, inspect.VarTupleType) and isinstance(raw, dict)
            hint = f"; write [[{at[-1]}]] in two brackets" if brackets else ""
            self.fail(at, f"expected {_expected(kind)}, not {_described(raw)}{hint}")
        return self.checked(kind, raw, at)

    def checked(self, kind: inspect.Type, raw: Any, at: Path) -> Any:
        """Return `raw`, whose type is right, after looking at its range and its parts."""
        match kind:
            case inspect.StrType():
                return self.text(kind, raw, at)
            case inspect.IntType() | inspect.FloatType():
                if trouble := _out_of_range(kind, raw, _described(raw).removeprefix("the number ")):
                    self.fail(at, trouble)
                return raw if isinstance(kind, inspect.IntType) else float(raw)
            case inspect.VarTupleType(item_type=item):
                return self.items(kind, item, raw, at)
            case inspect.DictType(value_type=item):
                return self.entries(item, raw, at)
            case inspect.StructType():
                return self.struct(kind, raw, at)
        return raw

    def text(self, kind: inspect.StrType, raw: str, at: Path) -> str:
        if "\0" in raw:
            self.fail(at, "holds a NUL character")
        if len(raw) < (kind.min_length or 0):
            self.fail(at, "must not be empty")
        if at and at[-1] in _NAMES and not readable(raw):
            self.fail(at, "holds nothing that somebody could read")
        if kind.max_length is not None and len(raw) > kind.max_length:
            self.fail(at, f"longer than {kind.max_length} characters")
        return raw

    def amount(self, kind: inspect.IntType | inspect.FloatType, unit: str, raw: object, at: Path) -> float:
        """Return how many seconds ("s") or bytes ("B") the text `raw` says."""
        parse, show, what = _AMOUNTS[unit]
        count = parse(raw) if isinstance(raw, str) else None
        if count is None:
            self.fail(at, f"expected {what}, not {_described(raw)}")
        if trouble := _out_of_range(kind, count, f'"{raw}"', show):
            self.fail(at, trouble)
        return count

    def items(self, kind: inspect.VarTupleType, item: inspect.Type, raw: list[Any], at: Path) -> tuple[Any, ...]:
        if len(raw) < (kind.min_length or 0):
            self.fail(at, "must not be empty")
        good = []
        for index, element in enumerate(raw):
            try:
                good.append(self.value(item, element, (*at, index)))
            except _WrongError:
                continue
        return tuple(good)

    def entries(self, item: inspect.Type, raw: dict[str, Any], at: Path) -> dict[str, Any]:
        if isinstance(item, inspect.AnyType):  # looked at later, by whoever knows what it is
            return raw
        good = {}
        for key, value in raw.items():
            if not _fits(item, value) and (home := self.source.belongs((*at, key), value)):
                self.source.problem((*at, key), f"expected {_expected(item)}, not {_described(value)}{home}")
                continue
            try:
                good[key] = self.value(item, value, (*at, key))
            except _WrongError:
                continue
        return good

    def fail(self, at: Path, message: str) -> NoReturn:
        self.source.problem(at, message)
        raise _WrongError


def _unit(kind: inspect.Metadata) -> str:
    """Return "s" for a duration, "B" for a size; both are written as texts."""
    return str((kind.extra_json_schema or {}).get("unit", ""))


def _fits(kind: inspect.Type, raw: object) -> bool:
    match kind:
        case inspect.Metadata(type=inner):
            return isinstance(raw, str) if _unit(kind) else _fits(inner, raw)
        case inspect.AnyType():
            return True
        case inspect.StrType():
            return isinstance(raw, str)
        case inspect.BoolType():
            return isinstance(raw, bool)
        case inspect.IntType():
            return isinstance(raw, int) and not isinstance(raw, bool)
        case inspect.FloatType():
            return isinstance(raw, int | float) and not isinstance(raw, bool)
        case inspect.VarTupleType():
            return isinstance(raw, list)
        case inspect.DictType() | inspect.StructType():
            return isinstance(raw, dict)
        case inspect.LiteralType() | inspect.EnumType():
            return isinstance(raw, str | int)
    return False


def _out_of_range(kind: Any, number: float, told: str, show: Any = "{:g}".format) -> str:
    if isinstance(number, float) and not math.isfinite(number):
        return f"expected a finite number, not {told}"
    if abs(number) > 10**18:  # beyond what a float or the store can hold
        return f"expected a sensible number, not {told}"
    if kind.ge is not None and number < kind.ge:
        return f"must be at least {show(kind.ge)}, not {told}"
    if kind.gt is not None and number <= kind.gt:
        return f"must be more than {show(kind.gt) if kind.gt else 0}, not {told}"
    if kind.le is not None and number > kind.le:
        return f"must be at most {show(kind.le)}, not {told}"
    return ""


def _empty(field: inspect.Field) -> Any:
    if field.default is not NODEFAULT:
        return field.default
    if field.default_factory is not NODEFAULT:
        return field.default_factory()
    match field.type:
        case inspect.VarTupleType():
            return ()
        case inspect.DictType():
            return {}
        case inspect.IntType() | inspect.FloatType() | inspect.Metadata():
            return 0
    return ""


def _expected(kind: inspect.Type) -> str:
    match kind:
        case inspect.Metadata(type=inner):
            return _WRITTEN.get(_unit(kind)) or _expected(inner)
        case inspect.UnionType(types=types):
            return " or ".join(_expected(inner) for inner in types if not isinstance(inner, inspect.NoneType))
        case inspect.LiteralType(values=values):
            return _choice(values)
        case inspect.EnumType(cls=cls):
            return _choice([member.value for member in cls])
        case inspect.VarTupleType(item_type=item):
            return f"a list, each {_expected(item)}"
    return _WORDS.get(type(kind), "another value")


_NAMES = ("name", "business", "vantage")  # keys whose text people look for
_AMOUNTS: dict[str, tuple[Callable[[str], float | None], Callable[[Any], str], str]] = {
    "s": (parse_duration, show_duration, 'a duration such as "500ms", "10s", "2m" or "7d"'),
    "B": (parse_size, show_size, 'a size such as "800MB", "3GB" or "2GiB"'),
}
_WRITTEN = {"s": 'a duration such as "10s"', "B": 'a size such as "3GB"'}
_WORDS: dict[type[inspect.Type], str] = {
    inspect.StrType: "a text in quotes",
    inspect.IntType: "a whole number",
    inspect.FloatType: "a number",
    inspect.BoolType: "true or false",
    inspect.DictType: "a table",
    inspect.StructType: "a table",
}


def _choice(values: Iterable[object]) -> str:
    words = [f'"{value}"' if isinstance(value, str) else str(value) for value in values]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _near(raw: object, allowed: Iterable[object]) -> str:
    return nearest(raw, [word for word in allowed if isinstance(word, str)]) if isinstance(raw, str) else ""


def _described(raw: object) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str):
        return f'"{raw[:60]}…"' if len(raw) > 60 else f'"{raw}"'
    if isinstance(raw, int):
        return f"the number {raw}" if abs(raw) < 10**18 else "a huge number"
    if isinstance(raw, float):
        return f"the number {raw:g}"
    if isinstance(raw, list):
        return "a list"
    if isinstance(raw, dict):
        return "a table"
    return "a date or time" if isinstance(raw, datetime.date | datetime.time) else "such a value"
