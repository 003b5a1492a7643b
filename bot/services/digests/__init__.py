"""Scheduled reports: which is due, what it says as of its own moment, and that it is posted once."""
