"""Opening hours in JSON: OCPI 2.2.1 Hours, in our spelling of names."""

from __future__ import annotations

from rest_framework import serializers

from cms.shared.api import CamelCase


class WeekdayHoursSerializer(CamelCase):
    """Open on a weekday, in the site's own time."""

    weekday = serializers.IntegerField(min_value=1, max_value=7, help_text="1: Monday, 7: Sunday")
    period_begin = serializers.CharField(help_text="HH:MM")
    period_end = serializers.CharField(help_text="HH:MM; 23:59: until midnight")


class ExceptionalPeriodSerializer(CamelCase):
    """A time on which it is otherwise."""

    period_begin = serializers.DateTimeField()
    period_end = serializers.DateTimeField()


class OpeningHoursSerializer(CamelCase):
    """When a site is open."""

    twentyfourseven = serializers.BooleanField()
    regular_hours = WeekdayHoursSerializer(many=True)
    exceptional_openings = ExceptionalPeriodSerializer(many=True)
    exceptional_closings = ExceptionalPeriodSerializer(many=True)
