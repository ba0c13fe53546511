"""Forms about Protocol customers."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from customers.models import ProtocolCustomer
from protoadmin.connections.models import ProtocolProject
from protoadmin.connections.scoping import only_visible
from protoadmin.screens.buttons import ButtonForm

ONLY_NAME = "The only thing that Protocol lets anybody change. Empty: Protocol shows the username."
WEB = ("https://", "http://")


class ProtocolCustomerForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    """A new customer, or the display name of a known one."""

    class Meta:
        model = ProtocolCustomer
        fields = ("project", "username", "phone_number", "avatar_url", "display_name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_new = self.instance.pk is None
        for name in ("username", "phone_number"):
            if name in self.fields:
                self.fields[name].required = True
        if "username" in self.fields:
            self.fields["username"].help_text = "Their Protocol username. It cannot be changed later."
        if "phone_number" in self.fields:
            self.fields["phone_number"].help_text = "It cannot be changed later."
        if "display_name" in self.fields:
            empty = "How they appear in Protocol's customer list. Empty: by the username."
            self.fields["display_name"].help_text = empty if is_new else ONLY_NAME

    def clean_avatar_url(self) -> str:
        """Take web addresses alone."""
        value: str = (self.cleaned_data["avatar_url"] or "").strip()
        if value and not value.lower().startswith(WEB):
            raise ValidationError("Give a web address that begins with https://.")
        return value


class PullForm(ButtonForm):
    """Which project to pull."""

    project: Any = forms.ModelChoiceField(queryset=ProtocolProject.objects.none(), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        projects = only_visible(ProtocolProject.objects.all(), self.user)
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]


class DeleteForm(ButtonForm):
    """Asks for the username and says what goes."""

    confirm = forms.CharField(label="Username", widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirm"].help_text = f"Type “{self.wanted}” to delete them."

    @property
    def wanted(self) -> str:
        """What has to be typed: the username, or the id of who has none."""
        return self.record.username or self.record.protocol_id or ""

    def clean_confirm(self) -> str:
        """Take the exact username alone."""
        if self.cleaned_data["confirm"].strip() != self.wanted.strip():
            raise ValidationError(f"This is not the username. Type “{self.wanted}”.")
        return self.wanted
