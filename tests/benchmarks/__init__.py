"""Measures how many durable MeterValues a second Voltdesk answers; run by ``make bench``."""
