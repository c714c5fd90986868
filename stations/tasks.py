"""Periodic work on stations: each task one service call; the schedule stands in the settings."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from cms.shared import clock
from stations.services import (
    batches,
    commands,
    configuration,
    configuration_reads,
    connectors,
    credentials,
    effects,
    energy_hours,
    happenings,
    issuing,
    limits,
    list_contents,
    list_targets,
    local_lists,
    network_hours,
    renewing,
    reservations,
    security_events,
    silence,
    snoozes,
    stations,
    strangers,
    unplaced,
    upgrades,
    upkeep,
)

_CONFIGURATION_HISTORY = timedelta(days=730)
_HAPPENINGS = timedelta(days=7)
_NETWORK_HOURS = timedelta(days=35)


@shared_task
def notice_silence() -> None:
    """Take stations offline that said nothing for three heartbeat intervals."""
    stations.notice_silence(at=clock.now())


@shared_task
def expire_reservations() -> None:
    """End reservations nobody used in time."""
    reservations.expire_due(at=clock.now())


@shared_task
def expire_commands() -> None:
    """Close commands nobody will send or answer any more."""
    commands.expire_due(at=clock.now())


@shared_task
def follow_effects() -> None:
    """See whether what stations accepted has happened."""
    effects.follow(at=clock.now())


@shared_task
def enforce_limits() -> None:
    """Have sessions stopped that took as much as they may."""
    limits.enforce(at=clock.now())


@shared_task
def read_configurations() -> None:
    """Ask stations for what is left to read of their settings."""
    configuration_reads.advance(at=clock.now())


@shared_task
def refresh_list_targets() -> None:
    """Work out anew what local lists should hold, where cards changed or their time came."""
    list_targets.refresh(at=clock.now())


@shared_task
def assign_list_targets() -> None:
    """Give local lists their targets anew: sites, groups and stations may be others now."""
    list_targets.assign(at=clock.now())


@shared_task
def advance_local_lists() -> None:
    """Bring local lists that are behind a step further."""
    local_lists.advance(at=clock.now())


@shared_task
def advance_batches() -> None:
    """Note the answers of what many stations were asked, and ask further."""
    batches.advance(at=clock.now())


@shared_task
def prune_list_contents() -> None:
    """Delete what stood in local lists and stands in none any more."""
    list_contents.prune(before=clock.now() - timedelta(hours=1))


@shared_task
def prune_configuration_changes() -> None:
    """Delete the settings' history that is older than two years."""
    configuration.prune_changes(before=clock.now() - _CONFIGURATION_HISTORY)


@shared_task
def prune_status_changes() -> None:
    """Delete the connectors' history that is older than the message log's retention."""
    days = settings.OCPP_MESSAGE_RETENTION_DAYS
    connectors.prune_status_changes(before=clock.now() - timedelta(days=days))


@shared_task
def notice_silent_sessions() -> None:
    """Put sessions under way at stations long away into the review queue."""
    silence.notice_silent_sessions(at=clock.now())


@shared_task
def notice_unplaced_readings() -> None:
    """Put meter values that name no session of ours into the review queue."""
    unplaced.notice_unplaced(at=clock.now())


@shared_task
def forget_strangers() -> None:
    """Drop cases of strangers nobody has seen for as long as messages are kept."""
    at = clock.now()
    strangers.forget(before=at - timedelta(days=settings.OCPP_MESSAGE_RETENTION_DAYS), at=at)


@shared_task
def expire_errands() -> None:
    """End updates and requests for logs nobody finished in time, and close their addresses."""
    upkeep.expire_due(at=clock.now())


@shared_task
def prune_files() -> None:
    """Delete uploaded files that are kept long enough, and what interrupted ones left behind."""
    upkeep.prune(before=clock.now() - timedelta(days=settings.FILE_RETENTION_DAYS))


@shared_task
def issue_certificates() -> None:
    """Sign what stations asked for and a process that died did not get to."""
    issuing.issue_due(at=clock.now())


@shared_task
def prune_security() -> None:
    """Delete security events that are kept long enough, and old wishes for certificates."""
    before = clock.now() - timedelta(days=settings.SECURITY_EVENT_RETENTION_DAYS)
    security_events.prune(before=before)
    issuing.prune(before=before)


@shared_task
def advance_upgrades() -> None:
    """Take stations a step further on their way to a higher security profile."""
    upgrades.advance(at=clock.now())


@shared_task
def end_old_keys() -> None:
    """End keys whose successor a station accepted long enough ago."""
    credentials.end_old_keys(at=clock.now())


@shared_task
def renew_certificates() -> None:
    """Have stations renew certificates that end soon."""
    renewing.renew_due(at=clock.now())


@shared_task
def roll_up_energy() -> None:
    """Bring the energy by the hour in step with sessions that changed."""
    energy_hours.roll_up(at=clock.now())


@shared_task
def heal_energy() -> None:
    """Compare the energy by the hour with all sessions."""
    energy_hours.heal(at=clock.now())


@shared_task
def note_network_hour() -> None:
    """Keep how the network stands as an hour begins."""
    network_hours.note(at=clock.now())


@shared_task
def prune_home() -> None:
    """Delete what the home page shows no more."""
    at = clock.now()
    happenings.prune(before=at - _HAPPENINGS)
    network_hours.prune(before=at - _NETWORK_HOURS)
    snoozes.prune(at=at)
