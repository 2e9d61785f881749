"""A number that we publish dials the same from everywhere, however it was written."""

import pytest
from outagetui.contacts import vcard
from outagetui.core import telephone
from outagetui.core.addresses import Entry
from outagetui.wording.compose import account_line
from outagetui.wording.fit import fit
from outagetui.wording.links import link

NUMBERS = [
    ("+49 (0)30 23125123", "+493023125123", "+49 30 23125123"),
    ("+49(0)30/23125-123", "+493023125123", "+49 30/23125-123"),
    ("+49-(0)-30-23125123", "+493023125123", "+49-30-23125123"),
    ("+49 ( 0 ) 30 23125123", "+493023125123", "+49 30 23125123"),
    ("+49 [0]30 23125123", "+493023125123", "+49 30 23125123"),
    ("+49\u00a0(0)30\u202f231\u201125123", "+493023125123", None),
    ("+49 (030) 23125123", "+493023125123", "+49 (30) 23125123"),
    ("+49 (30) 23125123", "+493023125123", "+49 (30) 23125123"),
    ("+49 30 23125123", "+493023125123", "+49 30 23125123"),
    ("tel:+49-30-23125123", "+493023125123", "+49-30-23125123"),
    ("TEL:+49(0)3023125123", "+493023125123", "+49 3023125123"),
    ("tel:+49%20(0)30%2023125123", "+493023125123", "+49 30 23125123"),
    ("+44 (0)20 7946 0958", "+442079460958", "+44 20 7946 0958"),
    ("+44(0)2079460958", "+442079460958", "+44 2079460958"),
    ("+44 (020) 7946 0958", "+442079460958", "+44 (20) 7946 0958"),
    ("+33 (0)1 70 18 99 00", "+33170189900", "+33 1 70 18 99 00"),
    ("+41 (0)44 668 18 00", "+41446681800", "+41 44 668 18 00"),
    ("+43 (0) 1 514 44", "+43151444", "+43 1 514 44"),
    ("+31 (0)20 624 1111", "+31206241111", "+31 20 624 1111"),
    ("+353 (0)1 402 2300", "+35314022300", "+353 1 402 2300"),
    ("+972 (0)3 123 4567", "+97231234567", "+972 3 123 4567"),
    ("+61 (0)2 7010 1111", "+61270101111", "+61 2 7010 1111"),
    ("+39 06 698 12345", "+390669812345", "+39 06 698 12345"),
    ("+39 (0)6 698 12345", "+390669812345", "+39 06 698 12345"),
    ("+39 (06) 698 12345", "+390669812345", "+39 06 698 12345"),
    ("+378 (0)549 885 431", "+3780549885431", "+378 0549 885 431"),
    ("+225 (07) 12 34 56 78", "+2250712345678", "+225 07 12 34 56 78"),
    ("+36 (06) 1 429 8000", "+3614298000", "+36 1 429 8000"),
    ("+7 (8) 495 123 45 67", "+74951234567", "+7 495 123 45 67"),
    ("+7 (495) 123-45-67", "+74951234567", "+7 (495) 123-45-67"),
    ("+370 (8) 5 266 1461", "+37052661461", "+370 5 266 1461"),
    ("+52 (01) 55 1234 5678", "+525512345678", "+52 55 1234 5678"),
    ("+1 (212) 555-0100", "+12125550100", "+1 (212) 555-0100"),
    ("+1 800 FLOWERS", "+18003569377", "+1 800 FLOWERS"),
    ("+1-800-CALL-NOW", "+18002255669", "+1-800-CALL-NOW"),
    ("+49 30 23125123;ext=12", "+493023125123;ext=12", "+49 30 23125123;ext=12"),
    ("+49 (0)30 23125123 ext. 12", "+493023125123;ext=12", "+49 30 23125123 ext. 12"),
    ("+1 212 555 0100 x12", "+12125550100;ext=12", "+1 212 555 0100 x12"),
    ("+1 212 555 0100, extension 12", "+12125550100;ext=12", "+1 212 555 0100, extension 12"),
    ("+1 212 555 0100 #12", "+12125550100;ext=12", "+1 212 555 0100 #12"),
    ("+49 30 23125123 Durchwahl 12", "+493023125123;ext=12", "+49 30 23125123 Durchwahl 12"),
    ("tel:+12125550100;ext=12", "+12125550100;ext=12", "+12125550100;ext=12"),
]


@pytest.mark.parametrize(("written", "uri", "shown"), NUMBERS)
def test_everything_that_publishes_a_number_dials_the_same(written: str, uri: str, shown: str | None) -> None:
    piece = link(written)
    assert piece.href == f"tel:{uri}"
    assert shown is None or piece.text == shown
    assert link(piece.text).href == piece.href  # whoever reads it and writes it down
    card = vcard.write([Entry("Ada", "staff", written, "phone")], "x")
    assert card.partition("TEL;VALUE=uri:")[2].partition("\r\n")[0].replace("-", "") == f"tel:{uri}"
    line = account_line("Phone", written).removeprefix("- Phone: ")
    assert link(line).href == piece.href
    assert "(0" not in line


@pytest.mark.parametrize(
    "text",
    [
        "030 23125123",
        "(030) 23125123",
        "0049 30 23125123",
        "112",
        "+49",
        "+49 30",
        "+1234567890123456",
        "+49 30 23125123 or 45",
        "+49 30 23125123 ext. 12 or 13",
        "+49 (0xx30) 23125123",
        "+ada",
        "+49 30 23125123 (ask for Ada)",
        "tel:030123",
        "tel:112",
        "https://example.com/+493023125123",
        "",
    ],
)
def test_what_is_no_international_number_stays_as_it_is(text: str) -> None:
    assert telephone.read(text) is None
    assert telephone.shown(text) == text


@pytest.mark.parametrize("kind", ["email", "mastodon", "page", "wordpress", "xmpp"])
def test_every_outlet_names_a_number_as_it_dials_from_everywhere(kind: str) -> None:
    account = ("Phone", "+49 (0)30 23125123")
    body = f"Use these:\n{account_line(*account)}"
    made = fit(kind, title="Out", body=body, accounts=[account])
    assert "+49 30 23125123" in made.plain
    assert made.names == ("Phone",)
    assert telephone.shown(telephone.shown(account[1])) == telephone.shown(account[1])
