"""The three roles and what each may do: groups that every migrate brings back in step with one table."""

import logging
from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed_apps
from django.contrib.auth import get_permission_codename
from django.core.checks import CheckMessage, Error
from django.db import router, transaction

logger = logging.getLogger(__name__)

SUPPORT, MANAGER, ADMINISTRATOR = "Support", "Manager", "Administrator"
ROLES = (SUPPORT, MANAGER, ADMINISTRATOR)

WHAT_FOR = {
    SUPPORT: "works with people: changes them, creates tickets, settles their own calls",
    MANAGER: "reads, exports, and sees everybody's calls and the reports",
    ADMINISTRATOR: "all of it, and connections, custom fields, imports and staff",
}

# Who may what (DESIGN, section 6). Each permission stands in one line only.
TABLE: dict[tuple[str, ...], tuple[str, ...]] = {
    ROLES: (
        "customers.view_customer",
        "customers.view_tag",
        "customers.view_protocolcustomer",
        "customers.view_customfield",
        "conversations.view_ticket",
        "conversations.view_chat",
        "customers.view_company",
        "customers.view_contact",
        "conversations.view_visitorconversation",
        "outbox.view_call",
        "runs.view_run",
    ),
    (SUPPORT, ADMINISTRATOR): (
        "customers.add_customer",
        "customers.change_customer",
        "customers.change_many_customers",
        "customers.add_protocolcustomer",
        "customers.change_protocolcustomer",
        # Nobody changes a mirrored company by hand: this is to have it pulled.
        "customers.change_company",
        "conversations.add_ticket",
        "conversations.start_chat",
        "conversations.send_message",
        "conversations.pull_messages",
        "outbox.change_call",
    ),
    (MANAGER, ADMINISTRATOR): (
        "customers.export_customers",
        "conversations.export_chats",
        "conversations.share_view",
        "conversations.assign_follow_up",
        "outbox.view_all_calls",
        "dashboard.view_report",
        "dashboard.export_report",
    ),
    (ADMINISTRATOR,): (
        "customers.add_tag",
        "customers.import_customers",
        "customers.delete_customer",
        "customers.delete_protocolcustomer",
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
        "customers.delete_company",
        "customers.delete_contact",
        "conversations.delete_visitorconversation",
        "outbox.settle_all_calls",
        "webhooks.view_delivery",
        "webhooks.replay_delivery",
        "api.view_apikey",
        "api.add_apikey",
        "api.change_apikey",
        "auth.view_user",
        "auth.add_user",
        "auth.change_user",
    ),
}


def permissions_of(role: str) -> set[str]:
    """Return what a role may, as `app_label.codename`."""
    return {permission for roles, permissions in TABLE.items() if role in roles for permission in permissions}


def restore_after_migrate(
    sender: AppConfig, using: str, apps: Any = installed_apps, verbosity: int = 1, **kwargs: Any
) -> None:
    """Bring the groups in step, once, after the last app: only then do all permissions exist."""
    with_models = [config for config in installed_apps.get_app_configs() if config.models_module is not None]
    if sender.label != with_models[-1].label:
        return
    try:
        group_model = apps.get_model("auth", "Group")
    except LookupError:
        return
    if router.allow_migrate_model(using, group_model):
        restore_roles(using=using, apps=apps)


def restore_roles(*, using: str = "default", apps: Any = installed_apps) -> None:
    """Give each of the three groups exactly the permissions of the table; other groups are left alone.

    A permission that does not exist yet (a migrate that stopped half-way) is named in the log and left out.
    """
    groups = apps.get_model("auth", "Group").objects.using(using)
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    wanted = {name for names in TABLE.values() for name in names}
    found = {
        f"{app_label}.{codename}": pk
        for pk, app_label, codename in permissions.values_list("pk", "content_type__app_label", "codename")
        if f"{app_label}.{codename}" in wanted
    }
    for name in sorted(wanted - found.keys()):
        logger.warning("The permission %s does not exist yet; no role has it until the next complete migrate.", name)
    with transaction.atomic(using=using):
        for role in ROLES:
            group, _ = groups.get_or_create(name=role)
            group.permissions.set({found[name] for name in permissions_of(role) & found.keys()})


def check_table(**kwargs: Any) -> list[CheckMessage]:
    """Find permissions in the table that no installed model has: a misspelt one would be given to nobody."""
    known = {
        f"{model._meta.app_label}.{codename}"
        for model in installed_apps.get_models()
        for codename in (
            *(get_permission_codename(action, model._meta) for action in model._meta.default_permissions),
            *(codename for codename, _ in model._meta.permissions),
        )
    }
    return [
        Error(
            f"The roles give the permission {name}, which no model has.",
            hint="Correct protoadmin/staff/roles.py, or the permissions of the model.",
            id="staff.E001",
        )
        for names in TABLE.values()
        for name in names
        if name not in known
    ]
