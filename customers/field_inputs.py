"""Inputs that fit the type of a custom field; an unknown type is edited as text."""

import datetime
import re
from typing import Any

from django import forms

from customers.models import CustomField, FieldType

_WHOLE = re.compile("[+-]?[0-9]{1,100}")
TOGGLE = (("", "—"), ("yes", "Yes"), ("no", "No"))


class _NumberField(forms.FloatField):
    """A number that stays whole when it is whole, to its last digit."""

    def to_python(self, value: Any) -> Any:
        """Return an int, a float or None."""
        if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
            return int(value)
        number = super().to_python(value)
        return int(number) if number is not None and number.is_integer() else number


class _ToggleField(forms.ChoiceField):
    """Yes, No or nothing chosen."""

    def clean(self, value: Any) -> Any:
        """Return True, False or None."""
        return {"yes": True, "no": False}.get(super().clean(value))


class _DateField(forms.DateField):
    """A date, kept as YYYY-MM-DD."""

    def clean(self, value: Any) -> Any:
        """Return the date as text, or None."""
        date = super().clean(value)
        return date.isoformat() if isinstance(date, datetime.date) else None


def field_for(field: CustomField, present: Any = None) -> forms.Field:
    """Return the form field for a custom field; `present` is the person's value of it.

    A value that is no longer among the options stays choosable: leaving it alone must not read as emptying it.
    """
    common: dict[str, Any] = {"required": False, "label": field.name, "help_text": field.description}
    if field.type == FieldType.NUMBER:
        return _NumberField(widget=forms.NumberInput(attrs={"step": "any"}), **common)
    if field.type == FieldType.TOGGLE:
        return _ToggleField(choices=TOGGLE, **common)
    if field.type == FieldType.DATE:
        return _DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **common)
    if field.type in (FieldType.SELECT, "dropdown") and field.options:
        choices = [("", "—"), *((option, option) for option in field.options)]
        if present not in ("", None) and str(present) not in field.options:
            choices.append((str(present), f"{present} (no longer offered)"))
        return forms.ChoiceField(choices=choices, **common)
    return forms.CharField(max_length=2000, **common)


def initial_for(field: CustomField, value: Any) -> Any:
    """Return a stored value as the input shows it."""
    if field.type == FieldType.TOGGLE and isinstance(value, bool):
        return "yes" if value else "no"
    return value
