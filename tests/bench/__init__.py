"""Measurements, not tests: `make bench` prints them, each beside a rival or a limit of the same run."""
