"""Codings of a body undone: gzip, deflate, br and zstd, bounded in size and in slices (RFC 9110 section 8.4.1).

What browsers forgive is forgiven: a checksum that is wrong or missing, bytes behind the end, `deflate` without its
wrapper (RFC 9110 section 8.4.1.2 knows of such senders).
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final

IDENTITY: Final = frozenset({"identity", "none", ""})  # curl takes "none" for it too
MOST: Final = 5  # codings on top of each other; curl takes as many
_SLICE: Final = 1 << 14  # bytes taken, or made, at once
_WINDOW: Final = 8 << 20  # bytes a zstd frame may make us remember (RFC 9659)
_ZSTD_SLICE: Final = 64  # bytes of zstd taken at once: 4 may be 128 KiB, and its output has no other bound
_FRAMES: Final = 256  # of one body; each costs a machine of its own
_FRAME, _SKIPPED = b"\x28\xb5\x2f\xfd", b"\x2a\x4d\x18"  # how frames begin (RFC 8878 section 3.1)
_MAGIC: Final = {"gzip": b"\x1f\x8b", "x-gzip": b"\x1f\x8b", "zstd": _FRAME}
_BROKEN, _BREAKS_OFF = "its compressed data is broken", "it breaks off within its compressed data"
_FEXTRA, _FNAME, _FCOMMENT, _FHCRC = 4, 8, 16, 2  # flags of RFC 1952 section 2.3.1


class CodingError(ValueError):
    """The body is not coded as it says; `so_far` is what came of it before that showed."""

    so_far = b""


class UnknownCodingError(ValueError):
    """The body is in a coding that is not read here."""


_Undo = Callable[[bytes], Iterator[bytes]]


def undone(body: bytes, codings: Sequence[str], limit: int) -> bytes:
    """Return what `body` was before `codings` were applied, in that order: more than `limit` bytes when it was longer.

    It takes time in proportion to body and limit. Raises `UnknownCodingError` and `CodingError`.
    """
    named = [each for each in codings if each not in IDENTITY]
    for each in named:
        if each not in _UNDO:
            raise UnknownCodingError(f"it is coded as {each}, which is not read here")
    if len(named) > MOST:
        raise UnknownCodingError(f"it is coded {len(named)} times over")
    before = ""
    for coding in reversed(named):
        if coding == before and coding in _MAGIC and not body.startswith(_MAGIC[coding]):
            continue  # said twice, by a server and its proxy, and done once
        before = coding
        parts = bytearray()
        try:
            for part in _UNDO[coding](body) if body else ():  # nothing is coded in no way, as for browsers
                parts += part
                if len(parts) > limit:
                    break
        except CodingError as error:
            error.so_far = bytes(parts)
            raise
        body = bytes(parts)
    return body


def _gunzip(body: bytes) -> Iterator[bytes]:
    return _inflate(body, _behind_gzip_head(body))


def _inflate_any(body: bytes) -> Iterator[bytes]:
    wrapped = len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    return _inflate(body, 2 if wrapped else 0)


def _inflate(body: bytes, at: int) -> Iterator[bytes]:
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        while not machine.eof:
            waiting = machine.unconsumed_tail
            if not waiting:
                waiting = body[at : at + _SLICE]
                at += len(waiting)
            if not waiting:
                raise CodingError(_BREAKS_OFF)
            yield machine.decompress(waiting, _SLICE)
    except zlib.error:
        raise CodingError(_BROKEN) from None


def _behind_gzip_head(body: bytes) -> int:
    """Return where the compressed data begins (RFC 1952 section 2.3)."""
    if body[:3] != b"\x1f\x8b\x08"[: len(body)] or len(body) < 10:
        raise CodingError("it is not gzip, though it says so")
    flags, at = body[3], 10
    if flags & _FEXTRA:
        at += 2 + int.from_bytes(body[at : at + 2], "little")
    for flag in (_FNAME, _FCOMMENT):
        if flags & flag:
            end = body.find(b"\0", at)
            if end < 0:
                raise CodingError("it breaks off within its gzip header")
            at = end + 1
    return at + 2 if flags & _FHCRC else at


def _unbrotli(body: bytes) -> Iterator[bytes]:
    import brotli

    machine, at = brotli.Decompressor(), 0
    try:
        while not machine.is_finished():
            part = b""
            if machine.can_accept_more_data():
                part = body[at : at + _SLICE]
                at += len(part)
                if not part:
                    raise CodingError(_BREAKS_OFF)
            yield machine.process(part, output_buffer_limit=_SLICE)
    except brotli.error:
        raise CodingError(_BROKEN) from None


def _unzstd(body: bytes) -> Iterator[bytes]:
    import zstandard

    at = frames = 0
    try:
        while at < len(body) and (not at or body[at : at + 4] == _FRAME or body[at + 1 : at + 4] == _SKIPPED):
            frames += 1
            if frames > _FRAMES:
                raise CodingError(f"it is made of more than {_FRAMES} frames")
            machine = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj(write_size=_SLICE)
            while not machine.eof:
                part = body[at : at + _ZSTD_SLICE]
                if not part:
                    raise CodingError(_BREAKS_OFF)
                yield machine.decompress(part)
                at += len(part) - len(machine.unused_data)
    except zstandard.ZstdError:
        raise CodingError(_BROKEN) from None


_UNDO: Final[dict[str, _Undo]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate_any,
    "br": _unbrotli,
    "zstd": _unzstd,
}
