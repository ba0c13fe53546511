"""The roles: three groups that migrate keeps in step with one table."""

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from protoadmin.staff import roles
from protoadmin.staff.roles import ADMINISTRATOR, MANAGER, ROLES, SUPPORT

READ = {
    "customers.view_customer",
    "customers.view_tag",
    "customers.view_customfield",
    "customers.view_protocolcustomer",
    "customers.view_company",
    "customers.view_contact",
    "conversations.view_visitorconversation",
    "conversations.view_ticket",
    "conversations.view_chat",
    "outbox.view_call",
    "runs.view_run",
}
WORK = {
    "customers.add_customer",
    "customers.change_customer",
    "customers.change_many_customers",
    "customers.add_protocolcustomer",
    "customers.change_protocolcustomer",
    "customers.change_company",
    "conversations.add_ticket",
    "conversations.start_chat",
    "conversations.send_message",
    "conversations.pull_messages",
    "outbox.change_call",
}
OVERSEE = {
    "customers.export_customers",
    "conversations.export_chats",
    "conversations.share_view",
    "conversations.assign_follow_up",
    "outbox.view_all_calls",
    "dashboard.view_report",
    "dashboard.export_report",
}
ALONE = {
    "customers.add_tag",
    "customers.import_customers",
    "customers.delete_customer",
    "customers.delete_protocolcustomer",
    "customers.delete_company",
    "customers.delete_contact",
    "conversations.delete_visitorconversation",
    "customers.add_customfield",
    "customers.change_customfield",
    "customers.delete_customfield",
    "connections.view_teamspace",
    "connections.add_teamspace",
    "connections.change_teamspace",
    "connections.view_channel",
    "connections.add_channel",
    "connections.change_channel",
    "connections.view_protocolproject",
    "connections.add_protocolproject",
    "connections.change_protocolproject",
    "connections.view_helpdeskaccount",
    "connections.add_helpdeskaccount",
    "connections.change_helpdeskaccount",
    "outbox.settle_all_calls",
    "webhooks.view_delivery",
    "webhooks.replay_delivery",
    "api.view_apikey",
    "api.add_apikey",
    "api.change_apikey",
    "auth.view_user",
    "auth.add_user",
    "auth.change_user",
}


def granted(role: str) -> set[str]:
    """Return what the database gives a role."""
    found = Group.objects.get(name=role).permissions.values_list("content_type__app_label", "codename")
    return {f"{label}.{codename}" for label, codename in found}


def migrate() -> None:
    """Do what an upgrade does."""
    call_command("migrate", verbosity=0, stdout=StringIO())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "permissions"),
    [(SUPPORT, READ | WORK), (MANAGER, READ | OVERSEE), (ADMINISTRATOR, READ | WORK | OVERSEE | ALONE)],
)
def test_a_fresh_database_has_the_roles(role: str, permissions: set[str]) -> None:
    assert granted(role) == permissions


@pytest.mark.django_db
def test_migrate_brings_a_changed_role_back_and_leaves_other_groups_and_members_alone(
    django_user_model: Any,
) -> None:
    delete_user = Permission.objects.get(codename="delete_user")
    support, own = Group.objects.get(name=SUPPORT), Group.objects.create(name="Auditors")
    member = django_user_model.objects.create(username="m")
    member.groups.add(support, own)
    support.permissions.set([delete_user])
    own.permissions.set([delete_user])
    Group.objects.get(name=MANAGER).delete()

    migrate()

    assert granted(SUPPORT) == READ | WORK
    assert granted(MANAGER) == READ | OVERSEE
    assert granted("Auditors") == {"auth.delete_user"}
    assert set(member.groups.all()) == {support, own}


@pytest.mark.django_db
def test_a_permission_that_does_not_exist_yet_is_named_and_left_out(caplog: pytest.LogCaptureFixture) -> None:
    Permission.objects.get(codename="import_customers").delete()
    roles.restore_roles()
    assert "customers.import_customers does not exist yet" in caplog.text
    assert granted(ADMINISTRATOR) == READ | WORK | OVERSEE | ALONE - {"customers.import_customers"}


def test_a_misspelt_permission_is_an_error_of_check(monkeypatch: pytest.MonkeyPatch) -> None:
    assert roles.check_table() == []
    monkeypatch.setitem(roles.TABLE, (MANAGER,), ("customers.exprot_customers",))
    found = roles.check_table()
    assert [error.id for error in found] == ["staff.E001"]
    assert "customers.exprot_customers" in found[0].msg


def test_every_permission_stands_in_one_line_of_the_table() -> None:
    listed = [name for names in roles.TABLE.values() for name in names]
    assert len(listed) == len(set(listed))
    assert all(set(key) <= set(ROLES) for key in roles.TABLE)
