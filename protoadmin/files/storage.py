"""Django's storage API over the database: what one machine writes, every machine reads. Memory holds one piece.

Writing is part of the caller's transaction, if there is one: a file whose transaction is rolled back never was.
"""

import datetime
import io
from collections.abc import Iterator
from typing import Any

from django.core.files.base import File
from django.core.files.storage import Storage
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.deconstruct import deconstructible

from protoadmin.files.models import NAME_LENGTH, Piece, StoredFile

# Bytes in one row: large enough that a file is few rows, small enough to hold several in memory.
PIECE = 256 * 1024


@deconstructible(path="protoadmin.files.storage.DatabaseStorage")
class DatabaseStorage(Storage):
    """Files in the tables of this app."""

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        """Open a file for reading; raises FileNotFoundError, and ValueError for another mode."""
        if mode not in {"r", "rb"}:
            raise ValueError("A file of the database is written by save() and opened for reading alone.")
        stored = StoredFile.objects.filter(name=_clean(name)).first()
        if stored is None:
            raise FileNotFoundError(f"There is no file {name!r} in the database.")
        return File(io.BufferedReader(_Pieces(stored), PIECE), name=name)

    def _save(self, name: str, content: Any) -> str:
        """Write the file and return its name: another one than was asked for, if somebody has just taken that."""
        with transaction.atomic():
            stored = self._claim(_clean(name))
            size = 0
            for number, piece in enumerate(_pieces_of(content)):
                _keep(stored, number, piece)
                size += len(piece)
            StoredFile.objects.filter(pk=stored.pk).update(size=size)
        return stored.name

    def _claim(self, name: str) -> StoredFile:
        while True:
            try:
                # Waits for a transaction that writes the same name.
                with transaction.atomic():
                    return StoredFile.objects.create(name=name)
            except IntegrityError:
                name = self.get_available_name(name, max_length=NAME_LENGTH)

    def delete(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""
        found = StoredFile.objects.filter(name=_clean(name))
        with transaction.atomic():
            Piece.objects.filter(file__in=found).delete()
            found.delete()

    def exists(self, name: str) -> bool:
        """Tell whether the name is taken."""
        return StoredFile.objects.filter(name=_clean(name)).exists()

    def size(self, name: str) -> int:
        """Return the number of bytes; raises FileNotFoundError."""
        return self._row(name).size

    def get_created_time(self, name: str) -> datetime.datetime:
        """Return when the file was written; raises FileNotFoundError."""
        return timezone.localtime(self._row(name).created_at)

    def get_modified_time(self, name: str) -> datetime.datetime:
        """Return when the file was written: it is never changed. Raises FileNotFoundError."""
        return self.get_created_time(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return the names of the folders and of the files below a path."""
        start = f"{_clean(path)}/" if path else ""
        names = StoredFile.objects.filter(name__startswith=start).values_list("name", flat=True)
        below = [name[len(start) :] for name in names.order_by("name")]
        folders = sorted({name.split("/")[0] for name in below if "/" in name})
        return folders, [name for name in below if "/" not in name]

    def _row(self, name: str) -> StoredFile:
        stored = StoredFile.objects.filter(name=_clean(name)).first()
        if stored is None:
            raise FileNotFoundError(f"There is no file {name!r} in the database.")
        return stored


def _clean(name: str) -> str:
    return str(name).replace("\\", "/").strip("/")


# To and from PostgreSQL pieces go as the bytes that they are: as text they are twice as long and take thrice the time.
_TABLE = Piece._meta.db_table


def _keep(stored: StoredFile, number: int, content: bytes) -> None:
    """Write a piece."""
    if connection.vendor != "postgresql":
        Piece.objects.create(file=stored, number=number, content=content)
        return
    statement = f"COPY {_TABLE} (file_id, number, content) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        copy.set_types(["int8", "int4", "bytea"])
        copy.write_row((stored.pk, number, content))


def _kept(stored: StoredFile, number: int) -> bytes | None:
    """Return a piece; None when it is not there."""
    if connection.vendor != "postgresql":
        piece = Piece.objects.filter(file=stored, number=number).values_list("content", flat=True).first()
        return None if piece is None else bytes(piece)
    chosen = f"SELECT content FROM {_TABLE} WHERE file_id = {stored.pk:d} AND number = {number:d}"  # noqa: S608 - numbers
    statement = f"COPY ({chosen}) TO STDOUT (FORMAT BINARY)"
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        copy.set_types(["bytea"])
        found: list[bytes] = [content for (content,) in copy.rows()]
    return found[0] if found else None


def _pieces_of(content: Any) -> Iterator[bytes]:
    """Yield what is in a file in pieces of one length, whatever chunks it comes in."""
    buffer = bytearray()
    for chunk in content.chunks(PIECE):
        buffer += chunk.encode() if isinstance(chunk, str) else chunk
        while len(buffer) >= PIECE:
            yield bytes(buffer[:PIECE])
            del buffer[:PIECE]
    if buffer:
        yield bytes(buffer)


class _Pieces(io.RawIOBase):
    """The bytes of a stored file, one piece in memory at a time."""

    def __init__(self, stored: StoredFile) -> None:
        self._stored = stored
        self._at = 0
        self._number, self._piece = -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._stored.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._stored.size:
            return 0
        number, start = divmod(self._at, PIECE)
        if number != self._number:
            piece = _kept(self._stored, number)
            if piece is None:
                raise FileNotFoundError(f"The file {self._stored.name!r} was removed while it was read.")
            self._number, self._piece = number, piece
        part = self._piece[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)
