"""The database keeps the ledger balanced and unchanged, whoever writes."""

from django.db import migrations

from billing.migrations._guards import Guarded


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_ledger")]

    operations = [Guarded()]
