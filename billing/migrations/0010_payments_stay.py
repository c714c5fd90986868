"""The database keeps what was agreed and paid, whoever writes."""

from django.db import migrations

from billing.migrations._paid import Kept


class Migration(migrations.Migration):
    dependencies = [("billing", "0009_misfits")]

    operations = [Kept()]
