"""What each kind of fault looks like on the wire."""

from asyncio import StreamWriter, sleep
from email.utils import formatdate
from time import time
from typing import Any

from protoadmin.sandbox.faults import Rule
from protoadmin.sandbox.wire import Answer, Request, head, json_answer, render, to_json

NO_EFFECT = frozenset({"error", "rate_limit", "unavailable", "drop_before"})
HANGS_UP = frozenset({"drop_before", "drop_after", "garbage", "truncated"})
NO_STATUS = frozenset({"drop_before", "drop_after", "garbage"})
GARBAGE = b"\x16\x03\x01\x02\x00\x01\x00\xff\xfenot http \x00\x01\x02 at all\n" * 3
PAGE = """<!DOCTYPE html>
<html><head><title>Just a moment...</title></head>
<body><h1>We are carrying out maintenance</h1><p>Please check your browser and try again.</p></body></html>
"""
PIECE = b"x" * 65536


def takes_effect(rule: Rule | None) -> bool:
    """Whether the request is carried out at all under this rule."""
    if rule is None:
        return True
    return rule.kind not in NO_EFFECT and bool(rule.options.get("effect", True))


def replaced(rule: Rule | None, answer: Answer) -> Answer:
    """The answer that this rule gives in place of the true one; the true one where it only sends it badly."""
    if rule is None:
        return answer
    options = rule.options
    match rule.kind:
        case "error" | "error_after":
            return json_answer({"detail": options["detail"]}, status=options["status"])
        case "rate_limit":
            return too_many(options["retry_after"], as_date=options["as_date"])
        case "unavailable":
            wait = _retry_after(options["retry_after"], as_date=options["as_date"])
            return json_answer({"detail": "Service Unavailable"}, status=503, headers=[wait])
        case "html":
            return Answer(options["status"], PAGE.encode(), "text/html; charset=utf-8")
        case "wrong_shape":
            return json_answer(options["body"])
        case "redirect":
            return Answer(options["status"], b"", "text/html", [("Location", options["location"])])
        case _:
            return answer


def too_many(seconds: int, *, as_date: bool = False) -> Answer:
    """The 429 of a rate limit."""
    return json_answer({"detail": "Too Many Requests"}, status=429, headers=[_retry_after(seconds, as_date=as_date)])


def seen_status(rule: Rule | None, answer: Answer) -> int | None:
    """The status that the client gets to see, None when it sees none."""
    if rule is None:
        return answer.status
    return None if rule.kind in NO_STATUS else 200 if rule.kind == "huge" else answer.status


async def send(rule: Rule | None, answer: Answer, request: Request, writer: StreamWriter) -> bool:
    """Send the answer the way the rule wants; False when the connection is to be closed now."""
    kind = rule.kind if rule else ""
    if kind in HANGS_UP:
        request.keep_alive = False
    if kind in ("drop_before", "drop_after"):
        return False
    if kind == "garbage":
        writer.write(GARBAGE)
    elif kind == "truncated":
        whole = answer.body + b" " * 64
        writer.write(head(answer, length=len(whole), keep_alive=True) + whole[: len(answer.body) // 2])
    elif rule and kind == "drip":
        await _drip(render(answer, request), rule.options, writer)
    elif rule and kind == "huge":
        await _huge(rule.options["mib"], request, writer)
    else:
        writer.write(render(answer, request))
    await writer.drain()
    return request.keep_alive


async def _drip(whole: bytes, options: dict[str, Any], writer: StreamWriter) -> None:
    pieces = min(options["pieces"], len(whole))
    size = -(-len(whole) // pieces)
    for start in range(0, len(whole), size):
        if start:
            await sleep(options["seconds"] / pieces)
        writer.write(whole[start : start + size])
        await writer.drain()


async def _huge(mib: int, request: Request, writer: StreamWriter) -> None:
    start = to_json({"id": "huge", "padding": ""})[:-2]
    length = len(start) + mib * 1024 * 1024 + 2
    writer.write(head(Answer(), length=length, keep_alive=request.keep_alive) + start)
    for _ in range(mib * 16):
        writer.write(PIECE)
        await writer.drain()
    writer.write(b'"}')


def _retry_after(seconds: int, *, as_date: bool) -> tuple[str, str]:
    return "Retry-After", formatdate(time() + seconds, usegmt=True) if as_date else str(seconds)
