"""Live panels that one app adds to another app's page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest


@dataclass(frozen=True)
class Panel:
    """A panel: its template, and what the template needs."""

    name: str
    template: str
    context: Callable[[HttpRequest, Any], dict[str, Any]]


_contributed: dict[str, dict[str, Panel]] = {}


def contribute_panel(model_label: str, panel: Panel) -> None:
    """Add a panel to another app's page (`app.model`)."""
    _contributed.setdefault(model_label.lower(), {})[panel.name] = panel


def contributed_panels(model_label: str) -> dict[str, Panel]:
    """Return what other apps added to this model's page."""
    return _contributed.get(model_label.lower(), {})
