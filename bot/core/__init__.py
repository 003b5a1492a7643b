"""Arithmetic and rules: no clock, no environment, no I/O."""
