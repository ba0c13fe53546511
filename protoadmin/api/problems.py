"""How the API says no: `{"error": …}`, with the status that fits, and never HTML."""

import json
from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, JsonResponse

PATH = "/api/"


class Problem(Exception):
    """A request that is not answered with data."""

    def __init__(self, status: int, words: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(words)
        self.status = status
        self.headers = dict(headers or {})


def answer(status: int, words: str, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return the answer that says no."""
    return JsonResponse({"error": words}, status=status, headers={"Cache-Control": "no-store", **(headers or {})})


def unauthorized(words: str) -> Problem:
    """Return the problem of a request without a key that opens anything."""
    return Problem(401, words, {"WWW-Authenticate": 'Bearer realm="Proto Admin"'})


def nothing_here(request: HttpRequest) -> HttpResponse:
    """Answer for every address below /api/ that there is not."""
    return answer(404, "There is nothing at this address. GET /api/v1/docs describes what there is.")


_WORDS = {
    400: "The request could not be understood.",
    404: "There is nothing at this address. GET /api/v1/docs describes what there is.",
    405: "This address answers GET alone.",
    500: "An error occurred on our end.",
}


class JsonProblems:
    """Middleware: whatever goes wrong below /api/, also before a view is reached, is said in JSON."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code < 400 or not request.path_info.startswith(PATH):
            return response
        if response.headers.get("Content-Type", "").startswith("application/json"):
            return response
        words = _WORDS.get(response.status_code, response.reason_phrase)
        response.headers["Content-Type"] = "application/json"
        response.headers["Cache-Control"] = "no-store"
        body = json.dumps({"error": words}).encode()
        if isinstance(response, HttpResponse):
            response.content = body
            response.headers["Content-Length"] = str(len(body))
        return response
