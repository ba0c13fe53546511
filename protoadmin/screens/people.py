"""Who is at the screen."""

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


def person(request: HttpRequest) -> User:
    """Return the person who is logged in; PermissionDenied when nobody is (the admin lets nobody else in)."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
