"""Buttons of a record's page: POST forms with CSRF, looked up by name among the declared ones.

GET answers 405, a missing permission 403, somebody else's record 404. A button may have a form of its own, which
opens as a dialog; a refused form comes back as a page with what was typed.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class ButtonForm(forms.Form):
    """A button's form. Knows its record and the person, and carries the key that makes two clicks one request."""

    request_key = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, record: Any = None, user: Any = None, **kwargs: Any) -> None:
        self.record, self.user = record, user
        kwargs.setdefault("initial", {}).setdefault("request_key", secrets.token_urlsafe(24))
        super().__init__(*args, **kwargs)


Perform = Callable[[HttpRequest, Any, Any], "HttpResponseBase | str | None"]


@dataclass(frozen=True)
class Button:
    """One button. `perform(request, record, form)` returns what to say, or a response of its own; it may raise Refused.

    `allowed(request, record)` decides about 403; `shown(request, record)` only whether it makes sense right now.
    """

    name: str
    label: str
    perform: Perform
    allowed: Callable[[HttpRequest, Any], bool]
    form: type[ButtonForm] | None = None
    shown: Callable[[HttpRequest, Any], bool] = lambda request, record: True
    icon: str = ""
    style: str = ""
    order: int = 50
    help: str = ""

    @property
    def dialog_id(self) -> str:
        """Return the HTML id of its dialog."""
        return f"dialog-{self.name}"


_contributed: dict[str, list[Button]] = {}


def contribute_button(model_label: str, button: Button) -> None:
    """Add a button to another app's page (`app.model`): upper apps know lower ones, never the other way round."""
    buttons = _contributed.setdefault(model_label.lower(), [])
    if all(known.name != button.name for known in buttons):
        buttons.append(button)


def contributed_buttons(model_label: str) -> list[Button]:
    """Return what other apps added to this model's page."""
    return _contributed.get(model_label.lower(), [])
