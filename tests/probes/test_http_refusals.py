"""What `http` says of a page that is none, by the pages that front ends give in its stead."""

import pytest
from outagetui.net.vantage import Vantage
from tests.kit.scripted_servers import answering, look_at, reply, serve


@pytest.mark.parametrize(
    ("status", "body", "more", "detail"),
    [
        # nginx, Varnish, HAProxy, Envoy, Cloudflare as they are, and what tells nothing or may be anything.
        (
            "400 Bad Request",
            b"<html>\r\n<head><title>400 No required SSL certificate was sent</title></head>",
            "X: y",
            "400 Bad Request, it says '400 No required SSL certificate was sent'",
        ),
        (
            "503 Backend fetch failed",
            b"<!DOCTYPE html>\n<html>\n  <head>\n    <title>503 Backend fetch failed</title>",
            "Retry-After: 5",
            "503 Service Unavailable, it says '503 Backend fetch failed'; it asks to wait 5 s",
        ),
        ("503 Busy", b"no healthy upstream", "X: y", "503 Service Unavailable, it says 'no healthy upstream'"),
        ("403 Forbidden", b"<title>Just a moment&hellip;</title>", "X: y", "403 Forbidden, it says 'Just a moment…'"),
        (
            "503 Service Temporarily Unavailable",
            b"<title>503 Service Temporarily Unavailable</title>",
            "X: y",
            "503 Service Unavailable",
        ),
        ("502 Bad Gateway", b'{"error": "secret"}', "X: y", "502 Bad Gateway"),
        ("502 Bad Gateway", b"two\nlines", "X: y", "502 Bad Gateway"),
        ("502 Bad Gateway", b"\x1b]0;x\x07evil", "X: y", "502 Bad Gateway, it says '\ufffd]0;x\ufffdevil'"),
        ("500 Internal Server Error", b"x" * 5000, "X: y", "500 Internal Server Error"),
        ("404 Not Found", b"", "Content-Type: text/html; charset=hz-gb-2312", "404 Not Found"),
    ],
)
async def test_a_refusal_is_told_with_what_the_page_says_of_itself(
    vantage: Vantage, status: str, body: bytes, more: str, detail: str
) -> None:
    async with serve(answering(reply(status, body, more))) as server:
        sample = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/")
    assert (sample.code, sample.detail) == (f"http.{status[:3]}", detail)
