"""WordPress on loopback: a copy of Debian's package, run by PHP's own web server, on a MariaDB without network."""

import getpass
import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
from pathlib import Path

import httpx
from tests.servers.group import Group, free_port

PROGRAMS = ("mariadbd", "mariadb-install-db", "mariadb", "php")
SOURCE = Path("/usr/share/wordpress")
THEME = "wp-content/themes/twentytwentythree"  # without one, pages are blank
INSTALL = (
    "{} is missing: apt-get install --no-install-recommends "
    "wordpress mariadb-server php-cli php-mysql wordpress-theme-twentytwentythree"
)
DATABASE = (
    *("--skip-networking", "--skip-log-bin", "--performance-schema=off", "--innodb-buffer-pool-size=32M"),
    *("--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=0"),
)
# Application passwords want TLS or a local environment; nothing may call home or run in the background.
CONFIGURATION = """\
<?php
define('DB_NAME', 'wp'); define('DB_USER', 'wp'); define('DB_PASSWORD', '{password}');
define('DB_HOST', 'localhost:{socket}'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {{
    define($name . '_KEY', '{salt}' . $name); define($name . '_SALT', $name . '{salt}');
}}
define('WP_HOME', '{url}'); define('WP_SITEURL', '{url}'); define('WP_ENVIRONMENT_TYPE', 'local');
define('DISABLE_WP_CRON', true); define('WP_HTTP_BLOCK_EXTERNAL', true); define('AUTOMATIC_UPDATER_DISABLED', true);
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""
ROUTER = """\
<?php
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path === '/who') { echo '%s'; return true; }
$file = $_SERVER['DOCUMENT_ROOT'] . $path;
if ($path !== '/' && (is_file($file) || is_file(rtrim($file, '/') . '/index.php'))) return false;
$_SERVER['SCRIPT_NAME'] = '/index.php';
chdir($_SERVER['DOCUMENT_ROOT']);
require 'index.php';
"""
USERS = """\
<?php
require $argv[1] . '/wp-load.php';
$wp_rewrite->set_permalink_structure('/%postname%/');
$wp_rewrite->flush_rules(false);
$made = [];
foreach (['press' => 'author', 'chief' => 'editor', 'guest' => 'contributor'] as $name => $role) {
    $id = wp_insert_user(['user_login' => $name, 'user_pass' => wp_generate_password(24), 'role' => $role]);
    [$made[$name]] = WP_Application_Passwords::create_new_application_password($id, ['name' => 'outagetui']);
}
echo json_encode($made);
"""


class Wordpress:
    """An installed blog at `url`; `passwords` are the application passwords of its users.

    `press` is an author, `chief` an editor, who may put any HTML into posts, `guest` a contributor, who cannot publish.
    `database` and `web` can be frozen and thawed each by itself, ended, and started again by `open` and `serve`.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.passwords: dict[str, str] = {}
        self.database, self.web = Group(directory / "mariadb.log"), Group(directory / "php.log")
        self._password, self._salt, self._token = (secrets.token_hex(16) for _ in range(3))
        self._socket, self._site = directory / "db.sock", directory / "site"

    def start(self) -> "Wordpress":
        """Make the database and the site, install WordPress as its own form does, and make two users."""
        for name in PROGRAMS:
            _program(name)
        assert (SOURCE / THEME).is_dir(), INSTALL.format("WordPress or its theme")
        modules = subprocess.run([_program("php"), "-m"], capture_output=True, text=True, check=True).stdout
        assert "mysqli" in modules.split(), INSTALL.format("PHP's mysqli")
        self._make_database()
        shutil.copytree(SOURCE, self._site, ignore_dangling_symlinks=True)  # links would lead it to /usr/share
        site = CONFIGURATION.format(password=self._password, socket=self._socket, salt=self._salt, url=self.url)
        _keep(self._site / "wp-config.php", site)
        _keep(self.directory / "router.php", ROUTER % self._token)
        _keep(self.directory / "users.php", USERS)
        self.open()
        try:
            self.serve()
            self._install()
        except BaseException:
            self.stop()
            raise
        return self

    def open(self) -> None:
        """Start the database."""
        argv = [_program("mariadbd"), "--no-defaults", *self._where(), *DATABASE, f"--socket={self._socket}"]
        argv += [f"--pid-file={self.directory}/db.pid", f"--init-file={self.directory}/init.sql"]
        self.database.start(argv, self._greets)

    def serve(self) -> None:
        """Start the web server: a port can be a stranger's, so it has to know the word it was given."""
        settings = ("sendmail_path=/bin/true", "opcache.enable_cli=1", "memory_limit=128M")
        argv = [shutil.which("env") or "env", "PHP_CLI_SERVER_WORKERS=3", _program("php")]
        argv += [word for each in settings for word in ("-d", each)]
        argv += ["-S", f"127.0.0.1:{self.port}", "-t", str(self._site), str(self.directory / "router.php")]
        self.web.start(argv, self._answers)

    def stop(self) -> None:
        """End the web server and the database."""
        self.web.stop()
        self.database.stop()

    def freeze(self) -> None:
        """Stop both: connections stand, and nothing answers."""
        self.web.freeze()
        self.database.freeze()

    def thaw(self) -> None:
        """Let both go on."""
        self.database.thaw()
        self.web.thaw()

    def ask(self, statement: str) -> list[list[str]]:
        """Return the rows that the database itself has for an SQL statement."""
        argv = [_program("mariadb"), f"--defaults-file={self.directory}/client.cnf", "--batch", "--skip-column-names"]
        done = subprocess.run([*argv, "wp", "-e", statement], capture_output=True, text=True, check=True, timeout=20)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def posts(self, slug: str) -> list[list[str]]:
        """Return number, slug and status of the posts whose slug begins with `slug`, the oldest first."""
        like = slug.replace("'", "''")
        return self.ask(
            "SELECT ID, post_name, post_status FROM wp_posts "
            f"WHERE post_type = 'post' AND post_name LIKE '{like}%' ORDER BY ID"
        )

    def permalinks(self, structure: str = "/%postname%/") -> None:
        """Give posts' addresses another form; an empty one is what WordPress calls plain."""
        self.ask(f"UPDATE wp_options SET option_value = '{structure}' WHERE option_name = 'permalink_structure'")
        self.ask("UPDATE wp_options SET option_value = '' WHERE option_name = 'rewrite_rules'")

    def _make_database(self) -> None:
        init = (
            "CREATE DATABASE IF NOT EXISTS wp CHARACTER SET utf8mb4;\n"
            f"CREATE USER IF NOT EXISTS wp@localhost IDENTIFIED BY '{self._password}';\n"
            "GRANT ALL ON wp.* TO wp@localhost;\n"
        )
        _keep(self.directory / "init.sql", init)
        client = f"[client]\nuser=wp\npassword={self._password}\nsocket={self._socket}\ndefault-character-set=utf8mb4\n"
        _keep(self.directory / "client.cnf", client)
        argv = [_program("mariadb-install-db"), "--no-defaults", *self._where(), "--skip-test-db"]
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=60)
        assert done.returncode == 0, done.stdout.decode(errors="replace")

    def _install(self) -> None:
        password = secrets.token_hex(16)
        form = {"weblog_title": "Status", "user_name": "admin", "admin_email": "admin@example.test", "language": ""}
        form |= {"admin_password": password, "admin_password2": password, "pw_weak": "1", "blog_public": "0"}
        url = f"{self.url}/wp-admin/install.php?step=2"
        reply = httpx.post(url, data=form, timeout=60, trust_env=False)
        assert "Success!" in reply.text, reply.text
        argv = [_program("php"), str(self.directory / "users.php"), str(self._site)]
        self.passwords = json.loads(subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout)

    def _where(self) -> tuple[str, str]:
        return f"--user={getpass.getuser()}", f"--datadir={self.directory}/db"

    def _greets(self) -> bool:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(1)
            sock.connect(str(self._socket))
            return b"MariaDB" in sock.recv(200)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/who")
            return connection.getresponse().read() == self._token.encode()
        except http.client.HTTPException:
            return False
        finally:
            connection.close()


def _program(name: str) -> str:
    program = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert program, INSTALL.format(name)
    return program


def _keep(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)  # the package brings a configuration that all can read
    path.touch(0o600)
    path.write_text(text)
