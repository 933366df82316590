"""Signatures as the protocol sheet describes them (4, 6, 10), written from it and checked against its vectors."""

import hashlib
import hmac
import time

from harness.cluster import App


def hexadecimal(secret: str, text: str | bytes) -> str:
    data = text.encode() if isinstance(text, str) else text
    return hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()


def channel_auth(app: App, socket_id: str, channel: str, channel_data: str | None = None) -> str:
    """What an app's endpoint answers when its page wants to subscribe."""
    text = f"{socket_id}:{channel}" + (f":{channel_data}" if channel_data else "")
    return f"{app.key}:{hexadecimal(app.secret, text)}"


def user_auth(app: App, socket_id: str, user_data: str) -> str:
    """What an app's endpoint answers when its page signs in."""
    return f"{app.key}:{hexadecimal(app.secret, f'{socket_id}::user::{user_data}')}"


def md5(body: bytes) -> str:
    return hashlib.md5(body).hexdigest()


def text_to_sign(method: str, path: str, query: dict[str, str]) -> str:
    lowered = {key.lower(): value for key, value in query.items()}
    return "\n".join([method, path, "&".join(f"{key}={lowered[key]}" for key in sorted(lowered))])


def signed_query(
    app: App, method: str, path: str, own: dict[str, str] | None = None, body: bytes | None = None, *,
    timestamp: int | str | None = None,
) -> dict[str, str]:
    """The whole query of a call, decoded. Without a body there is no `body_md5`, unless it is among `own`."""
    query = {
        "auth_key": app.key, "auth_timestamp": str(int(time.time()) if timestamp is None else timestamp),
        "auth_version": "1.0",
    }
    if body is not None:
        query["body_md5"] = md5(body)
    query |= own or {}
    query["auth_signature"] = hexadecimal(app.secret, text_to_sign(method, path, query))
    return query
