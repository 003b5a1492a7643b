"""How good the alerts are: generated teams with known incidents, common detectors beside ours, one table."""
