"""The reports, as something that permissions are about; they have no table."""

from django.db import models


class Report(models.Model):
    """The page of figures: who may see it, and who may download what it shows."""

    class Meta:
        managed = False
        default_permissions = ("view",)
        permissions = (("export_report", "Can download figures"),)

    def __str__(self) -> str:
        return "the reports"
