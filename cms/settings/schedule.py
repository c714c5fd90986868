"""All periodic work of the system, in one table: what, which task, and how often."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

SCHEDULE: dict[str, dict[str, Any]] = {
    "forget imports of cards nobody confirmed": {
        "task": "rfid.tasks.prune_imports",
        "schedule": timedelta(hours=1),
    },
    "import cards": {"task": "rfid.tasks.carry_out_imports", "schedule": 2.0},
    "bill ended sessions": {"task": "billing.tasks.bill_ended_sessions", "schedule": 30.0},
    "invoice months that are over": {
        "task": "billing.tasks.issue_invoices",
        "schedule": timedelta(hours=1),
    },
    "look at bills again": {
        "task": "billing.tasks.look_at_bills_again",
        "schedule": timedelta(minutes=1),
    },
    "stop sessions that used up what was prepaid": {
        "task": "billing.tasks.stop_used_up_sessions",
        "schedule": 10.0,
    },
    "decide what payments are to take": {
        "task": "billing.tasks.decide_payments",
        "schedule": 10.0,
    },
    "drive payments forward": {"task": "billing.tasks.drive_payments", "schedule": 5.0},
    "drive refunds forward": {"task": "billing.tasks.drive_refunds", "schedule": 5.0},
    "make exports of reports": {"task": "billing.tasks.make_report_exports", "schedule": 3.0},
    "expire exports of reports": {
        "task": "billing.tasks.expire_report_exports",
        "schedule": timedelta(hours=1),
    },
    "notice stations that fell silent": {
        "task": "stations.tasks.notice_silence",
        "schedule": 10.0,
    },
    "roll up energy": {"task": "stations.tasks.roll_up_energy", "schedule": 20.0},
    "heal the energy by the hour": {
        "task": "stations.tasks.heal_energy",
        "schedule": timedelta(hours=1),
    },
    "note how the network stands": {
        "task": "stations.tasks.note_network_hour",
        "schedule": timedelta(minutes=1),
    },
    "prune the home page": {"task": "stations.tasks.prune_home", "schedule": timedelta(hours=1)},
    "expire reservations": {"task": "stations.tasks.expire_reservations", "schedule": 10.0},
    "follow effects of commands": {"task": "stations.tasks.follow_effects", "schedule": 5.0},
    "enforce limits of sessions": {"task": "stations.tasks.enforce_limits", "schedule": 5.0},
    "read configurations": {"task": "stations.tasks.read_configurations", "schedule": 1.0},
    "refresh list targets": {"task": "stations.tasks.refresh_list_targets", "schedule": 5.0},
    "assign list targets": {"task": "stations.tasks.assign_list_targets", "schedule": 60.0},
    "advance local lists": {"task": "stations.tasks.advance_local_lists", "schedule": 5.0},
    "advance batches": {"task": "stations.tasks.advance_batches", "schedule": 1.0},
    "prune list contents": {
        "task": "stations.tasks.prune_list_contents",
        "schedule": timedelta(hours=1),
    },
    "expire commands": {"task": "stations.tasks.expire_commands", "schedule": 10.0},
    "end errands nobody finished": {"task": "stations.tasks.expire_errands", "schedule": 30.0},
    "prune files of stations": {
        "task": "stations.tasks.prune_files",
        "schedule": timedelta(hours=1),
    },
    "notice silent sessions": {
        "task": "stations.tasks.notice_silent_sessions",
        "schedule": timedelta(minutes=1),
    },
    "notice meter values of no session": {
        "task": "stations.tasks.notice_unplaced_readings",
        "schedule": timedelta(minutes=1),
    },
    "forget strangers": {
        "task": "stations.tasks.forget_strangers",
        "schedule": timedelta(hours=1),
    },
    "prune the message log": {
        "task": "ocpp_gateway.tasks.prune_messages",
        "schedule": timedelta(minutes=10),
    },
    "send mails about accounts": {"task": "cms.accounts.tasks.send_mails", "schedule": 3.0},
    "forget expired tokens": {
        "task": "cms.accounts.tasks.forget_expired_tokens",
        "schedule": timedelta(hours=6),
    },
    "forget old audit entries": {
        "task": "cms.accounts.tasks.forget_old_audit_entries",
        "schedule": timedelta(hours=6),
    },
    "prune configuration changes": {
        "task": "stations.tasks.prune_configuration_changes",
        "schedule": timedelta(hours=24),
    },
    "prune status changes": {
        "task": "stations.tasks.prune_status_changes",
        "schedule": timedelta(hours=1),
    },
    "sign what stations asked for": {
        "task": "stations.tasks.issue_certificates",
        "schedule": 30.0,
    },
    "prune security events": {
        "task": "stations.tasks.prune_security",
        "schedule": timedelta(hours=6),
    },
    "advance profile upgrades": {"task": "stations.tasks.advance_upgrades", "schedule": 2.0},
    "end old keys of stations": {
        "task": "stations.tasks.end_old_keys",
        "schedule": timedelta(minutes=10),
    },
    "renew certificates of stations": {
        "task": "stations.tasks.renew_certificates",
        "schedule": timedelta(minutes=10),
    },
}
