"""A file and its pieces."""

from typing import Any

from django.db import models
from django.utils import timezone

NAME_LENGTH = 255


class StoredFile(models.Model):
    """A file by its name in the storage, with slashes; what is in it stands in its pieces."""

    name = models.CharField(max_length=NAME_LENGTH, unique=True)
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name


class Piece(models.Model):
    """So many bytes of a file; all but the last are of one length (storage.PIECE)."""

    file = models.ForeignKey(StoredFile, on_delete=models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    content: Any = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["file", "number"], name="piece_of_file"),)

    def __str__(self) -> str:
        return f"{self.file_id}/{self.number}"
