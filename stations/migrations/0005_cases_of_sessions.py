"""Sessions that wait for review already get their cases."""

from django.db import migrations
from django.utils import timezone

KINDS = {
    "NoStart": "OrphanedStop",
    "NoStop": "InferredStop",
    "RegisterMismatch": "RegisterMismatch",
    "ClockSkew": "ClockSkew",
}


def open_cases(apps, schema_editor):
    """What waits for review already becomes a case of its own, as if it happened now."""
    cases = apps.get_model("stations", "ReviewCase").objects
    sessions = apps.get_model("stations", "ChargingSession").objects.filter(needs_review=True)
    now = timezone.now()
    for session in sessions.iterator(500):
        heard = session.stop_received_at or session.start_received_at or now
        for reason in session.review_reasons:
            cases.create(
                kind=KINDS.get(reason, "OddSession"),
                subject=f"{session.pk}/{reason}",
                reason=reason,
                station_id=session.station_id,
                session=session,
                id_tag=session.id_tag,
                first_seen_at=heard,
                last_seen_at=heard,
            )


class Migration(migrations.Migration):
    dependencies = [
        ("stations", "0004_review"),
    ]

    operations = [migrations.RunPython(open_cases, migrations.RunPython.noop, elidable=True)]
