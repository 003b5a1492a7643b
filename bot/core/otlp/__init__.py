"""OpenTelemetry as Claude Code sends it: what of it is kept, and nothing that somebody wrote or was answered."""
