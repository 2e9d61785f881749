"""The guard that keeps a drill at home, in a process of its own since nothing takes it off again."""

import subprocess
import sys
import textwrap

import pytest

SOCKETS = "import socket; s = socket.socket(); d = socket.socket(type=socket.SOCK_DGRAM); i = socket.AF_INET6; "
SIX = "x = socket.socket(socket.AF_INET6); "


def guarded(code: str) -> str:
    """Run `code` in a process that has the guard; return what it raised."""
    program = f"""
import sys
import os, subprocess
from outagetui.machine.loopback_only import loopback_only
{SOCKETS + SIX}
loopback_only(("true", "python9"))
try:
    {code}
except BaseException as error:
    print(type(error).__name__, error)
else:
    print("passed")
"""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], check=False, capture_output=True, text=True, timeout=30
    )
    return done.stdout.strip() or done.stderr


@pytest.mark.parametrize(
    "code",
    [
        "s.connect(('192.0.2.1', 80))",
        "s.connect_ex(('192.0.2.1', 80))",
        "d.connect(('198.51.100.1', 53))",
        "d.sendto(b'x', ('203.0.113.9', 53))",
        "d.sendmsg([b'x'], [], 0, ('203.0.113.9', 53))",
        "d.sendto(b'x', ('<broadcast>', 53))",
        "s.connect(('0.0.0.0', 80))",
        "x.connect(('2001:db8::1', 80))",
        "x.connect(('fe80::1%lo', 80))",
        "x.connect(('::ffff:192.0.2.1', 80))",
        "socket.getaddrinfo('example.net', 80)",
        "socket.getaddrinfo(b'example.net', 80)",
        "socket.getaddrinfo('192.0.2.1', 80)",
        "socket.gethostbyname('example.net')",
        "socket.gethostbyaddr('192.0.2.1')",
        "socket.gethostbyname_ex('example.net')",
        "socket.getnameinfo(('192.0.2.1', 80), 0)",
        "socket.create_connection(('example.net', 80), 1)",
        "import asyncio; asyncio.run(asyncio.open_connection('192.0.2.1', 80))",
        "import urllib.request; urllib.request.urlopen('http://192.0.2.1/', timeout=1)",
        "import httpx; httpx.get('https://example.net/')",
        # The machine's own resolver and mail relay pass on what they get.
        "d.sendto(b'x', ('127.0.0.53', 53))",
        "d.sendto(b'x', ('127.0.0.1', 5353))",
        "s.connect(('127.0.0.1', 25))",
        "s.connect_ex(('127.0.0.1', 853))",
        # What has no address to look at.
        "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
        "socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)",
        # A program has no guard of ours.
        "subprocess.run(['curl', 'http://127.0.0.1/'])",
        "subprocess.run(['/bin/sh', '-c', 'true'])",
        "subprocess.run([b'/bin/sh', '-c', 'true'])",
        "subprocess.run('true', shell=True)",
        "subprocess.run(['true'], executable='/bin/sh')",
        "os.system('true')",
        "os.popen('true')",
        "os.execv('/bin/sh', ['true'])",
        "os.posix_spawn('/bin/sh', ['true'], {})",
        "import asyncio; asyncio.run(asyncio.create_subprocess_exec('/bin/sh'))",
        "import pty; pty.spawn('/bin/sh')",
    ],
)
def test_the_guard_refuses_whatever_leaves_the_machine(code: str) -> None:
    told = guarded(code)
    assert told.startswith(("PermissionError", "ConnectError", "URLError")), told
    assert "a drill" in told


@pytest.mark.parametrize(
    "code",
    [
        "p = socket.create_server(('127.0.0.1', 0)); s.connect(p.getsockname())",
        "p = socket.create_server(('127.0.0.1', 0)); socket.create_connection(('localhost', p.getsockname()[1]))",
        "d.sendto(b'x', ('127.0.0.1', 9999))",
        "d.sendto(b'x', ('127.9.9.9', 9999))",
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).sendto(bytes(16), (0, 0))",
        "subprocess.run(['true'], check=True)",
        "subprocess.run(['/bin/true'], close_fds=False, check=True)",
        "import asyncio; asyncio.run(asyncio.create_subprocess_exec('true'))",
        "socket.getaddrinfo('127.0.0.1', 80)",
        "socket.getaddrinfo('::1', 80)",
        "socket.getaddrinfo(None, 80)",
        "a, b = socket.socketpair(); a.send(b'x')",
        "a, b = socket.socketpair(); a.sendmsg([b'x'])",
    ],
)
def test_the_guard_lets_loopback_through(code: str) -> None:
    assert guarded(code) == "passed"
