"""The buttons by which people decide who is who: on a person's page, and on the pages of the records."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from customers.linking import services
from customers.linking.kinds import BY_NAME, Kind, Record, kind_of
from customers.linking.working import LABEL, PERMISSION, link_people
from customers.models import Customer
from protoadmin.connections.models import Teamspace
from protoadmin.connections.scoping import visible_teamspaces
from protoadmin.refusals import Refused
from protoadmin.screens.base import may
from protoadmin.screens.buttons import Button, ButtonForm
from protoadmin.screens.people import person

CHANGE = may("customers.change_customer")
LARGEST_ID = 2**63 - 1


class _LinkForm(ButtonForm):
    """`instead_of` is whom the record is linked to now, as the page said when the button was pressed."""

    instead_of = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=LARGEST_ID)

    def clean_instead_of(self) -> Customer | None:
        """Take a person of the same teamspace, no other."""
        pk = self.cleaned_data["instead_of"]
        return None if pk is None else self.own_person(pk)

    def own_person(self, pk: int) -> Customer:
        """Return a person of the teamspace; ValidationError for everybody else."""
        found = Customer.objects.filter(pk=pk, teamspace=self.teamspace_id).first()
        if found is None:
            raise forms.ValidationError("There is no such person in this teamspace.")
        return found

    @property
    def teamspace_id(self) -> int:
        """The teamspace that the person and the record have to be of."""
        raise NotImplementedError


class RecordForm(_LinkForm):
    """Which record of the person's teamspace."""

    kind = forms.ChoiceField(choices=[(name, kind.label) for name, kind in BY_NAME.items()], widget=forms.HiddenInput)
    record_id = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=LARGEST_ID)

    def clean(self) -> dict[str, Any]:
        """Take a record of the same teamspace, no other."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        kind: Kind = BY_NAME[cleaned["kind"]]
        rows = kind.model._default_manager.filter(
            **{"pk": cleaned["record_id"], f"{kind.connection}__teamspace": self.record.teamspace_id}
        )
        cleaned["chosen"] = rows.select_related(kind.connection).first()
        if cleaned["chosen"] is None:
            raise forms.ValidationError("There is no such record in this teamspace.")
        return cleaned

    @property
    def teamspace_id(self) -> int:
        """The teamspace of the person."""
        return int(self.record.teamspace_id)


class PersonForm(_LinkForm):
    """Which person of the record's teamspace."""

    customer = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=LARGEST_ID)

    def clean_customer(self) -> Customer:
        """Take a person of the same teamspace, no other."""
        return self.own_person(self.cleaned_data["customer"])

    @property
    def teamspace_id(self) -> int:
        """The teamspace of the record."""
        return kind_of(self.record).teamspace_of(self.record)


class TeamspaceForm(ButtonForm):
    """In which teamspace to look."""

    teamspace: Any = forms.ModelChoiceField(queryset=Teamspace.objects.none(), empty_label=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["teamspace"].queryset = visible_teamspaces(self.user).order_by("name")  # type: ignore[attr-defined]


def link(request: HttpRequest, customer: Customer, record: Record, instead_of: Customer | None = None) -> str:
    """Link, and say so; of a record that is linked already the page has named whom it is linked to."""
    if instead_of is not None:
        services.record_relink(customer=customer, record=record, instead_of=instead_of, by=person(request))
        return f"Linked to {customer}, and no longer to {instead_of}."
    services.record_link(customer=customer, record=record, by=person(request))
    return f"Linked to {customer}. Unlink takes it back."


def unlink(request: HttpRequest, customer: Customer | None, record: Record) -> str:
    """Unlink, and say so."""
    if customer is None:
        raise Refused("Nobody is linked any more.")
    services.record_unlink(customer=customer, record=record, by=person(request))
    return f"No longer linked to {customer}, and not suggested again."


def not_same(request: HttpRequest, customer: Customer, record: Record) -> str:
    """Remember that they are two, and say so."""
    services.record_not_same(customer=customer, record=record, by=person(request))
    return f"Remembered: this is not {customer}. It is not suggested again."


def may_be_same(request: HttpRequest, customer: Customer, record: Record) -> str:
    """Take that back, and say so."""
    services.record_may_be_same(customer=customer, record=record, by=person(request))
    return f"Taken back: this may be {customer}."


def _nowhere(request: HttpRequest, record: Any) -> bool:
    """Their forms stand in the panels, beside whom they are about; not above the page."""
    return False


def _of_person(act: Any) -> Any:
    return lambda request, customer, form: act(request, customer, form.cleaned_data["chosen"])


def _of_record(act: Any) -> Any:
    return lambda request, record, form: act(request, form.cleaned_data["customer"], record)


def _link_record(request: HttpRequest, customer: Customer, form: RecordForm) -> str:
    return link(request, customer, form.cleaned_data["chosen"], form.cleaned_data["instead_of"])


def _link_person(request: HttpRequest, record: Record, form: PersonForm) -> str:
    return link(request, form.cleaned_data["customer"], record, form.cleaned_data["instead_of"])


PERSON_BUTTONS = (
    Button("link-record", "Link", _link_record, CHANGE, form=RecordForm, shown=_nowhere),
    Button("unlink-record", "Unlink", _of_person(unlink), CHANGE, form=RecordForm, shown=_nowhere),
    Button("not-same-record", "Not the same person", _of_person(not_same), CHANGE, form=RecordForm, shown=_nowhere),
    Button("may-be-same-record", "Take back", _of_person(may_be_same), CHANGE, form=RecordForm, shown=_nowhere),
)
RECORD_BUTTONS = (
    Button("link-person", "Link", _link_person, CHANGE, form=PersonForm, shown=_nowhere),
    Button(
        "unlink-person",
        "Unlink",
        lambda request, record, form: unlink(request, record.customer, record),
        CHANGE,
        shown=_nowhere,
    ),
    Button("not-same-person", "Not the same person", _of_record(not_same), CHANGE, form=PersonForm, shown=_nowhere),
    Button("may-be-same-person", "Take back", _of_record(may_be_same), CHANGE, form=PersonForm, shown=_nowhere),
)


def _find(request: HttpRequest, record: None, form: TeamspaceForm) -> HttpResponse:
    run = link_people(teamspace=form.cleaned_data["teamspace"], by=person(request))
    return redirect(reverse("admin:runs_run_change", args=[run.pk]))


FIND_BUTTON = Button(
    "find-same-people",
    LABEL,
    _find,
    may(PERMISSION),
    form=TeamspaceForm,
    icon="group_search",
    help="Looks through all people of a teamspace in the background: links the records whose ids say who they are, "
    "and notes who has the mail or phone of a record of another system.",
)
