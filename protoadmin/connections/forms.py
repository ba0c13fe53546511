"""Forms of the connections. Secrets are write-only: an empty input keeps the stored one."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget, UnfoldBooleanWidget

from protoadmin.clients.helpdesk import PATH as HELPDESK_PATH
from protoadmin.clients.helpdesk import REQUESTS_PER_MINUTE
from protoadmin.clients.messaging import LANGUAGES
from protoadmin.connections.models import Channel, Connection, HelpdeskAccount, ProtocolProject, Teamspace
from protoadmin.encryption import LockedSecret


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    """A connection's details; each secret has an empty input and says when it was last set."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self._secret_names():
            self._make_write_only(name)

    def _secret_names(self) -> list[str]:
        return [name for name in self._meta.model.secret_names() if name in self.fields]

    def _make_write_only(self, name: str) -> None:
        field = self.fields[name]
        field.widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password", "spellcheck": "false"})
        field.required = False
        self.initial[name] = ""
        stored: Connection = self.instance
        help_text = str(field.help_text)
        if stored.pk and isinstance(getattr(stored, name), LockedSecret):
            note = "It cannot be read: its key is no longer in FIELD_ENCRYPTION_KEYS. Enter it again."
        elif stored.pk and getattr(stored, name):
            when = stored.secrets_set_at.get(name)
            note = f"Set {when.replace('T', ' ')[:16] + ' UTC' if when else 'before times were kept'}. Empty keeps it."
        else:
            note = "Not set yet."
        field.help_text = f"{help_text} {note}".strip()

    def clean(self) -> dict[str, Any]:
        """Keep a stored secret whose input was left empty."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self._secret_names():
            cleaned[name] = (cleaned.get(name) or "").strip() or getattr(self.instance, name)
        return cleaned

    @property
    def changed_secrets(self) -> list[str]:
        """Return the secrets that were entered anew."""
        return [name for name in self._secret_names() if self.data.get(self.add_prefix(name), "").strip()]

    def save(self, commit: bool = True) -> Any:
        """Note when each secret was set."""
        self.instance.mark_secrets_set(self.changed_secrets)
        return super().save(commit)


class TeamspaceForm(ConnectionForm):
    """A teamspace; its members are changed on the page Staff."""

    class Meta:
        model = Teamspace
        fields = ("name", "subcompany_id", "takeover_secret", "base_url", "requests_per_minute", "is_active")


class ChannelForm(ConnectionForm):
    """A channel of a teamspace."""

    forget_previous_secret = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="What is signed with the previous secret is refused from then on.",
    )
    default_language = forms.ChoiceField(
        required=False, widget=UnfoldAdminSelectWidget, help_text="For chats that are started here."
    )

    class Meta:
        model = Channel
        fields = (
            "name",
            "teamspace",
            "channel_id",
            "access_token",
            "secret",
            "previous_secret",
            "base_url",
            "default_language",
            "pull_every",
            "requests_per_minute",
            "is_active",
        )
        help_texts = {
            "previous_secret": "To rotate the secret without losing a delivery: put the old one here and the new one "
            "above. Both are accepted; forget the old one once Proto signs with the new.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "pull_every" in self.fields:
            self.fields["pull_every"].required = False
        if not self.instance.previous_secret:
            self.fields.pop("forget_previous_secret", None)
        if language := self.fields.get("default_language"):
            # A language that the documents do not list is kept when it is stored already.
            known = {"": "The channel's own", **{code: f"{name} ({code})" for code, name in LANGUAGES.items()}}
            stored = self.instance.default_language
            language.choices = list({**known, stored: known.get(stored, stored)}.items())  # type: ignore[attr-defined]

    def clean_pull_every(self) -> int:
        """Return the default for an empty input."""
        given = self.cleaned_data["pull_every"]
        return int(Channel._meta.get_field("pull_every").get_default() if given is None else given)

    def save(self, commit: bool = True) -> Any:
        """Forget the previous secret when that was asked for and no other was entered."""
        if self.cleaned_data.get("forget_previous_secret") and "previous_secret" not in self.changed_secrets:
            self.instance.previous_secret = ""
        return super().save(commit)


class ProtocolProjectForm(ConnectionForm):
    """A project of Protocol."""

    class Meta:
        model = ProtocolProject
        fields = ("name", "teamspace", "project_id", "token", "base_url", "requests_per_minute", "is_active")
        help_texts = {"project_id": "For people to tell projects apart: the token alone says which one is asked."}


class HelpdeskAccountForm(ConnectionForm):
    """An account of the helpdesk."""

    class Meta:
        model = HelpdeskAccount
        fields = ("name", "teamspace", "api_key", "base_url", "pull_every", "requests_per_minute", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "pull_every" in self.fields:
            self.fields["pull_every"].required = False
        if "requests_per_minute" in self.fields and not self.instance.pk:
            self.initial.setdefault("requests_per_minute", REQUESTS_PER_MINUTE)

    def clean_base_url(self) -> str:
        """Refuse an address that is not the API's."""
        url = str(self.cleaned_data["base_url"]).strip().rstrip("/")
        if not url.endswith(HELPDESK_PATH):
            raise forms.ValidationError(f"The address ends with {HELPDESK_PATH}, such as https://example.com/api/v1.")
        return url

    def clean_pull_every(self) -> int:
        """Return the default for an empty input."""
        given = self.cleaned_data["pull_every"]
        return int(HelpdeskAccount._meta.get_field("pull_every").get_default() if given is None else given)
