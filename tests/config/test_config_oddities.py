"""What can be meant and hardly ever is: one note for each, and the configuration goes on validating."""

from pathlib import Path

import pytest
from outagetui import config
from tests.kit.configs import SETTINGS, WHOLE, noted, write

HEAD = '[channel]\nname = "A"\n[[check]]\n'
CALL = 'probe = "sip.call"\ntarget = "sip:1@h.example"\n'
HTTP = 'target = "https://h.example/"\n'
VALUE = 'probe = "value"\ntarget = "https://h.example/"\npath = "$.a"\n'
DNS = 'target = "dns:h.example"\n'
XMPP = 'target = "xmpp://a@b.example"\nsecret = "s"\n'
ROUND = 'probe = "mail.roundtrip"\ntarget = "smtp://h:25"\nto = "a@b.example"\nimap = "imap://h"\nimap_secret = "s"\n'
TLS = 'target = "tls://h:443"\n'


@pytest.mark.parametrize(
    ("check", "key", "words"),
    [
        (f'{CALL}every = "1h"\ncalls_per_day = 0', "calls_per_day", "no call is ever placed"),
        (f'{CALL}every = "1s"', "every", "the 24 calls of a day (calls_per_day) are placed within 24s"),
        (f'{CALL}every = "1h"\nmos_slow = 4.5', "mos_slow", "every one would be slow"),
        (f'{CALL}every = "1h"\nmos_slow = 4.5\nmos_down = 4.4', "mos_down", "every one would fail"),
        (f"{VALUE}slow_below = 5\ndown_below = 10", "slow_below", "never reached: below down_below (10) it is down"),
        (f"{VALUE}slow_below = 5\ndown_below = 5", "slow_below", "never reached"),
        (f"{VALUE}slow_above = 20\ndown_above = 10", "slow_above", "never reached: above down_above (10)"),
        (f"{VALUE}down_below = 20\nslow_above = 10", "down_below", "no number is left that would be well"),
        (f"{VALUE}slow_below = 20\ndown_above = 10", "slow_below", "no number is left"),
        (f'{DNS}answer = ["not an ip"]', "answer[1]", "no record of type A"),
        (f'{DNS}answer = ["2001:db8::1"]', "answer[1]", "no record of type A"),
        (f'{DNS}type = "AAAA"\nanswer = ["::1", "192.0.2.1"]', "answer[2]", "no record of type AAAA"),
        (f'{DNS}type = "MX"\nanswer = ["mail.example"]', "answer[1]", "no record of type MX"),
        (f'{DNS}answer = ["192.0.2.1", "192.0.2.1"]', "answer", "twice"),
        (f"{DNS}answer = []", "answer", "is empty"),
        (f'{DNS}serials = true\nanswer = ["192.0.2.1"]', "answer", "only the SOA records"),
        (f'{DNS}serials = true\ntype = "MX"', "type", "only the SOA records"),
        ('target = "xmpp://a@b@c.example"\nsecret = "s"', "target", "more than one @"),
        ('target = "icmp://h"\nloss_down = 0.0\nloss_slow = 0.0', "loss_down", "one packet that is lost"),
        ('target = "icmp://h"\nloss_down = 0.2\nloss_slow = 0.1', "loss_down", "one of 3 packets"),
        ('target = "icmp://h"\ncount = 1\nloss_down = 0.5', "loss_down", "all is lost or nothing"),
        (f'{HTTP}method = "HEAD"\nmatch = "x"', "match", "a HEAD has no body"),
        (f'{HTTP}method = "HEAD"\nno_match = "x"', "no_match", "a HEAD has no body"),
        (f'{HTTP}match = "x"\nno_match = "x"', "no_match", "always fails"),
        (f'{HTTP}body = "x"', "body", "a GET has no body"),
        (f'{HTTP}expires_warn = "0s"', "expires_warn", "only when it is over"),
        (f'{HTTP}expires_warn = "90d"', "expires_warn", "these always warn"),
        ('target = "https://[2001:db8::1]/"\nip = 4', "ip", "an address of IPv6"),
        ('target = "https://192.0.2.1/"\nip = 6', "ip", "an address of IPv4"),
        (f'{TLS}expires_warn = "100d"\nexpires_fail = "3d"', "expires_warn", "these always warn"),
        (f'{HTTP}slow_above = "500us"'.replace("500us", "0.5ms"), "slow_above", "always slow"),
        (f'{HTTP}expect = "refused"\nslow_above = "1s"', "slow_above", "what has to be refused is not slow"),
        (f'{HTTP}every = "100ms"', "every", "looks 10 times a second"),
        (f'{HTTP}probe = "webchat"\nwidget = ".*"', "widget", "is found in every answer"),
        (f'{HTTP}probe = "feed"\nevery = "2s"', "every", "somebody else's status page every 2s"),
        (f'{HTTP}probe = "feed"\nstale_after = "5s"', "stale_after", "stays unknown"),
        ('target = "smtps://h:465"\nstarttls = "required"', "starttls", "from the first byte"),
        ('target = "imaps://h"\nstarttls = "required"', "starttls", "from the first byte"),
        (f'{ROUND}every = "10s"\nwithin = "8s"', "every", "8640 a day"),
        (f'{ROUND}every = "5m"\nwithin = "1s"', "within", "a false alarm is sure"),
        (f'{ROUND}every = "5m"\nwithin = "10m"', "within", "the next mail is due before"),
        ('target = "wireguard:wg0"\nstale_after = "60s"', "stale_after", "a false alarm is sure"),
    ],
)
def test_a_check_that_hardly_means_it(tmp_path: Path, check: str, key: str, words: str) -> None:
    write(tmp_path, {**WHOLE, "checks/a.toml": f"{HEAD}{check}\n"})
    config.load(tmp_path)
    (only,) = noted(tmp_path)
    assert only.startswith("checks/a.toml:")
    assert f": {key}: " in only
    assert words in only


@pytest.mark.parametrize(
    "check",
    [
        f'{CALL}every = "1h"',
        f"{VALUE}slow_below = 10\ndown_below = 5\nslow_above = 20\ndown_above = 30",
        f'{DNS}answer = ["192.0.2.1", "192.0.2.2"]',
        f'{DNS}type = "MX"\nanswer = ["10 mail.example."]',
        f'{DNS}type = "TXT"\nanswer = ["v=spf1 -all"]',
        f'{DNS}rcode = "NXDOMAIN"',
        XMPP,
        'target = "imap://a@b.example@h.example"\nsecret = "s"',
        'target = "icmp://h"',
        'target = "icmp://h"\ncount = 1',
        f'{HTTP}match = "x"\nno_match = "y"\nip = 6',
        f'{HTTP}method = "POST"\nbody = "x"',
        TLS,
        f'{HTTP}probe = "feed"\nevery = "60s"',
        f'{ROUND}every = "5m"',
        'target = "wireguard:wg0"',
        'target = "smtp://h:25"\nstarttls = "required"',
        f'{HTTP}vantages = ["here"]',
    ],
)
def test_a_check_that_makes_sense_gets_no_note(tmp_path: Path, check: str) -> None:
    assert noted(write(tmp_path, {**WHOLE, "checks/a.toml": f"{HEAD}{check}\n"})) == []


@pytest.mark.parametrize(
    ("settings", "key", "words"),
    [
        (f'[store]\npath = "{"x" * 300}"', "store.path", "no room for the files beside it"),
        (f'[store]\npath = "{"x/" * 150}s.db"', "store.path", "more than 95 bytes"),
        ('[announce]\nupdate_every = "1s"', "announce.update_every", "promised news every 1s"),
        ('[announce]\nupdate_every = "3d"', "announce.update_every", "wait for news"),
        ('[fail_back]\nup_for = "0s"', "fail_back.up_for", "a single good look"),
        ('[fail_back]\nup_for = "9d"', "fail_back.up_for", "kept for 9d"),
        ('[heartbeat]\nurl = "https://h/"\nevery = "1d"', "heartbeat.every", "missed after 1d"),
        ('[reach]\ntell_within = "3d"', "reach.tell_within", "without a word for 3d"),
        ('[reach.staff]\ntell_within = "3d"', "reach.staff.tell_within", "without a word for 3d"),
        ('[[alert]]\nname = "late"\nsecret = "p"\nafter = "3d"', "alert[2].after", "nobody is woken here before 3d"),
        ('[[alert]]\nname = "p2"\nsecret = "p"\ntest_every = "1m"', "alert[2].test_every", "a test every 1m"),
    ],
)
def test_a_setting_that_hardly_means_it(tmp_path: Path, settings: str, key: str, words: str) -> None:
    (only,) = noted(write(tmp_path, {**WHOLE, "outagetui.toml": f"{WHOLE['outagetui.toml']}{settings}\n"}))
    assert only.startswith("outagetui.toml:")
    assert f": {key}: " in only
    assert words in only


def test_a_canary_on_this_machine_proves_nothing(tmp_path: Path) -> None:
    own = SETTINGS + 'canaries = ["tcp://127.0.0.1:53"]\n[[alert]]\nname = "phone"\nsecret = "phone"\n'
    (only,) = noted(write(tmp_path, {**WHOLE, "outagetui.toml": own}))
    assert "canaries[1]: is this machine itself" in only


@pytest.mark.parametrize(
    ("head", "key", "words"),
    [
        (f'name = "{"x" * 300}"', "name", "longer than 60 characters"),
        (f'name = "A{chr(0x301) * 40}"', "name", "at most 4 marks"),
        (
            'name = "A"\nrole = "backup"\naddress = "x"\n[channel.cost]\nminutes_per_hour = 5',
            "minutes_per_hour",
            "costs",
        ),
    ],
)
def test_a_channel_that_hardly_means_it(tmp_path: Path, head: str, key: str, words: str) -> None:
    text = f'[channel]\n{head}\n[[check]]\ntarget = "tcp://h:1"\n'
    found = [each for each in noted(write(tmp_path, {**WHOLE, "checks/a.toml": text})) if "a.toml" in each]
    assert len(found) == 1, found
    assert key in found[0]
    assert words in found[0]


def test_an_outlet_that_gives_up_at_once(tmp_path: Path) -> None:
    (only,) = noted(write(tmp_path, {**WHOLE, "checks/page.toml": WHOLE["checks/page.toml"] + 'timeout = "1ms"\n'}))
    assert "timeout: hardly anything is published within 1ms" in only


DNS_STEP = (
    'do = "dns.update"\nwith = { server = "192.0.2.1:53", zone = "example.net", name = "www", from = "192.0.2.1", '
    'to = "{to}", key = "k", secret = "s", ttl = {ttl} }'
)


@pytest.mark.parametrize(
    ("step", "key", "words"),
    [
        ('do = "wait_for"\nwith = { channels = ["a"], within = "1s", times = 50 }', "with.within", "50 looks in a row"),
        ('do = "wait_for"\nwith = { channels = ["a"], within = "9d" }', "with.within", "stands still"),
        (DNS_STEP.replace("{to}", "192.0.2.2").replace("{ttl}", "0"), "with.ttl", "nobody may keep"),
        (DNS_STEP.replace("{to}", "192.0.2.2").replace("{ttl}", "86400"), "with.ttl", "to the wrong place"),
        (
            'do = "announce"\ntimeout = "1ms"\nwith = { kind = "update", audience = "customers" }',
            "timeout",
            "within 1ms",
        ),
    ],
)
def test_a_step_that_hardly_means_it(tmp_path: Path, step: str, key: str, words: str) -> None:
    write(tmp_path, {**WHOLE, "playbooks/b.toml": f'name = "B"\n[[step]]\n{step}\n'})
    config.load(tmp_path)
    (only,) = noted(tmp_path)
    assert only.startswith("playbooks/b.toml:")
    assert f": step[1].{key}: " in only
    assert words in only
