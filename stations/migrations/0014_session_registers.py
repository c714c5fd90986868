"""Registers that count from the start of a session, as the Grizzl-E sends them."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_NAMES = [
    *("configuration_keys", "configuration_pause", "read_configuration", "configuration_by_key"),
    *("rate_unit", "profile_purposes", "settle_seconds", "naive_times", "z_is_local"),
    *("energy_unit", "session_registers", "power_unit"),
]
_GRIZZL_E = {"name": "session_registers", "vendor": "", "model": "Grizzl-E*", "firmware": ""}
_NOTE = "Lifetime registers in StartTransaction and StopTransaction, the session's in MeterValues"


def add_grizzl_e(apps: Apps, schema_editor: BaseDatabaseSchemaEditor | None) -> None:
    """Bring what is known; what an operator said already stays."""
    found = {"value": True, "note": _NOTE, "seeded": True}
    apps.get_model("stations", "Quirk").objects.get_or_create(**_GRIZZL_E, defaults=found)


def remove_grizzl_e(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take it away again."""
    apps.get_model("stations", "Quirk").objects.filter(**_GRIZZL_E).delete()


class Migration(migrations.Migration):
    """Adds a knob, and who is known to need it."""

    dependencies = [("stations", "0013_command_effects")]

    operations = [
        migrations.AlterField(
            model_name="quirk",
            name="name",
            field=models.CharField(choices=[(name, name) for name in _NAMES], max_length=50),
        ),
        migrations.RunPython(add_grizzl_e, remove_grizzl_e),
    ]
