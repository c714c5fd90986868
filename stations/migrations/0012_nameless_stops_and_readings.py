"""Stops and readings under -1 or 0: found by their time, and together."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rfid", "0002_revision"),
        ("stations", "0011_security"),
    ]

    operations = [
        migrations.AddField(
            model_name="metervalue",
            name="with_stop",
            field=models.BooleanField(null=True),
        ),
        # Django would drop it along with the index of the foreign key, being an index as well.
        migrations.RemoveConstraint(model_name="chargingsession", name="session_one_open"),
        migrations.AlterField(
            model_name="chargingsession",
            name="connector",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sessions",
                to="stations.connector",
            ),
        ),
        migrations.AddConstraint(
            model_name="chargingsession",
            constraint=models.UniqueConstraint(
                fields=["connector"],
                condition=models.Q(("status", "Active")),
                name="session_one_open",
            ),
        ),
        migrations.AlterField(
            model_name="statuschange",
            name="connector",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="changes",
                to="stations.connector",
            ),
        ),
        migrations.AddIndex(
            model_name="chargingsession",
            index=models.Index(
                fields=["connector", "-started_at", "-transaction_id"], name="session_by_connector"
            ),
        ),
        migrations.AddIndex(
            model_name="chargingsession",
            index=models.Index(
                condition=models.Q(("reported_transaction_id__lte", 0)),
                fields=["station", "stopped_at"],
                name="session_nameless",
            ),
        ),
        migrations.AddIndex(
            model_name="metervalue",
            index=models.Index(
                condition=models.Q(("reported_transaction_id__lte", 0)),
                fields=["connector", "sampled_at"],
                name="meter_value_nameless",
            ),
        ),
        migrations.AddIndex(
            model_name="statuschange",
            index=models.Index(fields=["connector", "reported_at"], name="status_by_connector"),
        ),
    ]
