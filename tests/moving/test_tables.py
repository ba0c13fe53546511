"""What is copied: Django's models, without what belongs to one database alone."""

from django.db import connection, models

from protoadmin.encryption import EncryptedTextField
from protoadmin.moving.tables import LEFT_OUT, is_of_one_database, tables


class Tokens(models.Field):  # type: ignore[type-arg]
    """A column that is an array in one database and text in the other."""


def test_columns_of_one_databases_own_kind_stay_behind() -> None:
    assert is_of_one_database(Tokens())
    for field in (EncryptedTextField(), models.EmailField(), models.JSONField(), models.FileField()):
        assert not is_of_one_database(field)


def test_every_table_of_the_product_is_among_them() -> None:
    labels = {table.label for table in tables(connection)}
    assert {"conversations.Message", "connections.Teamspace_members", "django_q.Schedule", "runs.RunFile"} <= labels
    assert labels.isdisjoint(LEFT_OUT)
    # A proxy's rows are those of the model behind it.
    assert "django_q.Task" in labels
    assert "django_q.Success" not in labels
