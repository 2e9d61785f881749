"""A plain SIP reply, and messages that are none."""

PLAIN = (
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKx\r\nFrom: <sip:a@h>;tag=1\r\n"
    b"To: <sip:b@h>;tag=2\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n\r\n"
)
TORTURE = [
    b"",
    b"\r\n\r\n",
    b"\0" * 40,
    PLAIN[:-2],  # unterminated
    PLAIN.replace(b"SIP/2.0 200", b"SIP/7.0 200"),
    PLAIN.replace(b"200 OK", b"4294967301 better not break the receiver"),
    PLAIN.replace(b"200 OK", b"099 low"),
    PLAIN.replace(b"200 OK", b"700 high"),
    PLAIN.replace(b"200 OK", b"\xd9\xa2\xd9\xa0\xd9\xa0 OK"),  # digits, but not ours
    PLAIN.replace(b"200 OK", b"2_0 OK"),
    PLAIN.replace(b"CSeq: 1 OPTIONS", b"CSeq: 1"),
    PLAIN.replace(b"CSeq: 1 OPTIONS", b"CSeq: 36893488147419103232a OPTIONS"),
    PLAIN.replace(b"CSeq: 1 OPTIONS", b"CSeq: -1 OPTIONS"),
    PLAIN.replace(b"CSeq: 1 OPTIONS", b"CSeq: 1 OPTIONS\r\nCSeq: 2 OPTIONS"),
    PLAIN.replace(b"Call-ID: c\r\n", b""),
    PLAIN.replace(b"From: <sip:a@h>;tag=1\r\n", b""),
    PLAIN.replace(b"Via: ", b"Via-Not: "),
    PLAIN.replace(b"SIP/2.0/UDP 127", b"SIP/2.0/UDP\t\t;;,;,,"),
    PLAIN.replace(b"Call-ID: c", b"Call-ID: c\nInjected: yes"),
    PLAIN.replace(b"Call-ID: c", b"Call-ID"),
    PLAIN.replace(b"Call-ID: c", b"Call-ID: " + b"c" * 70000),
    PLAIN[:-2] + b"Content-Length: 9999\r\n\r\n",
    PLAIN[:-2] + b"Content-Length: -999\r\n\r\n",
    PLAIN[:-2] + b"Content-Length: 1e3\r\n\r\n",
    PLAIN[:-2] + b"X: y\r\n" * 1000 + b"\r\n",
    PLAIN.replace(b"SIP/2.0 200 OK", b"OPTIONS sip:a@h SIP/2.0").replace(b"CSeq: 1 OPTIONS", b"CSeq: 1 INVITE"),
    PLAIN.replace(b"SIP/2.0 200 OK", b"OPTIONS  sip:a@h  SIP/2.0"),
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
]
