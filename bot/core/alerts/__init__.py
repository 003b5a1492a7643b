"""Alerts as decisions: what a rule says of a look at the figures, what an episode goes through, and who is told.

    rule ── observation ─► decide ─► episode.step ─► event ─► receivers
             threshold, marks, anomaly                        quiet hours, silences, feedback

Nothing here reads a clock, a table or a figure; the live alerts, the replay and the tests give it what it decides on.
"""
