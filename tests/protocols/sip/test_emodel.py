"""The E-model against values computed from its formula, and its bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.protocols.sip.emodel import BPL, IE, judge, mos, r_factor

# Net delay in ms, loss, jitter in ms; R and MOS for G.711 with concealment, without, and G.729A. The delay of the
# jitter buffer (twice the jitter) counts, the device's own does not.
VECTORS = [
    (0, 0.00, 0, (93.2, 4.41), (93.2, 4.41), (82.2, 4.10)),
    (100, 0.01, 10, (86.7, 4.25), (72.4, 3.71), (75.1, 3.83)),
    (150, 0.02, 20, (80.2, 4.03), (57.1, 2.95), (68.2, 3.51)),
    (200, 0.03, 30, (67.7, 3.49), (38.8, 2.01), (55.4, 2.86)),
    (300, 0.05, 40, (46.0, 2.37), (10.7, 1.04), (33.3, 1.75)),
]


@pytest.mark.parametrize(("delay", "loss", "jitter", "plc", "bare", "g729"), VECTORS)
def test_known_networks_give_known_scores(
    delay: float, loss: float, jitter: float, plc: object, bare: object, g729: object
) -> None:
    def score(ie: float, bpl: float) -> tuple[float, float]:
        r = r_factor(delay + 2 * jitter, loss, ie, bpl)
        return round(r, 1), round(mos(r), 2)

    assert (score(IE, BPL), score(0.0, 4.3), score(11.0, 19.0)) == (plc, bare, g729)


@pytest.mark.parametrize(
    ("r", "score"), [(90, 4.34), (80, 4.02), (70, 3.60), (60, 3.10), (50, 2.58), (0, 1), (100, 4.5)]
)
def test_the_bands_of_satisfaction_have_their_scores(r: float, score: float) -> None:
    assert mos(r) == pytest.approx(score, abs=0.01)


def test_a_perfect_echo_is_as_good_as_g711_gets_with_its_own_25_ms() -> None:
    quality = judge(0, 0, 0)
    assert quality.r == pytest.approx(93.2 - 0.6)
    assert quality.mos == pytest.approx(4.40, abs=0.01)


def test_an_echo_lost_in_both_directions_counts_once() -> None:
    assert judge(100, 0, 1 - 0.9 * 0.9).r == pytest.approx(r_factor(75, 0.1))


@given(st.floats(0, 1e5), st.floats(0, 1e4), st.floats(0, 1))
def test_any_network_has_a_score_between_one_and_four_and_a_half(trip: float, jitter: float, loss: float) -> None:
    quality = judge(trip, jitter, loss)
    assert 0 <= quality.r <= 93.2
    assert 1 <= quality.mos <= 4.5
