"""The Messaging API, as far as Test connection needs it: listing chats (seed 004, List chats)."""

import hmac

from protoadmin.sandbox.backend import Backend, Handler
from protoadmin.sandbox.problems import ApiError
from protoadmin.sandbox.wire import Answer, Request, json_answer


def list_chats(backend: Backend, request: Request, channel_id: str) -> Answer:
    """The chats of a human, or one chat; none exist here yet."""
    token = request.headers.get("x-proto-token", "").encode()
    channels = backend.records.channels
    known = channels.get(channel_id)
    allowed = [known] if known else list(channels.values())
    if not token or not any(hmac.compare_digest(token, row["access_token"].encode()) for row in allowed):
        raise ApiError(401, "Invalid token")
    if known is None:
        raise ApiError(404, f"Channel {channel_id} not found")
    args = request.args()
    if not args.get("humanId") and not args.get("chatId"):
        raise ApiError(400, "You have to provide at least one humanId or chatId.")
    return json_answer([])


ROUTES: list[tuple[str, str, Handler]] = [("GET", "/webhook/{channel_id}/chats", list_chats)]
