"""`outagetui accounts`: the list of official backup accounts, published ahead of time and signed."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outagetui.cli.group import outagetui
from outagetui.core.model import Channel
from outagetui.outlets import official, publish, signing
from outagetui.outlets.signing import Signature, SigningError, sign
from tests.kit.configs import BACKUP, CHANNEL, PAGE, SETTINGS, problems, write
from tests.kit.strict_html import Html, assert_valid_page
from tests.outlets.kit import TOOLS
from tests.outlets.sample_page import PAYLOADS, SINCE, delivery, outlet

CHAT = BACKUP.replace(
    'name = "A"', 'name = "Web chat"\naddress = "https://chat.example.net/support"\ninstructions = "Press Chat"'
)
PHONE = BACKUP.replace('name = "A"', 'name = "Phone"\naddress = "tel:+4930901820"')
STAFF = (
    CHANNEL.replace("customers", "staff")
    .replace("primary", "backup")
    .replace('name = "A"', 'name = "Room"\naddress = "xmpp:office@rooms.example.net?join"')
)
FILES = {"accounts.html", "accounts.txt", "accounts.json"}
SIGNED = {"accounts.txt.sig", "accounts.signers"}


def site(tmp_path: Path, *, sign: bool = False, **files: str) -> tuple[Path, Path]:
    """Return a configuration with a page, and the page's directory."""
    public = tmp_path / "public"
    public.mkdir(exist_ok=True)
    (tmp_path / "secrets").mkdir(mode=0o700, exist_ok=True)
    page = PAGE.replace('"page"\nurl', f'"{public}"\nurl').replace("http://127.0.0.1/", "https://status.example.net/")
    if sign:
        page += 'sign = "accounts-key"\n'
    settings = f'{SETTINGS}[secrets]\ndirectory = "{tmp_path}/secrets"\n'
    named = {f"checks/{name}.toml": text for name, text in files.items()}
    base = {"checks/chat.toml": CHAT, "checks/phone.toml": PHONE, "checks/room.toml": STAFF, "checks/page.toml": page}
    return write(tmp_path / "config", {"outagetui.toml": settings, **base, **named}), public


def key(tmp_path: Path, *options: str) -> str:
    """Make a key in the secrets' directory and return its public half."""
    path = tmp_path / "secrets" / "accounts-key"
    argv = ["ssh-keygen", "-q", *(options or ("-t", "ed25519")), "-C", "somebody@somewhere", "-f", str(path)]
    subprocess.run(argv if "-N" in argv else [*argv, "-N", ""], check=True, stdin=subprocess.DEVNULL)
    return path.with_suffix(".pub").read_text()


def run(directory: Path, *argv: str) -> Result:
    return CliRunner().invoke(outagetui, ["--config", str(directory), "accounts", *argv])


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def verified(public: Path) -> subprocess.CompletedProcess[str]:
    """Do what the page tells customers to do, word for word."""
    html = Html((public / "accounts.html").read_text(encoding="utf-8"))
    command = next(line for line in html.text.splitlines() if line.startswith("ssh-keygen -Y verify"))
    return subprocess.run(["sh", "-c", command], cwd=public, capture_output=True, text=True, check=False)


def test_the_list_is_published_as_page_text_and_json_with_date_and_business(tmp_path: Path) -> None:
    directory, public = site(tmp_path)
    done = run(directory, "publish")
    assert done.exit_code == 0, done.output
    assert done.output == f"page: 2 accounts in {public}/accounts.html, not signed\n"
    text = (public / "accounts.txt").read_text(encoding="utf-8")
    first, *rest = text.split("\n\n")
    assert [line.partition(": ")[0] for line in first.splitlines()] == [
        *("outagetui-accounts 1", "business", "audience", "date", "list"),
    ]
    assert rest == [
        "name: Web chat\naddress: https://chat.example.net/support\ninstructions: Press Chat",
        "name: Phone\naddress: tel:+4930901820\n",
    ]
    document = json.loads((public / "accounts.json").read_bytes())
    assert (document["version"], document["business"], document["audience"]) == (1, "Example", "customers")
    assert document["list"] == "https://status.example.net/accounts.html"
    assert f"date: {document['date']}\n" in text
    assert [each["name"] for each in document["accounts"]] == ["Web chat", "Phone"]
    assert document["signature"] is None
    html = assert_valid_page((public / "accounts.html").read_text(encoding="utf-8"))
    assert [attrs["href"] for attrs in html.all("a")][1:3] == ["https://chat.example.net/support", "tel:+4930901820"]
    assert "office@rooms" not in html.text, "accounts of staff are not for customers"
    assert names(public) >= FILES
    assert names(public).isdisjoint(SIGNED)


def test_it_comes_with_a_first_page_that_links_to_it(tmp_path: Path) -> None:
    directory, public = site(tmp_path)
    run(directory, "publish")
    html = assert_valid_page((public / "index.html").read_text(encoding="utf-8"))
    assert "No current notices" in html.text
    assert [attrs["href"] for attrs in html.all("a")].count("accounts.html") == 2
    assert (public / "notice.html").exists()


def test_a_quiet_page_that_was_there_gets_the_link_and_somebody_else_s_page_stays(tmp_path: Path) -> None:
    directory, public = site(tmp_path)
    run(directory, "publish")
    for name in FILES:
        (public / name).unlink()
    (public / "index.html").write_text((public / "index.html").read_text().replace("accounts.html", "x"))
    assert "not signed\n" in run(directory, "publish").output
    assert 'href="accounts.html"' in (public / "index.html").read_text()
    (public / "index.html").write_text("<title>Ours since 1999</title>")
    assert "will link to the list from its next part on" in run(directory, "publish").output
    assert (public / "index.html").read_text() == "<title>Ours since 1999</title>"


def test_the_notices_on_a_page_stay_and_the_next_part_links_to_the_list(tmp_path: Path) -> None:
    directory, public = site(tmp_path)
    asyncio.run(publish(outlet(public), delivery("investigating", 0), TOOLS))
    done = run(directory, "publish")
    assert "the page shows a notice and will link to the list from its next part on" in done.output
    assert 'href="accounts.html"' not in (public / "index.html").read_text()
    asyncio.run(publish(outlet(public), delivery("update", 1), TOOLS))
    html = assert_valid_page((public / "index.html").read_text(encoding="utf-8"))
    assert "Beware of impostors" in html.text
    assert [attrs["href"] for attrs in html.all("a")].count("accounts.html") == 2
    assert (public / "accounts.html").exists()


def test_it_speaks_every_language_in_which_its_audience_is_told(tmp_path: Path) -> None:
    blog = (
        PAGE.replace('"Page"', '"Blog"')
        .replace('"page"\naudience', '"wordpress"\naudience')
        .replace('directory = "page"\n', 'language = "de"\n')
    )
    directory, public = site(tmp_path, blog=blog)
    done = run(directory, "publish")
    assert done.exit_code == 0, done.output
    html = assert_valid_page((public / "accounts.html").read_text(encoding="utf-8"))
    assert html.all("html") == [{"lang": "en"}]
    assert "Unsere offiziellen Konten" in html.text
    assert html.ids.count("in-de") == 1


def test_a_signed_list_can_be_checked_with_what_the_page_says(tmp_path: Path) -> None:
    directory, public = site(tmp_path, sign=True)
    own = key(tmp_path)
    done = run(directory, "publish")
    assert done.exit_code == 0, done.output
    print_of = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(tmp_path / "secrets/accounts-key.pub")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()[1]
    assert done.output == f"page: 2 accounts in {public}/accounts.html, signed by {print_of}\n"
    assert names(public) >= FILES | SIGNED
    html = assert_valid_page((public / "accounts.html").read_text(encoding="utf-8"))
    assert print_of in html.text
    assert (public / "accounts.signers").read_text().strip() in html.text
    assert own.split()[1] in html.text
    assert "somebody@somewhere" not in html.text, "a key's comment is nobody's business"
    good = verified(public)
    assert good.returncode == 0, good.stderr
    assert (
        f'Good "outagetui-accounts" signature for accounts@status.example.net with ED25519 key {print_of}'
        in good.stdout
    )
    assert json.loads((public / "accounts.json").read_bytes())["signature"]["fingerprint"] == print_of
    (public / "accounts.txt").write_text((public / "accounts.txt").read_text().replace("4930901820", "4930901821"))
    assert verified(public).returncode != 0


def test_a_signature_is_good_for_nothing_else(tmp_path: Path) -> None:
    directory, public = site(tmp_path, sign=True)
    key(tmp_path)
    run(directory, "publish")
    argv = ["ssh-keygen", "-Y", "check-novalidate", "-s", "accounts.txt.sig", "-n"]
    for namespace, status in (("outagetui-accounts", 0), ("git", 255)):
        with (public / "accounts.txt").open("rb") as text:
            done = subprocess.run([*argv, namespace], cwd=public, stdin=text, capture_output=True, check=False)
        assert done.returncode == status


def test_without_the_key_an_old_signature_does_not_stay(tmp_path: Path) -> None:
    directory, public = site(tmp_path, sign=True)
    key(tmp_path)
    run(directory, "publish")
    directory, public = site(tmp_path)
    assert "not signed" in run(directory, "publish").output
    assert names(public).isdisjoint(SIGNED)
    assert "How to check" not in (public / "accounts.html").read_text()


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (("-t", "ed25519", "-N", "a passphrase"), "ssh-keygen cannot use the key"),
        (("-t", "ecdsa", "-N", ""), "the key is of type ecdsa-sha2-nistp256"),
        ((), "there is no such file"),
        (("open",), "others may use it"),
        (("garbage",), "ssh-keygen cannot use the key"),
    ],
)
def test_a_key_that_is_no_use_is_one_clear_line_and_nothing_is_published(
    tmp_path: Path, made: tuple[str, ...], words: str
) -> None:
    directory, public = site(tmp_path, sign=True)
    path = tmp_path / "secrets" / "accounts-key"
    if made == ("garbage",):
        path.write_text("hunter2-is-not-a-key")
        path.chmod(0o600)
    elif made:
        key(tmp_path, *(() if made == ("open",) else made))
        if made == ("open",):
            path.chmod(0o644)
    done = run(directory, "publish")
    assert done.exit_code == 1
    assert words in done.output
    assert len(done.output.splitlines()) == 1
    assert "hunter2" not in done.output
    assert names(public) == set()


def test_the_key_is_never_in_an_argument_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secrets").mkdir()
    key(tmp_path)
    private = (tmp_path / "secrets/accounts-key").read_text()
    middle = private.splitlines()[2]
    seen: list[tuple[Any, dict[str, Any]]] = []
    real = subprocess.run

    def spy(*argv: Any, **named: Any) -> Any:
        seen.append((argv, {name: value for name, value in named.items() if name != "input"}))
        return real(*argv, **named)

    monkeypatch.setattr(subprocess, "run", spy)
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nowhere")
    before = {path.name for path in Path("/proc/self/fd").iterdir()}
    made = sign(b"text", private.removesuffix("\n"))
    assert made.key.startswith("ssh-ed25519 AAAA")
    assert len(seen) == 2
    assert middle not in repr(seen)
    assert "SSH_AUTH_SOCK" not in repr(seen)
    assert {path.name for path in Path("/proc/self/fd").iterdir()} == before


def test_without_the_program_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "_PATH", "/nonexistent")
    with pytest.raises(SigningError, match="apt-get install openssh-client"):
        sign(b"text", "key")


def test_a_dry_run_prints_the_list_and_writes_nothing(tmp_path: Path) -> None:
    directory, public = site(tmp_path, sign=True)
    done = run(directory, "publish", "--dry-run")
    assert done.exit_code == 0, done.output
    assert "name: Web chat\naddress: https://chat.example.net/support\n" in done.output
    assert names(public) == set()
    document = json.loads(run(directory, "publish", "--dry-run", "--json").output)
    assert document["dry_run"] is True
    assert document["pages"][0]["text"].startswith("outagetui-accounts 1\n")


def test_accounts_lists_them_and_tells_when_the_page_says_something_else(tmp_path: Path) -> None:
    directory, public = site(tmp_path)
    assert "customers, page page: not published (outagetui accounts publish)\n" in run(directory).output
    run(directory, "publish")
    said = run(directory).output
    assert "  Web chat  https://chat.example.net/support  Press Chat\n  Phone     tel:+4930901820\n" in said
    assert ", not signed\n" in said
    assert '<script src="https://status.example.net/notice.js" async></script>' in said
    assert '<!--#include virtual="/notice.html" -->' in said
    (directory / "checks/phone.toml").write_text(PHONE.replace("901820", "901821"))
    assert "NOT as configured now" in run(directory).output
    document = json.loads(run(directory, "--json").output)
    assert document["pages"][0]["current"] is False
    (public / "accounts.json").write_text("{")
    assert "not published" in run(directory).output


def test_a_backup_that_nobody_could_find_is_left_out_with_a_word(tmp_path: Path) -> None:
    directory, public = site(tmp_path, bare=BACKUP)
    done = run(directory, "publish")
    assert "bare is left out: it has neither address nor instructions\n" in done.output
    assert "name: A\n" not in (public / "accounts.txt").read_text()


def test_what_cannot_be_done_is_one_line(tmp_path: Path) -> None:
    directory, public = site(tmp_path)
    public.rmdir()
    done = run(directory, "publish")
    assert (done.exit_code, done.output) == (1, f"page: {public}: No such file or directory\n")
    done = run(directory, "publish", "--outlet", "pag")
    assert (done.exit_code, 'no page is called "pag"' in done.output) == (2, True)
    (directory / "checks/page.toml").unlink()
    assert run(directory).exit_code == 2


def test_sign_is_a_key_of_pages_and_names_a_file(tmp_path: Path) -> None:
    found = problems(tmp_path, {"checks/page.toml": PAGE + 'sign = "../key"\n'})
    assert found == [
        "checks/page.toml:7: outlet.sign: expected the name of a file in the secrets directory, without a slash"
    ]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.lists(st.sampled_from(PAYLOADS) | st.text(max_size=40), min_size=4, max_size=4))
def test_hostile_text_stays_one_line_of_text(tmp_path: Path, data: list[str]) -> None:
    one, two, three, four = data
    channel = Channel(id="c", name=one, audience="customers", role="backup", address=two, instructions=three or "x")
    where = outlet(tmp_path, url=two if two.startswith("http") else "https://status.example.net/")
    made = official.listing(where, (where,), (channel,), four, "UTC", SINCE)
    signature = Signature("ssh-ed25519 AAAA", "SHA256:x", b"")
    for signed in (None, signature):
        assert_valid_page(official.as_html(made, signed))
    text = official.as_text(made)
    assert [line.partition(":")[0] for line in text.splitlines() if line][1:4] == ["business", "audience", "date"]
    assert text.count("\nname:") == 1
    assert text.splitlines() == text.removesuffix("\n").split("\n"), "a line that only some programs see"
    json.loads(official.as_json(made, signature))
