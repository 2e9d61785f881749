"""A detached Ed25519 signature in OpenSSH's form (PROTOCOL.sshsig), made by `ssh-keygen -Y sign`.

Everybody has the program to check it with, and no library is needed to make it. The key reaches the program in memory:
it is neither in a file of ours nor in an argument.
"""

import base64
import binascii
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

NAMESPACE = "outagetui-accounts"  # a signature made for another purpose is none for this one
KIND = "ssh-ed25519"
_PATH = "/usr/bin:/bin:/usr/local/bin"
_PATIENCE = 10.0  # seconds
_ADVICE = "expected an Ed25519 private key without a passphrase (ssh-keygen -t ed25519 -N '' -f FILE)"


class SigningError(Exception):
    """Nothing could be signed; the message says what to do and holds nothing of the key."""


class Signature(Struct, frozen=True):
    """A signature with what it takes to check it: the public key (`ssh-ed25519 AAAA…`) and its fingerprint."""

    key: str
    fingerprint: str
    armored: bytes


def sign(content: bytes, private: str) -> Signature:
    """Sign `content` with a private key as `ssh-keygen` writes it, for NAMESPACE. SigningError when that fails."""
    program = shutil.which("ssh-keygen", path=_PATH)
    if program is None:
        raise SigningError("ssh-keygen is not installed: apt-get install openssh-client")
    with _in_memory(private) as (place, descriptor):
        # An empty passphrase, so that it asks nobody for one.
        kind, _, blob = _run([program, "-y", "-P", "", "-f", place], b"", descriptor).decode().strip().partition(" ")
        blob = blob.partition(" ")[0]
        if kind != KIND:
            raise SigningError(f"the key is of type {kind}; {_ADVICE}")
        armored = _run([program, "-Y", "sign", "-f", place, "-n", NAMESPACE], content, descriptor)
    return Signature(f"{kind} {blob}", fingerprint(blob), armored)


def fingerprint(blob: str) -> str:
    """Return the fingerprint of a public key, given as base64, as OpenSSH writes it."""
    try:
        digest = hashlib.sha256(base64.b64decode(blob, validate=True)).digest()
    except (ValueError, binascii.Error) as error:
        raise SigningError("ssh-keygen gave no public key") from error
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def signers(identity: str, signature: Signature) -> str:
    """Return the line of an `allowed_signers` file that lets `identity` sign for NAMESPACE, and nothing else."""
    return f'{identity} namespaces="{NAMESPACE}" {signature.key}\n'


def verify_command(identity: str, name: str, signers_name: str) -> str:
    """Return what to type to check the file `name` against the signature beside it."""
    return f"ssh-keygen -Y verify -f {signers_name} -I {identity} -n {NAMESPACE} -s {name}.sig < {name}"


@contextmanager
def _in_memory(private: str) -> Iterator[tuple[str, int]]:
    descriptor = os.memfd_create("key", os.MFD_CLOEXEC)
    try:
        os.fchmod(descriptor, 0o600)  # ssh-keygen refuses a key that others could read
        os.write(descriptor, private.rstrip("\n").encode() + b"\n")
        yield f"/proc/self/fd/{descriptor}", descriptor
    finally:
        os.close(descriptor)


def _run(argv: list[str], given: bytes, descriptor: int) -> bytes:
    environment = {"PATH": _PATH, "LANG": "C.UTF-8", "SSH_ASKPASS_REQUIRE": "never"}
    try:
        done = subprocess.run(
            argv,
            input=given,
            capture_output=True,
            check=False,
            pass_fds=(descriptor,),
            env=environment,
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired as error:
        raise SigningError("ssh-keygen did not end in time") from error
    except OSError as error:
        raise SigningError(f"ssh-keygen could not be run: {error.strerror}") from error
    if done.returncode != 0 or not done.stdout:
        raise SigningError(f"ssh-keygen cannot use the key; {_ADVICE}")
    return done.stdout
