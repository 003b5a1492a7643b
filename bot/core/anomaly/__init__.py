"""Anomalies in one series of spend (or tokens): `observe(series, observation, limits)` is a pure step over its state.

    observation ─► hours  windows of 1, 2, 3, 6, 24 hours against the hours expected         (tiers)
                   days   windows of 1, 2, 3, 5, 7 days against the level before the window  (tiers)
                     │    both: a score, held against what the series' own clean days reached (yardstick)
                     ▼
                incident  one alert when it begins, another only when it got much worse       (incident)
                     │
                     ▼
              end of day  what was normal is remembered, what was flagged is kept out of it   (closing)

What is normal is derived anew as a day begins, from the closed days alone (normal). Nothing here reads a clock, and a
step looks at nothing but what it is given: cut the future off, and no alert changes. Hours and days that were not
reported are unknown, never zero. Values are floats: statistics of money, not money.
"""

from bot.core.anomaly.engine import Step, observe
from bot.core.anomaly.finding import Finding, Kind, Limits, Observation
from bot.core.anomaly.sentence import sentence
from bot.core.anomaly.series import Series

__all__ = ["Finding", "Kind", "Limits", "Observation", "Series", "Step", "observe", "sentence"]
