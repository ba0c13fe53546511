"""The content security policy on every answer, and times in the reader's zone."""

from __future__ import annotations

import datetime

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from protoadmin.middleware import POLICY, ContentSecurityPolicy, ReaderTimeZone

MOMENT = datetime.datetime(2026, 1, 5, 23, 30, tzinfo=datetime.UTC)


def shown_at(cookie: str | None) -> str:
    """Return the moment as a view would show it to a reader with this cookie."""

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(timezone.localtime(MOMENT).strftime("%Y-%m-%d %H:%M"))

    request = RequestFactory().get("/")
    if cookie is not None:
        request.COOKIES["timezone"] = cookie
    return ReaderTimeZone(view)(request).content.decode()


@pytest.mark.parametrize(
    ("cookie", "shown"),
    [
        (None, "2026-01-05 23:30"),
        ("Asia/Manila", "2026-01-06 07:30"),
        ("Asia/Kathmandu", "2026-01-06 05:15"),
        ("America/New_York", "2026-01-05 18:30"),
        ("Mars/Olympus", "2026-01-05 23:30"),
        ("", "2026-01-05 23:30"),
        ("../../etc/passwd", "2026-01-05 23:30"),
        ("\x00", "2026-01-05 23:30"),
    ],
)
def test_reader_time_zone(cookie: str | None, shown: str) -> None:
    assert shown_at(cookie) == shown


def test_the_zone_ends_with_the_request() -> None:
    shown_at("Asia/Manila")
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/admin/", "/", "/nothing-here"])
def test_every_answer_has_the_policy(path: str) -> None:
    response = Client().get(path)
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["X-Frame-Options"] == "DENY"


def test_the_policy_lets_nothing_in_from_elsewhere() -> None:
    rules = dict(rule.split(maxsplit=1) for rule in POLICY.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'self'"
    assert rules["object-src"] == rules["frame-ancestors"] == "'none'"
    assert not any(word in POLICY for word in ("http:", "https:", "*"))


def test_a_view_may_have_a_policy_of_its_own() -> None:
    own = HttpResponse(headers={"Content-Security-Policy": "default-src 'none'"})
    response = ContentSecurityPolicy(lambda request: own)(RequestFactory().get("/"))
    assert response.headers["Content-Security-Policy"] == "default-src 'none'"
