"""The floor under the receivers: a bare Django view, no middleware, one INSERT of the body through the ORM.

Served by the very command line that serves the product, on the same database with the same durability. It uses
nothing of the product but how the database is opened.
"""

import hashlib
import hmac
import os
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path

SECRET = b"the-secret-of-the-floor"


def _configure() -> None:
    from protoadmin.settings import DATABASES  # noqa: PLC0415 - the product's own, kept connections and all

    # Without the look at the connection that comes before each request: that would be a second round trip.
    database = {**DATABASES["default"], "CONN_HEALTH_CHECKS": False}
    settings.configure(
        SECRET_KEY="of-the-floor",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        MIDDLEWARE=[],
        INSTALLED_APPS=[],
        DATABASES={"default": database},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        LOGGING_CONFIG=None,
    )


if not settings.configured and not os.environ.get("DJANGO_SETTINGS_MODULE"):
    _configure()
    import django

    django.setup()

from django.db import connection, models  # noqa: E402 - the settings come first


class Row(models.Model):
    """One body."""

    objects: "models.Manager[Row]" = models.Manager()
    body: Any = models.BinaryField()
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "floor"
        db_table = "bench_floor"

    def __str__(self) -> str:
        return f"Row {self.pk}"


def receive(request: HttpRequest) -> HttpResponse:
    """Check the signature, insert the body, answer."""
    body = request.body
    expected = hmac.new(SECRET, body, hashlib.sha1).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("X-PROTO-SIGNATURE", "")):
        return HttpResponse(status=401)
    Row.objects.create(body=body)
    return HttpResponse("ok", headers={"Content-Length": "2"})


def make_table() -> None:
    """Make the table of the rows, in the database of the process that asks."""
    with connection.schema_editor() as editor:
        editor.create_model(Row)


urlpatterns = [path("floor/", receive)]
application = WSGIHandler()
