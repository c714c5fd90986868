"""Bills remember the site, the driver and the card group that counted when they were made."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import OuterRef, Subquery

import billing.models.keeping
from billing.migrations._frozen import Frozen, Unfrozen


def fill(apps, schema_editor):
    """Bills of before: as their sessions and cards say it now."""
    bills = apps.get_model("billing", "SessionBill").objects.using(schema_editor.connection.alias)
    sessions = apps.get_model("stations", "ChargingSession").objects.filter(pk=OuterRef("session"))
    bills.order_by().update(
        site=Subquery(sessions.values("station__site")),
        driver=Subquery(sessions.values("card__user")),
        card_group=Subquery(sessions.values("card__group")),
    )


def remembered(to):
    return models.ForeignKey(
        null=True, on_delete=billing.models.keeping.kept, related_name="+", to=to
    )


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0003_tariffs_and_bills"),
        ("rfid", "0002_revision"),
        ("stations", "0017_no_resets_for_profile"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Unfrozen(),
        migrations.AddField("sessionbill", "site", remembered("stations.site")),
        migrations.AddField("sessionbill", "driver", remembered(settings.AUTH_USER_MODEL)),
        migrations.AddField("sessionbill", "card_group", remembered("rfid.cardgroup")),
        migrations.RunPython(fill, migrations.RunPython.noop),
        Frozen(),
    ]
