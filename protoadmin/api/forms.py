"""The form with which a key is made."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSplitDateTimeWidget

from protoadmin.api.models import REQUESTS_PER_MINUTE, ApiKey
from protoadmin.api.services import key_objections
from protoadmin.connections.models import Teamspace
from protoadmin.connections.scoping import visible_teamspaces

LASTS = timedelta(days=365)


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    """What a key is for, whose it is, what it opens and until when. `editor` is who has the page open."""

    editor: User

    teamspaces = forms.ModelMultipleChoiceField(
        queryset=Teamspace.objects.none(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What the key opens: the companies, contacts and conversations of these. "
        "You can give those that you are a member of yourself.",
    )
    expires_at = forms.SplitDateTimeField(
        label="Expires",
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text="From then on the key opens nothing. It can be revoked before at any time.",
    )

    class Meta:
        model = ApiKey
        fields = ("name", "owner", "teamspaces", "expires_at", "requests_per_minute")
        help_texts = {
            "owner": "Who answers for it. The key opens nothing that its owner does not see, and nothing at all "
            "once they are deactivated.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = visible_teamspaces(self.editor)
        self.fields["teamspaces"].queryset = choices  # type: ignore[attr-defined]  # it is a model's field
        self.initial.setdefault("requests_per_minute", REQUESTS_PER_MINUTE)
        self.initial.setdefault("owner", self.editor.pk)
        self.initial.setdefault("expires_at", (timezone.now() + LASTS).replace(minute=0, second=0, microsecond=0))
        if len(only := list(choices.values_list("pk", flat=True)[:2])) == 1:
            self.initial.setdefault("teamspaces", only)

    def clean_expires_at(self) -> Any:
        """Refuse a time that is over."""
        if self.cleaned_data["expires_at"] <= timezone.now():
            raise ValidationError("This is in the past: the key would open nothing.")
        return self.cleaned_data["expires_at"]

    def clean(self) -> dict[str, Any]:
        """Hold the rules against what was entered."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("owner") is not None and cleaned.get("teamspaces") is not None:
            found = key_objections(owner=cleaned["owner"], teamspaces=cleaned["teamspaces"], by=self.editor)
            for field, sentence in found:
                self.add_error(field, sentence)
        return cleaned
