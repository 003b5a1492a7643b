"""Alerts: what every rule says of the figures now, what that does to episodes, and who is told."""
