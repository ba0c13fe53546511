"""What can be done with staff, in verbs. Every rule holds here, whoever asks: a page or a program."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import Q

from protoadmin.connections.models import Teamspace
from protoadmin.refusals import Refused
from protoadmin.staff.roles import ROLES
from protoadmin.staff.rules import (
    PersonData,
    complaints,
    given_roles,
    role_names,
    teamspaces_after,
    teamspaces_of,
    why_untouchable,
)

DETAILS = {"username": "Username", "first_name": "First name", "last_name": "Last name", "email": "Mail"}


@dataclass(frozen=True)
class Change:
    """One thing that changed, in words; `teamspaces` are the ids that the words name."""

    what: str
    before: str
    after: str
    teamspaces: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.what}: {self.before or 'nothing'} → {self.after or 'nothing'}"


def _lock(by: User, person: User | None) -> None:
    """Lock who asks, who is asked about and the superusers, so that what is checked is what is written."""
    wanted = Q(pk__in=[by.pk, person.pk if person else by.pk]) | Q(is_superuser=True)
    list(User.objects.select_for_update().filter(wanted).order_by("pk").values_list("pk", flat=True))


def _reach(by: User, person: User | None) -> tuple[User, User | None, str]:
    """Return both as they are stored now, and why `by` may not do anything about this person, if so.

    Since the page was opened either may have changed: who asks may have lost the role, or have been deactivated.
    """
    _lock(by, person)
    stored = {user.pk: user for user in User.objects.filter(pk__in=[by.pk, person.pk if person else by.pk])}
    by, person = stored[by.pk], stored[person.pk] if person else None
    if not by.is_active:
        return by, person, "You are no longer active here."
    if person is None:
        return by, None, "" if by.has_perm("auth.add_user") else "You may not make people."
    return by, person, why_untouchable(person, by) if by.has_perm("auth.change_user") else "You may not change people."


def person_objections(*, data: PersonData, by: User, person: User | None = None) -> list[tuple[str | None, str]]:
    """Return what speaks against this wish, as (field or None, sentence); `person` is None for a new one.

    It locks the rows that it looks at: what is asked for in the same transaction meets no other state.
    """
    by, person, why_not = _reach(by, person)
    return [(None, why_not)] if why_not else [*complaints(data=data, by=by, person=person)]


@transaction.atomic
def person_create(*, data: PersonData, password: str, by: User) -> tuple[User, list[Change]]:
    """Make a person who may use the admin. Raises Refused (a rule) or ValidationError (the password)."""
    _refuse(person_objections(data=data, by=by))
    person = User(is_staff=True)
    validate_password(password, _with_details(person, data))
    person.set_password(password)
    person.is_active = data.is_active
    person.save()
    changes = [Change(label, "", getattr(person, name)) for name, label in DETAILS.items() if getattr(person, name)]
    return person, changes + _change_roles(person, data) + _change_teamspaces(person, data, by)


@transaction.atomic
def person_change(*, person: User, data: PersonData, by: User) -> list[Change]:
    """Change a person; return what changed. Raises Refused."""
    _refuse(person_objections(data=data, by=by, person=person))
    stored = User.objects.get(pk=person.pk)
    changes = [
        Change(label, getattr(stored, name), getattr(data, name))
        for name, label in DETAILS.items()
        if getattr(stored, name) != getattr(data, name)
    ]
    if stored.is_active != data.is_active:
        changes.append(Change("Active", _yes(stored.is_active), _yes(data.is_active)))
    _with_details(stored, data).is_active = data.is_active
    stored.save(update_fields=[*DETAILS, "is_active"])
    return changes + _change_roles(stored, data) + _change_teamspaces(stored, data, by)


@transaction.atomic
def person_set_password(*, person: User, password: str, by: User) -> None:
    """Give a person a new password, which ends their sessions. Raises Refused or ValidationError."""
    _, stored, why_not = _reach(by, person)
    if why_not or stored is None:
        raise Refused(why_not)
    validate_password(password, stored)
    stored.set_password(password)
    stored.save(update_fields=["password"])


def _refuse(found: list[tuple[str | None, str]]) -> None:
    if found:
        raise Refused(" ".join(sentence for _, sentence in found))


def _with_details(person: User, data: PersonData) -> User:
    for name in DETAILS:
        setattr(person, name, getattr(data, name))
    return person


def _yes(value: bool) -> str:
    return "Yes" if value else "No"


def _change_roles(person: User, data: PersonData) -> list[Change]:
    """Give exactly these of the three roles; groups of other kinds stay."""
    before = role_names(person)
    if before == data.roles:
        return []
    groups = {group.name: group for group in given_roles()}
    person.groups.remove(*(groups[name] for name in before - data.roles))
    person.groups.add(*(groups[name] for name in data.roles - before))
    return [Change("Roles", _in_order(before), _in_order(data.roles))]


def _in_order(roles: set[str] | frozenset[str]) -> str:
    return ", ".join(role for role in ROLES if role in roles)


def _change_teamspaces(person: User, data: PersonData, by: User) -> list[Change]:
    """Give exactly these of the teamspaces that `by` sees; memberships out of their sight stay."""
    held = teamspaces_of(person)
    wanted = teamspaces_after(held=held, wanted=data.teamspaces, by=by)
    if wanted == held:
        return []
    person.teamspaces.remove(*(held - wanted))
    person.teamspaces.add(*(wanted - held))
    names = dict(Teamspace.objects.filter(pk__in=held | wanted).values_list("pk", "name"))
    words = [", ".join(sorted(names[pk] for pk in ids)) for ids in (held, wanted)]
    return [Change("Teamspaces", words[0], words[1], tuple(sorted(held | wanted)))]
