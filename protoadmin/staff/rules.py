"""Whom a person sees on the Staff page, and whom and what they may change there."""

from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Exists, OuterRef, Q, QuerySet

from protoadmin.connections.models import Teamspace
from protoadmin.connections.scoping import visible_teamspaces
from protoadmin.staff.roles import ADMINISTRATOR, ROLES

MEMBERSHIPS = Teamspace.members.through.objects

NOT_YOUR_TEAMSPACE = "You can only give teamspaces that you are a member of."
NOT_A_ROLE = "Choose among the roles Support, Manager and Administrator."


@dataclass(frozen=True, kw_only=True)
class PersonData:
    """What the Staff page says about a person."""

    username: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    is_active: bool = True
    roles: frozenset[str] = frozenset()
    teamspaces: frozenset[int] = frozenset()


def name_of(person: User) -> str:
    """Return how a person is called on the screen."""
    return person.get_full_name() or person.username


def visible_people(by: User) -> QuerySet[User]:
    """Return the people that `by` sees: of their teamspaces, and of none; superusers see all."""
    if by.is_active and by.is_superuser:
        return User.objects.all()
    memberships = MEMBERSHIPS.filter(user=OuterRef("pk"))
    shared = Exists(memberships.filter(teamspace__in=visible_teamspaces(by)))
    return User.objects.filter(shared | ~Exists(memberships), is_superuser=False)


def given_roles() -> QuerySet[Group]:
    """Return the three groups that the product keeps in step."""
    return Group.objects.filter(name__in=ROLES)


def teamspaces_of(person: User) -> set[int]:
    """Return the ids of the teamspaces that a person is a member of."""
    return set(MEMBERSHIPS.filter(user=person.pk).values_list("teamspace_id", flat=True))


def why_untouchable(person: User, by: User) -> str:
    """Return why `by` may not change this person (nor their password); empty when they may."""
    if by.is_superuser:
        return ""
    if person.is_superuser:
        return "Superusers are changed by superusers alone."
    if person.pk == by.pk:
        return ""
    if teamspaces_of(person) - visible_teamspace_ids(by):
        return (
            f"{name_of(person)} is also a member of a teamspace that you are not a member of, so you can read this "
            "page and not change it. Ask an administrator who is a member of all of their teamspaces, or a superuser."
        )
    if granted_to(person) - by.get_all_permissions():
        return f"{name_of(person)} may do things here that you may not, so only a superuser can change this page."
    return ""


def visible_teamspace_ids(by: User) -> set[int]:
    """Return the ids of the teamspaces that `by` sees."""
    return set(visible_teamspaces(by).values_list("pk", flat=True))


def granted_to(person: User) -> set[str]:
    """Return what was granted to a person, active or not: Django's own answer for an inactive one is nothing."""
    granted = Permission.objects.filter(Q(group__user=person) | Q(user=person))
    return {f"{label}.{codename}" for label, codename in granted.values_list("content_type__app_label", "codename")}


def complaints(*, data: PersonData, by: User, person: User | None = None) -> list[tuple[str, str]]:
    """Return what is wrong with this wish, as (field, sentence) pairs; `person` is None for a new one."""
    found = []
    same_name = User.objects.filter(username__iexact=data.username)
    if (same_name.exclude(pk=person.pk) if person else same_name).exists():
        found.append(("username", "Somebody has this username already."))
    if data.teamspaces - visible_teamspace_ids(by):
        found.append(("teamspaces", NOT_YOUR_TEAMSPACE))
    if data.roles - set(ROLES):
        found.append(("roles", NOT_A_ROLE))
    if person is not None:
        found += _lock_outs(data, by, person)
    return found


def _lock_outs(data: PersonData, by: User, person: User) -> list[tuple[str, str]]:
    """Nobody locks themselves out. So one superuser is always left: whoever deactivates the others is an active one."""
    found: list[tuple[str, str]] = []
    if person.pk != by.pk:
        return found
    if person.is_active and not data.is_active:
        found.append(("is_active", "You cannot deactivate yourself. Ask another administrator."))
    keeps = by.is_superuser or ADMINISTRATOR in data.roles
    if ADMINISTRATOR in role_names(person) and not keeps:
        found.append(("roles", "You cannot take the role Administrator from yourself. Ask another administrator."))
    return found


def teamspaces_after(*, held: set[int], wanted: frozenset[int], by: User) -> set[int]:
    """Return the teamspaces that a person is in afterwards: memberships that `by` does not see stay as they are."""
    visible = visible_teamspace_ids(by)
    return (held - visible) | (wanted & visible)


def role_names(person: User) -> set[str]:
    """Return the names of a person's roles."""
    return set(person.groups.filter(name__in=ROLES).values_list("name", flat=True))
