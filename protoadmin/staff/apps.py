"""App configuration."""

from django.apps import AppConfig, apps
from django.core import checks
from django.db.models.signals import post_migrate


class StaffConfig(AppConfig):
    """Label `staff`; it owns no models: people and groups are Django's."""

    name = "protoadmin.staff"
    label = "staff"

    def ready(self) -> None:
        """Keep the roles in step after every migrate, and check their table."""
        from protoadmin.staff import roles  # noqa: PLC0415 - models are loaded only now

        # The screens say Staff where Django says "Authentication and Authorization".
        apps.get_app_config("auth").verbose_name = "Staff"
        post_migrate.connect(roles.restore_after_migrate, dispatch_uid="protoadmin.staff.roles")
        checks.register(roles.check_table)
