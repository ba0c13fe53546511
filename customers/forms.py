"""Forms about people: their details, tags and custom field values."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.safestring import SafeString

from customers.field_inputs import field_for, initial_for
from customers.history import LABELS
from customers.models import REMOTE_FIELDS, Customer, CustomField, FieldType, Tag
from customers.phones import to_e164
from protoadmin.clients.paths import path_segment
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.models import Call
from protoadmin.screens.buttons import ButtonForm

TAGS_OFFERED = 60
FIELDS_OFFERED = 100
EDITABLE = ("provided_unique_id", *REMOTE_FIELDS)


class CustomerForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    """A person's details.

    The page carries the values that it was opened with: what somebody else changed meanwhile is not overwritten,
    and is an error when this person changed the same field to something else.
    """

    class Meta:
        model = Customer
        fields = ("teamspace", *EDITABLE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.changed_fields: list[str] = []
        self.stored = {name: getattr(self.instance, name) or "" for name in EDITABLE}
        for name in EDITABLE:
            if name not in self.fields:
                continue
            field = self.fields[name]
            field.label = LABELS[name]
            field.show_hidden_initial = bool(self.instance.pk)
            field.help_text = self._help(name, str(field.help_text))

    def _help(self, name: str, text: str) -> SafeString:
        number = self.stored["phone_number"]
        if name == "phone_number" and number:
            read = to_e164(number)
            text = f"Read as {read}." if read else "This cannot be read as a phone number; it is kept as typed."
        return format_html(
            '{} <span id="remote-error-{}" class="pa-call-error">{}</span>', text, name, self._refused(name)
        )

    def _refused(self, name: str) -> str:
        """Return what Proto said against this field when it last refused a save."""
        if not hasattr(self, "_last_save"):
            calls = (
                Call.objects.for_target(self.instance).filter(operation="save_customer") if self.instance.pk else None
            )
            self._last_save = calls.order_by("-id").first() if calls is not None else None
        if self._last_save is None or self._last_save.state != "failed":
            return ""
        words = self._last_save.error_fields.get(name, "")
        return f"Proto refused this: {words}" if words else ""

    def clean_provided_unique_id(self) -> str:
        """Refuse an id that could not be sent."""
        value = (self.cleaned_data["provided_unique_id"] or "").strip()
        if value:
            try:
                path_segment(value)
            except ValueError as error:
                raise ValidationError(str(error)) from error
        return value

    def clean_avatar(self) -> str:
        """Take web addresses alone."""
        value: str = self.cleaned_data["avatar"].strip()
        try:
            is_web_address = urlsplit(value).scheme in {"http", "https"}
        except ValueError:
            is_web_address = False
        if value and not is_web_address:
            raise ValidationError("Give a web address that begins with https://.")
        return value

    def clean(self) -> dict[str, Any]:
        """Refuse an id that another person has, and changes that cross somebody else's."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self._refuse_taken_id(cleaned)
        for name in EDITABLE:
            if name in cleaned and self.add_initial_prefix(name) in self.data:
                self._merge(name, cleaned)
        return cleaned

    def _refuse_taken_id(self, cleaned: dict[str, Any]) -> None:
        teamspace = cleaned.get("teamspace") or getattr(self.instance, "teamspace", None)
        unique_id = cleaned.get("provided_unique_id")
        if teamspace and unique_id:
            others = Customer.objects.filter(teamspace=teamspace, provided_unique_id=unique_id).exclude(
                pk=self.instance.pk
            )
            if other := others.first():
                self.add_error("provided_unique_id", f"{other} has this id already in {teamspace}.")

    def _merge(self, name: str, cleaned: dict[str, Any]) -> None:
        opened_with = str(self.data[self.add_initial_prefix(name)]).strip()
        wanted, stored = (cleaned[name] or ""), self.stored[name]
        if wanted == opened_with:
            cleaned[name] = stored
        elif stored not in (opened_with, wanted):
            # Shown once: saving again with the newer value in view is a decision, not an accident.
            self.data = {**dict(self.data.items()), self.add_initial_prefix(name): stored}
            self.add_error(name, f"Meanwhile this was changed to “{stored}”. Save again to replace it with yours.")

    @property
    def values(self) -> dict[str, str]:
        """Return the details that the form holds."""
        return {name: self.cleaned_data[name] or "" for name in EDITABLE if name in self.cleaned_data}


def split_tags(text: str) -> list[str]:
    """Return the names in a text of names separated by commas or semicolons."""
    return [name.strip() for name in text.replace(";", ",").split(",") if name.strip()]


class TagsForm(ButtonForm):
    """Choose tags, or type them; new ones only with the permission to make tags."""

    tags = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple, label="Tags")
    more = forms.CharField(required=False, max_length=500, label="Other tags, separated by commas")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_up_for_record()

    def set_up_for_record(self) -> None:
        """Offer what this person does not have yet."""
        person: Customer = self.record
        self.set_up([person.teamspace], set(person.tags.values_list("name", flat=True)))

    def set_up(self, teamspaces: list[Teamspace], present: set[str]) -> None:
        """Offer the teamspaces' tags that are not there yet."""
        tags = Tag.objects.filter(teamspace__in=teamspaces).order_by("name")
        names = tags.values_list("name", flat=True).distinct()[: TAGS_OFFERED + len(present)]
        offered = [name for name in names if name not in present]
        self.fields["tags"].choices = [(name, name) for name in offered]  # type: ignore[attr-defined]
        if not offered:
            del self.fields["tags"]
        self.may_create = self.user.has_perm("customers.add_tag")
        self.fields["more"].help_text = (
            "New ones are made in Proto too."
            if self.may_create
            else "Existing tags only; an administrator makes new ones."
        )
        self.teamspaces = teamspaces

    def clean(self) -> dict[str, Any]:
        """Ask for at least one tag, and for known ones without the permission to make them."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        typed = split_tags(cleaned.get("more", ""))
        if any(len(name) > 100 for name in typed):
            raise ValidationError("A tag has at most 100 characters.")
        cleaned["names"] = list(dict.fromkeys([*cleaned.get("tags", []), *typed]))
        if not cleaned["names"]:
            raise ValidationError("Choose or type at least one tag.")
        if not self.may_create:
            known = set(
                Tag.objects.filter(teamspace__in=self.teamspaces, name__in=typed).values_list("name", flat=True)
            )
            if unknown := [name for name in typed if name not in known]:
                self.add_error("more", f"There is no tag named {', '.join(unknown)}.")
        return cleaned


class FieldValuesForm(ButtonForm):
    """An input for each custom field of the teamspace, fitting its type."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_up_for_record()

    def set_up_for_record(self) -> None:
        """Show what was last sent for this person."""
        person: Customer = self.record
        self.set_up(person.teamspace, {value.field_id: value.value for value in person.field_values.all()})

    def set_up(self, teamspace: Teamspace, present: dict[int, Any]) -> None:
        """Make the inputs."""
        self.custom_fields: dict[str, CustomField] = {}
        fields = CustomField.objects.filter(teamspace=teamspace, gone_at__isnull=True).order_by("name", "id")
        for custom_field in fields[:FIELDS_OFFERED]:
            name = f"field_{custom_field.pk}"
            self.custom_fields[name] = custom_field
            self.fields[name] = field_for(custom_field, present.get(custom_field.pk))
            if custom_field.pk in present:
                self.initial[name] = initial_for(custom_field, present[custom_field.pk])

    @property
    def values(self) -> dict[CustomField, Any]:
        """Return the entered values by field; None for an empty input."""
        return {field: self.cleaned_data.get(name) for name, field in self.custom_fields.items()}


class CustomFieldForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new custom field; checked here before anything is sent."""

    type = forms.ChoiceField(choices=FieldType.choices, help_text="The type cannot be changed later.")
    options = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="For a select: one option a line. Every other type has none.",
    )

    class Meta:
        model = CustomField
        fields = ("teamspace", "name", "type")

    def clean(self) -> dict[str, Any]:
        """A select needs options, every other type must have none; a name is taken once."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        options = [line.strip() for line in cleaned.get("options", "").splitlines() if line.strip()]
        if cleaned.get("type") == FieldType.SELECT:
            if not options:
                self.add_error("options", "A select needs at least one option.")
            elif len(set(options)) < len(options):
                self.add_error("options", "Each option may stand there once.")
        elif options:
            self.add_error("options", "Only a select has options; leave this empty.")
        if cleaned.get("teamspace") and cleaned.get("name"):
            same = CustomField.objects.filter(
                teamspace=cleaned["teamspace"], name=cleaned["name"], gone_at__isnull=True
            )
            if same.exists():
                self.add_error("name", "This teamspace has a field of this name.")
        cleaned["select_options"] = options
        return cleaned

    def save(self, commit: bool = True) -> Any:
        """Keep the options."""
        self.instance.select_options = self.cleaned_data["select_options"]
        return super().save(commit)
