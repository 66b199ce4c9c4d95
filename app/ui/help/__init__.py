"""The help panels: checks, logs, report, licences."""
