"""Codings undone: every one of the web, what browsers forgive, and what no small body may become."""

import contextlib
import gzip
import time
import tracemalloc
import zlib
from functools import partial

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from outagetui.protocols.http_coding import CodingError, UnknownCodingError, undone

gzipped = partial(gzip.compress, mtime=0)  # the same each time, since it is part of a name

TEXT = b"<p>hello world</p>" * 40
LIMIT = 1 << 20
HEAD = b"\x1f\x8b\x08\x00\0\0\0\0\x00\x03"


def raw(data: bytes) -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return machine.compress(data) + machine.flush()


def zstd(data: bytes, **options: int) -> bytes:
    parameters = zstandard.ZstdCompressionParameters(**options)
    return bytes(zstandard.ZstdCompressor(compression_params=parameters).compress(data))


@pytest.mark.parametrize(
    ("codings", "body"),
    [
        ([], TEXT),
        (["identity"], TEXT),
        (["none"], TEXT),
        (["gzip"], gzipped(TEXT)),
        (["x-gzip"], gzipped(TEXT)),
        (["deflate"], zlib.compress(TEXT)),
        (["deflate"], raw(TEXT)),
        (["br"], brotli.compress(TEXT)),
        (["zstd"], zstd(TEXT)),
        (["zstd"], zstd(TEXT[:100]) + zstd(TEXT[100:])),
        (["zstd"], b"\x50\x2a\x4d\x18\x03\0\0\0abc" + zstd(TEXT)),
        (["gzip", "br"], brotli.compress(gzipped(TEXT))),
        (["br", "identity", "gzip"], gzipped(brotli.compress(TEXT))),
        (["gzip", "gzip"], gzipped(gzipped(TEXT))),
        (["gzip", "gzip"], gzipped(TEXT)),
        (["gzip"], b"\x1f\x8b\x08\x1e\0\0\0\0\0\x03\x04\0abcdname\0comment\0\0\0" + raw(TEXT)),
        (["gzip"], gzipped(TEXT)[:-8]),
        (["gzip"], gzipped(TEXT)[:-8] + b"\0" * 8),
        (["gzip"], gzipped(TEXT) + b"garbage"),
        (["gzip"], gzipped(TEXT) + gzipped(b"another member, which no browser shows")),
        (["deflate"], zlib.compress(TEXT)[:-4]),
        (["zstd"], zstd(TEXT) + b"garbage"),
    ],
)
def test_each_is_undone_in_order(codings: list[str], body: bytes) -> None:
    assert undone(body, codings, LIMIT) == TEXT


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_nothing_is_coded_in_no_way(coding: str) -> None:
    assert undone(b"", [coding], LIMIT) == b""


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        *((coding, TEXT) for coding in ("gzip", "deflate", "br", "zstd")),
        ("gzip", gzipped(TEXT)[:-12]),
        ("gzip", b"\x1f"),
        ("gzip", b"\x1f\x8b\x08\x08\0\0\0\0\0\x03name without end"),
        ("gzip", HEAD),
        ("gzip", HEAD + b"\xff" * 9),
        ("deflate", zlib.compress(TEXT)[:-8]),
        ("br", brotli.compress(TEXT)[:-3]),
        ("zstd", zstd(TEXT)[:-3]),
        ("zstd", zstd(b"x" * 500_000, window_log=27)[:6]),
        ("zstd", b"\x50\x2a\x4d\x18\0\0\0\0" * 1000),
    ],
)
def test_what_is_not_as_it_says_is_the_server_s_failure(coding: str, body: bytes) -> None:
    with pytest.raises(CodingError) as caught:
        undone(body, [coding], LIMIT)
    assert TEXT.startswith(caught.value.so_far)


def test_a_window_beyond_what_browsers_allow_is_refused() -> None:
    with pytest.raises(CodingError):
        undone(zstd(b"\0" * (64 << 20), window_log=27), ["zstd"], LIMIT)


@pytest.mark.parametrize("codings", [["rot13"], ["gzip", "compress"], ["gzip"] * 6, ["*"], ["gzip;q=1"]])
def test_what_is_not_read_here_is_ours(codings: list[str]) -> None:
    with pytest.raises(UnknownCodingError):
        undone(b"x", codings, LIMIT)


NOUGHTS = b"\0" * (64 << 20)


@pytest.mark.parametrize(
    ("codings", "body"),
    [
        (["gzip"], gzipped(NOUGHTS)),
        (["deflate"], zlib.compress(NOUGHTS)),
        (["zstd"], zstd(NOUGHTS)),
        (["gzip", "gzip"], gzipped(gzipped(NOUGHTS))),
        (["br"], brotli.compress(NOUGHTS, quality=5)),
    ],
)
def test_a_bomb_becomes_little_more_than_the_limit(codings: list[str], body: bytes) -> None:
    tracemalloc.start()
    began = time.process_time()
    found = undone(body, codings, LIMIT)
    assert time.process_time() - began < 2
    assert LIMIT < len(found) < 4 * LIMIT
    assert tracemalloc.get_traced_memory()[1] < 8 * LIMIT
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", HEAD + b"\0\0\0\xff\xff" * 200_000),  # stored blocks of nothing
        ("zstd", b"\x28\xb5\x2f\xfd\x04\x00" + b"\0\0\0" * 300_000),
        ("zstd", (b"\x28\xb5\x2f\xfd\x20\x00\x01\0\0") * 100_000),
        ("br", b"\x5b\xff\xff" + b"\x0c" * 900_000),
    ],
)
def test_much_that_becomes_nothing_ends_soon(coding: str, body: bytes) -> None:
    began = time.process_time()
    with contextlib.suppress(CodingError):
        undone(body, [coding], LIMIT)
    assert time.process_time() - began < 2


@given(st.binary(max_size=400), st.lists(st.sampled_from(["gzip", "deflate", "br", "zstd", "identity"]), max_size=5))
def test_noise_raises_nothing_else(body: bytes, codings: list[str]) -> None:
    with contextlib.suppress(CodingError):
        undone(body, codings, 1000)


@given(st.binary(max_size=3000), st.sampled_from([zlib.compress, raw, gzip.compress, brotli.compress, zstd]))
def test_whatever_was_coded_comes_back(data: bytes, code: object) -> None:
    names = {zlib.compress: "deflate", gzip.compress: "gzip", brotli.compress: "br", zstd: "zstd"}
    assert callable(code)
    if code is raw and len(data) < 1:
        return  # its two bytes are no wrapper by chance only
    assert undone(code(data), [names.get(code, "deflate")], LIMIT) == data
