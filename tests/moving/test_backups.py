"""A backup that was made while the product wrote is restored, and the product works on it."""

import shutil
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from tests.support.product import Product
from tests.support.servers import Postgres
from tests.webhooks.posting import event, signature, unique

CONNECT = """
place = Teamspace.objects.create(name="Acme", subcompany_id="acme", takeover_secret="a-secret", is_active=False)
Channel.objects.create(name="Web", channel_id="web", teamspace=place, secret="the-secret", pull_every=0)
"""
COUNT = "from webhooks.models import Delivery; print(Delivery.objects.count())"
CHECK = """
from django.contrib.auth.models import User
print(User.objects.get(username="admin").check_password({password!r}))
"""
OTHER_KEYS = {"FIELD_ENCRYPTION_KEYS": "b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItb3Q="}


class Proto:
    """Who posts webhooks, and counts those that were taken."""

    def __init__(self, product: Product) -> None:
        self.product, self.taken = product, 0
        self._stop = threading.Event()

    def post(self, text: str) -> int:
        """Post one delivery; return the status."""
        body = unique(event(text))
        headers = {"X-PROTO-SIGNATURE": signature(body, "the-secret"), "Content-Type": "application/json"}
        return requests.post(f"{self.product.url}/webhooks/web/", data=body, headers=headers, timeout=20).status_code

    @contextmanager
    def posting(self) -> Iterator[None]:
        """Post one after the other as long as the block runs."""
        thread = threading.Thread(target=self._post_on)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _post_on(self) -> None:
        while not self._stop.is_set():
            with suppress(requests.RequestException):
                self.taken += self.post("Hello") == 200


def restored(backup: Path, new_product: Callable[..., Product]) -> Product:
    """Return a product (not yet started) with the backup in the place of its database."""
    product = new_product(database_url="", options=[])
    product.var_dir.mkdir(parents=True)
    shutil.copyfile(backup, product.var_dir / "proto-admin.sqlite3")
    return product


@pytest.mark.slow
def test_a_backup_made_while_it_writes_is_restored(new_product: Callable[..., Product], tmp_path: Path) -> None:
    product = new_product(database_url="", options=[])
    product.start()
    product.python(CONNECT)
    proto, backup = Proto(product), tmp_path / "backup.sqlite3"
    with proto.posting():
        product.wait_for(lambda: proto.taken >= 20, "some deliveries")
        before = proto.taken
        said = product.manage("backup_database", str(backup))
    assert "sound" in said
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.glob("*backup*")) == ["backup.sqlite3"]
    login = (product.var_dir / "login.txt").read_text()
    product.stop()
    again = restored(backup, new_product)
    again.start()
    # What was answered 200 before the backup began is in it, and it goes on from there.
    assert before <= int(again.python(COUNT)) <= proto.taken
    assert Proto(again).post("Hello after the restore") == 200
    found = "print(Message.objects.filter(text='Hello after the restore').count())"
    again.wait_for(lambda: again.python(found) == "1", "the message")
    assert again.python("print(Teamspace.objects.get().takeover_secret)") == "a-secret"
    # The first login and its password are those of before: no new one is made.
    assert again.python(CHECK.format(password=login.split()[-1])) == "True"


def test_a_backup_is_looked_through(new_product: Callable[..., Product], tmp_path: Path) -> None:
    product = new_product(database_url="", options=[])
    product.var_dir.mkdir(parents=True)
    product.manage("migrate", "--verbosity", "0")
    product.python(CONNECT)
    backup = tmp_path / "backup.sqlite3"
    product.manage("backup_database", str(backup))
    assert "sound; 0 message rows" in product.manage("backup_database", "--check", str(backup))
    with pytest.raises(AssertionError, match="a backup never replaces another"):
        product.manage("backup_database", str(backup))
    with pytest.raises(AssertionError, match="There is no folder"):
        product.manage("backup_database", str(tmp_path / "nowhere" / "backup"))
    product.env |= OTHER_KEYS
    with pytest.raises(AssertionError, match=r"None of FIELD_ENCRYPTION_KEYS opens its secrets .connections.Teamspace"):
        product.manage("backup_database", "--check", str(backup))
    # Damage in the middle of the file, and a file that is something else.
    content = bytearray(backup.read_bytes())
    content[8192:16384] = b"\x00" * 8192
    (tmp_path / "damaged").write_bytes(content)
    with pytest.raises(AssertionError, match=r"is damaged|is no sound SQLite database"):
        product.manage("backup_database", "--check", str(tmp_path / "damaged"))
    (tmp_path / "text").write_text("This is no database at all. " * 100)
    with pytest.raises(AssertionError, match="is no sound SQLite database"):
        product.manage("backup_database", "--check", str(tmp_path / "text"))


@pytest.mark.postgres
def test_on_postgresql_it_says_what_to_use(new_product: Callable[..., Product], postgres_server: Postgres) -> None:
    product = new_product(database_url=postgres_server.new_database(), options=[])
    product.var_dir.mkdir(parents=True)
    with pytest.raises(AssertionError, match="pg_dump --format=custom"):
        product.manage("backup_database", "any")
