"""A Slack bot for team reporting on Claude usage and cost."""

__version__ = "0.1.0"
