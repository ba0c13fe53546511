"""App configuration."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """Label `files`."""

    name = "protoadmin.files"
    label = "files"
