"""One shape made from another: by name, and nothing that is not declared."""

import msgspec
import pytest
from msgspec import Struct
from outagetui.core.copies import copied
from outagetui.core.model import Channel, Check, Config, Outlet
from outagetui.core.outlet_options import OutletOptions
from outagetui.core.probe_options import TcpOptions
from outagetui.facts.live import public


class Wide(Struct):
    name: str
    secret: str = "s3cret"
    size: int = 3


class Nameless(Struct):
    size: int = 3


class Narrow(Struct):
    name: str
    size: int
    more: str = "default"


def test_fields_of_the_same_name_are_taken_and_what_is_given_goes_first() -> None:
    assert copied(Narrow, Wide("a")) == Narrow("a", 3)
    assert copied(Narrow, Wide("a"), size=5, more="own") == Narrow("a", 5, "own")


def test_a_field_that_nobody_gives_is_an_error() -> None:
    with pytest.raises(TypeError):
        copied(Wide, Nameless())


def test_the_public_copy_holds_only_what_it_declares() -> None:
    canary = "canary-7f3a"
    target = f"tcp://me:{canary}@host:1?x={canary}#{canary}"
    check = Check(id="c.port", probe="tcp", target=target, options=TcpOptions(), connect=f"{canary}:1")
    channel = Channel(id="c", name="C", audience="staff", role="primary", provider=canary, checks=(check,))
    outlet = Outlet(id="o", name="O", kind="page", audience="staff", directory=f"/{canary}", options=OutletOptions(),
                    checks=(check,))  # fmt: skip
    config = Config(directory=f"/{canary}", business="B", vantage="v", timezone="UTC", store=f"/{canary}",
                    secrets=canary, channels=(channel,), outlets=(outlet,))  # fmt: skip
    told = public(config, (), "")
    assert canary not in msgspec.json.encode(told).decode()
    assert told.channels[0].checks[0].target == "tcp://host:1"
    assert told.outlets[0].language == "en"
