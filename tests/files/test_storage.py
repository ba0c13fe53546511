"""The storage in the database: what goes in comes out, in one piece in memory, with the transaction that wrote it."""

import io
import threading
import time
from typing import Any

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from django.db import connection, transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from protoadmin.files import storage as module
from protoadmin.files.models import Piece, StoredFile
from protoadmin.files.storage import PIECE, DatabaseStorage
from protoadmin.runs.models import Run, RunFile

pytestmark = pytest.mark.django_db


@pytest.fixture
def storage() -> DatabaseStorage:
    return DatabaseStorage()


class AnyBytes(TestCase):
    """A small piece, so that files have many."""

    def setUp(self) -> None:
        self.enterContext(pytest.MonkeyPatch.context()).setattr(module, "PIECE", 7)

    @settings(deadline=None)
    @given(
        content=st.binary(max_size=60),
        reads=st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=5),
    )
    def test_any_bytes_are_read_at_any_place(self, content: bytes, reads: list[tuple[int, int]]) -> None:
        storage = DatabaseStorage()
        name = storage.save("a/b.bin", ContentFile(content))
        assert storage.size(name) == len(content)
        plain = io.BytesIO(content)
        with storage.open(name) as file:
            for place, length in reads:
                file.seek(place)
                plain.seek(place)
                assert file.read(length) == plain.read(length)
            file.seek(0)
            assert file.read() == content
        storage.delete(name)
        assert not Piece.objects.exists()


def test_a_large_file_is_read_piece_by_piece(storage: DatabaseStorage, django_assert_num_queries: Any) -> None:
    content = b"0123456789abcdef" * (3 * PIECE // 16) + b"end"
    storage.save("large", ContentFile(content))
    assert list(Piece.objects.order_by("number").values_list("number", flat=True)) == [0, 1, 2, 3]
    with django_assert_num_queries(2), storage.open("large") as file:
        file.seek(-3, io.SEEK_END)
        assert file.read() == b"end"
    with storage.open("large") as file:
        assert b"".join(file.chunks()) == content


def test_names(storage: DatabaseStorage) -> None:
    first = storage.save("runs/parts/1/x", ContentFile(b"1"))
    second = storage.save("runs/parts/1/x", ContentFile(b"2"))
    assert first == "runs/parts/1/x"
    assert second != first
    assert storage.exists(first)
    assert not storage.exists("runs/parts/1")
    assert storage.listdir("runs/parts/1") == ([], sorted([first[13:], second[13:]]))
    assert storage.listdir("runs") == (["parts"], [])
    assert storage.listdir("") == (["runs"], [])
    storage.delete(first)
    storage.delete(first)
    assert not storage.exists(first)
    assert storage.get_modified_time(second).tzinfo is not None


@pytest.mark.parametrize("name", ["../up", "a/../../up"])
def test_no_way_out(storage: DatabaseStorage, name: str) -> None:
    with pytest.raises(Exception, match="path traversal"):
        storage.save(name, ContentFile(b""))


def test_what_is_not_there(storage: DatabaseStorage) -> None:
    for ask in (storage.open, storage.size, storage.get_modified_time):
        with pytest.raises(FileNotFoundError):
            ask("nothing")
    with pytest.raises(ValueError, match="reading alone"):
        storage.open("nothing", "wb")


def test_a_file_that_is_removed_while_it_is_read(storage: DatabaseStorage) -> None:
    storage.save("gone", ContentFile(b"x" * (2 * PIECE)))
    with storage.open("gone") as file:
        file.read(10)
        storage.delete("gone")
        with pytest.raises(FileNotFoundError, match="removed while"):
            file.read()


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_file_never_was(storage: DatabaseStorage) -> None:
    with transaction.atomic():
        storage.save("undone", ContentFile(b"x"))
        transaction.set_rollback(True)
    assert not StoredFile.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_file_that_breaks_while_it_is_written_is_not_there(storage: DatabaseStorage) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("the upload broke")

    with pytest.raises(OSError, match="broke"):
        storage.save("half", File(Broken(b"x" * 10), name="half"))
    assert not StoredFile.objects.exists()
    assert not Piece.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_writers_of_one_name_at_once_get_two_names(storage: DatabaseStorage) -> None:
    """As two exports of one day that end at the same moment: neither sees the other's name yet."""
    names = []

    class Slow(ContentFile):  # type: ignore[type-arg]
        def chunks(self, chunk_size: int | None = None) -> Any:
            # The row with the name is written, and not committed.
            time.sleep(0.3)
            return super().chunks(chunk_size)

    def write(content: bytes) -> None:
        try:
            names.append((storage.save("runs/people.csv", Slow(content)), content))
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(content,)) for content in (b"one", b"two")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len({name for name, _ in names}) == 2
    for name, content in names:
        with storage.open(name) as file:
            assert file.read() == content


def test_a_run_gives_its_file_to_a_browser(settings: Any, admin_client: Client) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "protoadmin.files.storage.DatabaseStorage"}}
    run = Run.objects.create(kind="people_export", state="done")
    file = RunFile(run=run, purpose="result", name="people.csv")
    content = b"name\r\n" + b"Anna\r\n" * PIECE
    file.content.save("people.csv", ContentFile(content))
    assert isinstance(storages["default"], DatabaseStorage)
    answer = admin_client.get(f"/admin/runs/run/{run.pk}/file/result/")
    assert answer.status_code == 200
    assert answer.headers["Content-Length"] == str(len(content))
    assert b"".join(answer.streaming_content) == content  # type: ignore[attr-defined]
