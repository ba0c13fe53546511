"""What a form changed, in words for the history."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.db.models import Manager, Model, QuerySet


def _words(value: Any) -> str:
    if isinstance(value, Manager):
        value = value.all()
    if isinstance(value, (QuerySet, list, tuple)):
        return ", ".join(str(item) for item in value) or "nothing"
    if isinstance(value, Model):
        return str(value)
    return "nothing" if value in (None, "") else str(value)


def changes_in_words(form: forms.ModelForm, *, secret: Collection[str] = (), all_secrets: Collection[str] = ()) -> str:  # type: ignore[type-arg]
    """Return "Name: A → B; …" for what was changed; of `secret` fields only that they were set."""
    parts = []
    for name in form.changed_data:
        if name in all_secrets:
            if name in secret:
                parts.append(f"{form.fields[name].label}: set anew")
            continue
        before, after = form.initial.get(name), form.cleaned_data.get(name)
        if isinstance(after, Model) and not isinstance(before, Model):
            before = type(after)._default_manager.filter(pk=before).first() if before else None
        parts.append(f"{form.fields[name].label}: {_words(before)} → {_words(after)}")
    return "; ".join(parts) or "Nothing changed."
