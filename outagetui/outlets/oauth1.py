"""Signing a request with OAuth 1.0a (RFC 5849, HMAC-SHA1). Pure: time and nonce are handed in."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote

from msgspec import Struct


class Keys(Struct, frozen=True):
    """The four secrets of an application and of the user it acts for."""

    consumer: str
    consumer_secret: str
    token: str
    token_secret: str


def authorization(
    method: str, url: str, keys: Keys, *, timestamp: int, nonce: str, params: Mapping[str, str] | None = None
) -> str:
    """Return the Authorization header of a request to `url`, which has no query; `params` are its query or form."""
    own = {
        "oauth_consumer_key": keys.consumer,
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(timestamp),
        "oauth_token": keys.token,
        "oauth_version": "1.0",
    }
    signed = {**own, "oauth_signature": signature(method, url, keys, {**own, **(params or {})})}
    return "OAuth " + ", ".join(f'{_coded(key)}="{_coded(value)}"' for key, value in sorted(signed.items()))


def signature(method: str, url: str, keys: Keys, params: Mapping[str, str]) -> str:
    """Return the signature over method, address and all parameters (section 3.4)."""
    pairs = sorted((_coded(key), _coded(value)) for key, value in params.items())
    joined = "&".join(f"{key}={value}" for key, value in pairs)
    text = "&".join((method.upper(), _coded(url), _coded(joined)))
    key = f"{_coded(keys.consumer_secret)}&{_coded(keys.token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()).decode()


def _coded(text: str) -> str:
    return quote(text, safe="~-._")
