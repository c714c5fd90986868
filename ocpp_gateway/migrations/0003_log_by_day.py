from django.db import migrations

from ocpp_gateway.migrations._by_day import join, split


class Migration(migrations.Migration):
    atomic = False  # indexes of a large table are made while others write to it

    dependencies = [("ocpp_gateway", "0002_log_by_kind")]

    operations = [migrations.RunPython(split, join)]
