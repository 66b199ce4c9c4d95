"""Help panels: checks, logs, report, licences."""
