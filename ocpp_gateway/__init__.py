"""Speaks OCPP with charging stations; decides nothing."""
