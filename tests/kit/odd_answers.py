"""HTTP answers as real and hostile servers give them, what is to be made of each, and where curl sees it otherwise."""

import gzip
import zlib
from functools import partial
from typing import NamedTuple

import brotli
import zstandard

gzipped = partial(gzip.compress, mtime=0)  # the same each time, since it is part of a name

PAGE = b"<p>hello world</p>"
SIZE = len(PAGE)
LENGTH = f"Content-Length: {SIZE}"
CHUNKED = "Transfer-Encoding: chunked"
OK = b"HTTP/1.1 200 OK"
IN_CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (SIZE, PAGE)
PROTOCOL, CODING, NO_REPLY = "http.protocol", "http.coding", "http.no-reply"


class Odd(NamedTuple):
    """An answer; the body that comes of it, or the code of the failure; why curl makes something else of it."""

    answer: bytes
    meant: bytes | str = PAGE
    unlike_curl: str = ""


def said(*lines: str | bytes, body: bytes = PAGE, status: bytes = OK) -> bytes:
    """An answer with these header lines."""
    coded = (line if isinstance(line, bytes) else line.encode() for line in lines)
    return b"".join(line + b"\r\n" for line in (status, *coded, b"")) + body


def raw_deflate(data: bytes) -> bytes:
    """Deflate without the wrapper of zlib."""
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return machine.compress(data) + machine.flush()


CHROMIUM = "Chromium reads it, curl is stricter"
ZIPPED = gzipped(PAGE)
_CODED = "Content-Encoding: gzip"

ODD_ANSWERS = {
    "plain": Odd(said(LENGTH)),
    "a space before the colon": Odd(said("X-XSS-Protection : 1; mode=block", LENGTH)),
    "a space before the colon of the length": Odd(said(f"Content-Length : {SIZE}", body=PAGE + b"garbage")[:-7]),
    "a space before the colon of the framing": Odd(
        said("Transfer-Encoding : chunked", body=IN_CHUNKS), unlike_curl="Chromium strips the space, curl the header"
    ),
    "a slash in a name": Odd(said("cache-result/forum.php: userdata not support", LENGTH)),
    "a name with spaces": Odd(said("My Header: x", LENGTH)),
    "a name beyond ASCII": Odd(said("Schlüssel: ß", LENGTH)),
    "bytes that are no UTF-8": Odd(said(b"Schl\xfcssel: \xdf", LENGTH)),
    "no name": Odd(said(": x", LENGTH)),
    "a line without a colon": Odd(said("hello there", LENGTH), unlike_curl=CHROMIUM),
    "bare line feeds": Odd(said(LENGTH).replace(b"\r\n", b"\n")),
    "mixed line ends": Odd(said(b"X: 1\nY: 2", LENGTH)),
    "a bare carriage return": Odd(said(b"X: 1\rY: 2", LENGTH)),
    "a folded line": Odd(said("X: a\r\n b\r\n\tc", LENGTH)),
    "a folded length": Odd(said(f"Content-Length:\r\n {SIZE}"), unlike_curl=CHROMIUM),
    "a fold with nothing before": Odd(said(" folded: x", LENGTH), unlike_curl=CHROMIUM),
    "an empty line ahead": Odd(b"\r\n" + said(LENGTH), unlike_curl=CHROMIUM),
    "empty lines ahead": Odd(b"\n\r\n\n" + said(LENGTH), unlike_curl=CHROMIUM),
    "a byte-order mark ahead": Odd(b"\xef\xbb\xbf" + said(LENGTH), unlike_curl=CHROMIUM),
    "no reason": Odd(said(LENGTH, status=b"HTTP/1.1 200")),
    "no reason, and a space": Odd(said(LENGTH, status=b"HTTP/1.1 200 ")),
    "a reason without a space": Odd(said(LENGTH, status=b"HTTP/1.1 200OK")),
    "a reason beyond ASCII": Odd(said(LENGTH, status="HTTP/1.1 200 Schön".encode())),
    "a reason that is no UTF-8": Odd(said(LENGTH, status=b"HTTP/1.1 200 Sch\xf6n")),
    "two spaces": Odd(said(LENGTH, status=b"HTTP/1.1  200  OK")),
    "a status line in lower case": Odd(said(LENGTH, status=b"http/1.1 200 ok")),
    "HTTP/1.0": Odd(said(LENGTH, status=b"HTTP/1.0 200 OK")),
    "HTTP/1.0 until the end": Odd(said(status=b"HTTP/1.0 200 OK")),
    "HTTP/1.2": Odd(said(LENGTH, status=b"HTTP/1.2 200 OK"), unlike_curl=CHROMIUM),
    "HTTP/2 in letters": Odd(said(LENGTH, status=b"HTTP/2 200 OK")),
    "HTTP/2.0 in letters": Odd(said(LENGTH, status=b"HTTP/2.0 200 OK")),
    "HTTP/0.9": Odd(PAGE, PROTOCOL),
    "Shoutcast": Odd(said(LENGTH, status=b"ICY 200 OK"), PROTOCOL),
    "no status": Odd(said(LENGTH, status=b"HTTP/1.1"), PROTOCOL),
    "a word for a status": Odd(said(LENGTH, status=b"HTTP/1.1 OK"), PROTOCOL),
    "a status of two digits": Odd(said(LENGTH, status=b"HTTP/1.1 20 OK"), PROTOCOL),
    "a status of four digits": Odd(said(LENGTH, status=b"HTTP/1.1 2000 OK"), PROTOCOL),
    "100 first": Odd(b"HTTP/1.1 100 Continue\r\n\r\n" + said(LENGTH)),
    "103 first": Odd(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 3\r\n\r\n" + said(LENGTH)),
    "102 three times": Odd(b"HTTP/1.1 102 Processing\r\n\r\n" * 3 + said(LENGTH)),
    "101 unasked": Odd(
        said("Upgrade: x", "Connection: upgrade", status=b"HTTP/1.1 101 Go"), PROTOCOL, "curl takes it for the page"
    ),
    "until the end": Odd(said()),
    "the length twice": Odd(said(LENGTH, LENGTH)),
    "the length as a list": Odd(said(f"Content-Length: {SIZE}, {SIZE}")),
    "the length with a nought": Odd(said(f"Content-Length: 0{SIZE}")),
    "lengths that differ": Odd(said(LENGTH, "Content-Length: 5"), PROTOCOL, "curl takes the last"),
    "lengths that differ in a list": Odd(said(f"Content-Length: {SIZE}, 5"), PROTOCOL, "curl takes the first"),
    "lengths that differ by a sign": Odd(said(LENGTH, f"Content-Length: +{SIZE}"), PROTOCOL, "curl takes the last"),
    "a length with a sign": Odd(said(f"Content-Length: +{SIZE}")),
    "a negative length": Odd(said("Content-Length: -1"), unlike_curl=CHROMIUM),
    "a length in words": Odd(said("Content-Length: many"), unlike_curl=CHROMIUM),
    "a length of thousands of digits": Odd(said("Content-Length: " + "9" * 5000)),
    "no length behind the colon": Odd(said("Content-Length:"), unlike_curl=CHROMIUM),
    "less than the length": Odd(said(f"Content-Length: {SIZE + 10}"), PROTOCOL),
    "garbage behind the length": Odd(said(LENGTH, body=PAGE + b"garbage")),
    "chunks": Odd(said(CHUNKED, body=IN_CHUNKS)),
    "chunks and garbage": Odd(said(CHUNKED, body=IN_CHUNKS + b"garbage")),
    "chunks with extensions": Odd(said(CHUNKED, body=b'%x;a=b;c="d"\r\n%s\r\n0;e\r\n\r\n' % (SIZE, PAGE))),
    "chunks with spaces": Odd(said(CHUNKED, body=b"%x  \r\n%s\r\n0\r\n\r\n" % (SIZE, PAGE))),
    "chunks with noughts": Odd(
        said(CHUNKED, body=b"%030x\r\n%s\r\n000\r\n\r\n" % (SIZE, PAGE)), unlike_curl="curl counts digits"
    ),
    "chunks with line feeds": Odd(said(CHUNKED, body=IN_CHUNKS.replace(b"\r\n", b"\n"))),
    "chunks with a trailer": Odd(said(CHUNKED, body=IN_CHUNKS[:-2] + b"X-Sum: 5\r\n\r\n")),
    "chunks without an end": Odd(said(CHUNKED, body=IN_CHUNKS[:-5]), PROTOCOL),
    "chunks cut before the last line": Odd(said(CHUNKED, body=IN_CHUNKS[:-2]), PROTOCOL),
    "a chunk cut off": Odd(said(CHUNKED, body=IN_CHUNKS[:9]), PROTOCOL),
    "a chunk longer than its size": Odd(said(CHUNKED, body=b"5\r\n%s\r\n0\r\n\r\n" % PAGE), PROTOCOL),
    "a chunk in Python's hexadecimal": Odd(said(CHUNKED, body=b"0x" + IN_CHUNKS), PROTOCOL),
    "a chunk of negative size": Odd(said(CHUNKED, body=b"-" + IN_CHUNKS), PROTOCOL),
    "chunks that are none": Odd(said(CHUNKED), PROTOCOL),
    "chunks and a length": Odd(said(CHUNKED, "Content-Length: 5", body=IN_CHUNKS)),
    "chunks twice": Odd(said(CHUNKED, CHUNKED, body=IN_CHUNKS)),
    "chunks in capitals": Odd(said(CHUNKED.upper(), body=IN_CHUNKS)),
    "chunks by HTTP/1.0": Odd(said(CHUNKED, body=IN_CHUNKS, status=b"HTTP/1.0 200 OK")),
    "framed as identity": Odd(said("Transfer-Encoding: identity", LENGTH)),
    "framed as identity until the end": Odd(said("Transfer-Encoding: identity")),
    "framed as identity and in chunks": Odd(said("Transfer-Encoding: identity, chunked", body=IN_CHUNKS)),
    "framed as nothing": Odd(said("Transfer-Encoding:", LENGTH)),
    "packed on the way": Odd(said("Transfer-Encoding: gzip", body=ZIPPED)),
    "packed on the way in chunks": Odd(
        said("Transfer-Encoding: gzip, chunked", body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(ZIPPED), ZIPPED))
    ),
    "a NUL in a value": Odd(said(b"X: a\0b", LENGTH), PROTOCOL),
    "a NUL in a name": Odd(said(b"X\0: a", LENGTH), PROTOCOL),
    "a control in a value": Odd(said(b"X: a\x01b\x1b[2J", LENGTH)),
    "a long header": Odd(said("X: " + "y" * 90_000, LENGTH)),
    "a thousand headers": Odd(said(*(f"X-{number}: y" for number in range(1000)), LENGTH)),
    "headers beyond every bound": Odd(said("X: " + "y" * 400_000, LENGTH), PROTOCOL),
    "closed within the headers": Odd(OK + b"\r\nX: y\r\n", PROTOCOL, "curl takes it for an empty page"),
    "closed within the status line": Odd(OK, PROTOCOL),
    "closed at once": Odd(b"", NO_REPLY),
    "204 with a body": Odd(said(LENGTH, status=b"HTTP/1.1 204 No Content"), b""),
    "304": Odd(said(LENGTH, status=b"HTTP/1.1 304 Not Modified", body=b""), b""),
    "gzip": Odd(said(_CODED, body=ZIPPED)),
    "x-gzip": Odd(said("Content-Encoding: x-gzip", body=ZIPPED)),
    "gzip in capitals": Odd(said("CONTENT-ENCODING: GZIP", body=ZIPPED)),
    "gzip twice": Odd(said(_CODED, _CODED, body=gzipped(ZIPPED))),
    "gzip once, said twice": Odd(said(_CODED, _CODED, body=ZIPPED), unlike_curl="ours looks at the bytes"),
    "gzip without a checksum": Odd(said(_CODED, body=ZIPPED[:-8])),
    "gzip with a wrong checksum": Odd(said(_CODED, body=ZIPPED[:-8] + b"\0" * 8), unlike_curl=CHROMIUM),
    "gzip and garbage": Odd(said(_CODED, body=ZIPPED + b"garbage"), unlike_curl=CHROMIUM),
    "gzip cut off": Odd(said(_CODED, body=ZIPPED[:-12]), CODING, "curl takes what came"),
    "gzip that is none": Odd(said(_CODED), CODING),
    "gzip of nothing": Odd(said(_CODED, "Content-Length: 0", body=b""), b""),
    "deflate": Odd(said("Content-Encoding: deflate", body=zlib.compress(PAGE))),
    "deflate without its wrapper": Odd(said("Content-Encoding: deflate", body=raw_deflate(PAGE))),
    "brotli": Odd(said("Content-Encoding: br", body=brotli.compress(PAGE))),
    "zstd": Odd(said("Content-Encoding: zstd", body=zstandard.compress(PAGE))),
    "gzip, then brotli": Odd(said("Content-Encoding: gzip, br", body=brotli.compress(ZIPPED))),
    "identity": Odd(said("Content-Encoding: identity", LENGTH)),
    "none": Odd(said("Content-Encoding: none", LENGTH)),
    "no coding behind the colon": Odd(said("Content-Encoding:", LENGTH)),
}
