"""Forms of the Staff page: details, roles, teamspaces, and passwords that are only ever written."""

from typing import Any

from django import forms
from django.contrib.auth.forms import SetPasswordMixin, UsernameField
from django.contrib.auth.models import User
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminPasswordWidget

from protoadmin.connections.models import Teamspace
from protoadmin.connections.scoping import visible_teamspaces
from protoadmin.staff.roles import ROLES, WHAT_FOR
from protoadmin.staff.rules import NOT_A_ROLE, NOT_YOUR_TEAMSPACE, PersonData, role_names
from protoadmin.staff.services import Change, person_objections


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    """A person's details, roles and teamspaces. `editor` is who has the page open; the admin sets it."""

    editor: User
    # What saving changed, for the log.
    changes: list[Change]

    roles = forms.MultipleChoiceField(
        choices=[(role, role) for role in ROLES],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={"invalid_choice": NOT_A_ROLE},
        help_text=". ".join(f"{role} {WHAT_FOR[role]}" for role in ROLES) + ".",
    )
    teamspaces = forms.ModelMultipleChoiceField(
        queryset=Teamspace.objects.none(),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={"invalid_choice": NOT_YOUR_TEAMSPACE, "invalid_pk_value": NOT_YOUR_TEAMSPACE},
        help_text="A person sees what belongs to their teamspaces, and nothing else. "
        "You can give those that you are a member of yourself.",
    )

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "is_active")
        field_classes = {"username": UsernameField}
        labels = {"email": "Mail"}
        help_texts = {
            "username": "What they log in with. Letters, digits and @ . + - _",
            "is_active": "Somebody who leaves is deactivated: they cannot log in any more, and what they did stays "
            "under their name. People are never deleted here.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = visible_teamspaces(self.editor)
        self.fields["teamspaces"].queryset = choices  # type: ignore[attr-defined]  # it is a model's field
        if self.instance.pk:
            self.initial["roles"] = sorted(role_names(self.instance))
            self.initial["teamspaces"] = list(choices.filter(members=self.instance).values_list("pk", flat=True))

    def person_data(self) -> PersonData:
        """Return what was entered. A field that was refused counts as it was."""
        values = {name: self.cleaned_data.get(name, getattr(self.instance, name)) for name in PersonForm.Meta.fields}
        roles = self.cleaned_data.get("roles", self.initial.get("roles", []))
        teamspaces = self.cleaned_data.get("teamspaces")
        ids = self.initial.get("teamspaces", []) if teamspaces is None else [teamspace.pk for teamspace in teamspaces]
        return PersonData(**values, roles=frozenset(roles), teamspaces=frozenset(ids))

    def clean(self) -> dict[str, Any]:
        """Hold the rules against what was entered, on locked rows: saving then meets no other state."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        person = self.instance if self.instance.pk else None
        for field, sentence in person_objections(data=self.person_data(), by=self.editor, person=person):
            self.add_error(field, sentence)
        return cleaned


class NewPersonForm(SetPasswordMixin, PersonForm):  # type: ignore[type-arg]  # generic in the stubs alone
    """A new person: their details and a first password."""

    password1, password2 = SetPasswordMixin.create_password_fields()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _style_passwords(self)
        self.fields["password1"].help_text = (
            f"{self.fields['password1'].help_text}Tell it to them in person: they can change it themselves "
            "(“Change password”, in the menu under their name)."
        )

    def clean(self) -> dict[str, Any]:
        """Refuse two passwords that differ."""
        self.validate_passwords()
        return super().clean()

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # not in the stubs
        self.validate_password_for_user(self.instance)


class PersonPasswordForm(SetPasswordMixin, forms.Form):  # type: ignore[type-arg]  # generic in the stubs alone
    """A new password for somebody else. There is no other way to log in, so it cannot be switched off."""

    password1, password2 = SetPasswordMixin.create_password_fields()

    def __init__(self, person: User, data: Any = None) -> None:
        super().__init__(data)
        self.person = person
        _style_passwords(self)

    def clean(self) -> dict[str, Any]:
        """Refuse two passwords that differ, and weak ones."""
        self.validate_passwords()
        self.validate_password_for_user(self.person)
        return super().clean() or self.cleaned_data


def _style_passwords(form: forms.BaseForm) -> None:
    for name in ("password1", "password2"):
        form.fields[name].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
