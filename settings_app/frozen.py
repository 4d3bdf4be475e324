"""Rows of this app that the database keeps as they are."""

from magmanager.common.triggers import Rule

RULES = (Rule("settings_app_auditentry", "The audit log is append-only."),)
