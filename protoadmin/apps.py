"""The project itself as an app: its commands, checks and static files."""

from django.apps import AppConfig
from django.core import checks as django_checks

from protoadmin import checks


class ProtoAdminConfig(AppConfig):
    """Label `protoadmin`; it owns no models."""

    name = "protoadmin"
    label = "protoadmin"
    verbose_name = "Proto Admin"

    def ready(self) -> None:
        """Have every management command look at the settings first."""
        for check in checks.CHECKS:
            django_checks.register(check)
