"""Errors in the shapes that a FastAPI service gives them (DESIGN.md section 9)."""

import json
import math
from typing import Any

from protoadmin.sandbox.wire import Request

Loc = list[str | int]
MISSING = object()


class ApiError(Exception):
    """An answer of the remote API that says no: `{"detail": …}` with a status."""

    def __init__(self, status: int, detail: str | list[dict[str, Any]], headers: list[tuple[str, str]] | None = None):
        super().__init__(str(detail))
        self.status = status
        self.detail = detail
        self.headers = headers or []


def problem(kind: str, loc: Loc, msg: str, value: Any, ctx: dict[str, Any] | None = None) -> dict[str, Any]:
    """One entry of a 422 answer's `detail`."""
    entry: dict[str, Any] = {"type": kind, "loc": loc, "msg": msg, "input": value}
    return entry | {"ctx": ctx} if ctx else entry


def refuse(kind: str, loc: Loc, msg: str, value: Any, ctx: dict[str, Any] | None = None) -> ApiError:
    """A 422 with one entry, to be raised."""
    return ApiError(422, [problem(kind, loc, msg, value, ctx)])


def read_object(request: Request) -> dict[str, Any]:
    """The JSON object in the body, or the 422 (for bytes that are no text: 400) that FastAPI answers."""
    value = _read_json(request)
    if not isinstance(value, dict):
        msg = "Input should be a valid dictionary or object to extract fields from"
        raise refuse("model_attributes_type", ["body"], msg, value)
    return value


def _read_json(request: Request) -> Any:
    if not request.body:
        raise refuse("missing", ["body"], "Field required", None)
    media = request.media_type
    if media and media != "application/json" and not media.endswith("+json"):
        return request.body.decode("utf-8", "replace")
    try:
        return json.loads(request.body, parse_constant=_no_number, parse_float=_finite)
    except json.JSONDecodeError as error:
        ctx = {"error": error.msg}
        raise refuse("json_invalid", ["body", error.pos], "JSON decode error", {}, ctx) from None
    except (ValueError, RecursionError):
        raise ApiError(400, "There was an error parsing the body") from None


def _no_number(word: str) -> float:
    raise json.JSONDecodeError(f"{word} is not JSON", word, 0)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise json.JSONDecodeError("Number is out of range", text, 0)
    return number


class Check:
    """Reads fields out of a body and collects what is wrong with them, so that one answer names everything."""

    def __init__(self, body: dict[str, Any], loc: Loc | None = None) -> None:
        self.body = body
        self.loc: Loc = ["body"] if loc is None else loc
        self.problems: list[dict[str, Any]] = []

    def fail(self, kind: str, loc: Loc, msg: str, value: Any, ctx: dict[str, Any] | None = None) -> None:
        """Note one problem at `loc`, relative to this body."""
        self.problems.append(problem(kind, self.loc + loc, msg, value, ctx))

    def done(self) -> None:
        """Raise the 422 if anything was wrong."""
        if self.problems:
            raise ApiError(422, self.problems)

    def missing(self, key: str) -> None:
        """Note that a required key is not there."""
        self.fail("missing", [key], "Field required", self.body)

    def string(self, key: str, *, required: bool = False, filled: bool = False, nullable: bool = False) -> str | None:
        """A string, or None when the key is absent (or null and `nullable`)."""
        value = self.body.get(key, MISSING)
        if value is MISSING:
            if required:
                self.missing(key)
            return None
        if value is None and nullable:
            return None
        return self.text(value, [key], filled=filled)

    def text(self, value: Any, loc: Loc, *, filled: bool = False) -> str | None:
        """A value that has to be a string that UTF-8 can carry, not empty when `filled`."""
        if not isinstance(value, str):
            self.fail("string_type", loc, "Input should be a valid string", value)
        elif not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
            msg = "Input should be a valid string, unable to parse raw data as a unicode string"
            self.fail("string_unicode", loc, msg, value)
        elif filled and not value:
            self.fail("string_too_short", loc, "String should have at least 1 character", value, {"min_length": 1})
        else:
            return value
        return None

    def items(self, key: str, *, required: bool = True, nullable: bool = False) -> list[Any] | None:
        """A list, or None when the key is absent (or null and `nullable`)."""
        value = self.body.get(key, MISSING)
        if value is MISSING or (value is None and nullable):
            if required and value is MISSING:
                self.missing(key)
            return None
        if not isinstance(value, list):
            self.fail("list_type", [key], "Input should be a valid list", value)
            return None
        return value

    def strings(self, key: str, *, required: bool = True, nullable: bool = False) -> list[str] | None:
        """A list of strings that are not empty."""
        values = self.items(key, required=required, nullable=nullable)
        if values is None:
            return None
        return [text for i, value in enumerate(values) if (text := self.text(value, [key, i], filled=True)) is not None]

    def flag(self, key: str) -> bool:
        """A boolean, False when absent."""
        value = self.body.get(key, False)
        if not isinstance(value, bool):
            self.fail("bool_type", [key], "Input should be a valid boolean", value)
            return False
        return value
