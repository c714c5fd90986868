"""Bills are looked at again whether they still fit; those of before, too."""

from django.db import migrations, models
from django.db.models import F, Q


def look_again(apps, schema_editor):
    """Every bill there is, once: the oldest first."""
    rows = apps.get_model("billing", "SessionTariff").objects
    billed = rows.using(schema_editor.connection.alias).filter(state="Billed")
    billed.update(check_at=F("tried_at"))


class Migration(migrations.Migration):
    dependencies = [("billing", "0008_report_exports")]

    operations = [
        migrations.AddField("sessiontariff", "check_at", models.DateTimeField(null=True)),
        migrations.AddField("sessiontariff", "misfit_since", models.DateTimeField(null=True)),
        migrations.AddField(
            "sessiontariff",
            "misfit",
            models.CharField(blank=True, max_length=200, default=""),
            preserve_default=False,
        ),
        migrations.RunPython(look_again, migrations.RunPython.noop),
        migrations.AddIndex(
            "sessiontariff",
            models.Index(
                fields=["check_at"],
                condition=Q(check_at__isnull=False),
                name="session_tariff_check",
            ),
        ),
        migrations.AddIndex(
            "sessiontariff",
            models.Index(
                fields=["session"],
                condition=Q(misfit_since__isnull=False),
                name="session_tariff_misfit",
            ),
        ),
    ]
