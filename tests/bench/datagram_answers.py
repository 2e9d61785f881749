"""Answers DNS queries and SIP requests over UDP, as cheaply as can be: `python -m tests.bench.datagram_answers`.

Prints the two ports as JSON on one line and answers until it is ended.
"""

import json
import selectors
import socket

_ADDRESS = b"\xc0\x0c\0\1\0\1\0\0\0\x1e\0\4\xc0\0\2\1"  # the name of the question, A, IN, 30 s, 192.0.2.1
_REPEATED = (b"via:", b"from:", b"to:", b"call-id:", b"cseq:")  # RFC 3261 section 8.2.6.2


def dns_answer(query: bytes) -> bytes:
    """Return the reply to a query for one address."""
    return query[:2] + b"\x84\0\0\1\0\1\0\0\0\0" + query[12:] + _ADDRESS


def sip_answer(request: bytes) -> bytes:
    """Return 200 OK, with what a small exchange says of itself."""
    kept = [line for line in request.split(b"\r\n") if line.lower().startswith(_REPEATED)]
    own = [b"Server: bench", b"Allow: INVITE, ACK, BYE, CANCEL, OPTIONS", b"Accept: application/sdp"]
    tagged = [line + b";tag=1" if line.lower().startswith(b"to:") else line for line in kept]
    return b"\r\n".join([b"SIP/2.0 200 OK", *tagged, *own, b"Content-Length: 0", b"", b""])


def main() -> None:
    """Serve for ever."""
    waiting = selectors.DefaultSelector()
    ports = {}
    for name, answer in (("dns", dns_answer), ("sip", sip_answer)):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        waiting.register(sock, selectors.EVENT_READ, (sock, answer))
        ports[name] = sock.getsockname()[1]
    print(json.dumps(ports), flush=True)
    while True:
        for key, _ in waiting.select():
            sock, answer = key.data
            data, source = sock.recvfrom(4096)
            sock.sendto(answer(data), source)


if __name__ == "__main__":
    main()
