"""Makes the start command known to Django; the sandbox has no models."""

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    """The app `sandbox`."""

    name = "protoadmin.sandbox"
    label = "sandbox"
    verbose_name = "Sandbox"
