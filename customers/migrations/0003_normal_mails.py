"""Fill what is compared with other systems' records from what is known already."""

from django.db import migrations

from customers.mails import normal_mail
from customers.phones import to_e164

BATCH = 1000


def fill(apps, schema_editor):
    using = schema_editor.connection.alias
    for row in _rows(apps.get_model("customers", "Customer"), using, "email"):
        row.email_normal = normal_mail(row.email)
        row.save(update_fields=["email_normal"])
    for row in _rows(apps.get_model("customers", "Human"), using, "email", "phone_number", "remote_data"):
        data = row.remote_data if isinstance(row.remote_data, dict) else {}
        external_id = data.get("externalId")
        row.email_normal, row.phone_e164 = normal_mail(row.email), to_e164(row.phone_number)
        row.external_id = external_id[:200] if isinstance(external_id, str) else ""
        if row.email_normal or row.phone_e164 or row.external_id:
            row.save(update_fields=["email_normal", "phone_e164", "external_id"])


def _rows(model, using, *columns):
    last = 0
    while True:
        rows = model.objects.using(using).filter(pk__gt=last).order_by("pk").only("pk", *columns)[:BATCH]
        found = list(rows)
        if not found:
            return
        yield from found
        last = found[-1].pk


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_linking")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
