"""`make alert-quality`: alerts and month-end forecasts beside what people use instead, on teams nobody tuned on.

`ARGS="--teams 40 --seed 3"` for other teams; `ARGS="--series FOLDER"` adds public series, or your own, that lie there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.alert_quality.detectors import DETECTORS
from tests.alert_quality.forecasts import FORECASTERS, Daily, errors, months, of_series, of_teams
from tests.alert_quality.public import Unfit, measured
from tests.alert_quality.public import teams as public_teams
from tests.alert_quality.score import judge, score
from tests.alert_quality.team import Team
from tests.alert_quality.teams import fleet

_ALERTS = (
    "| detector | F1 | precision | recall | false alerts / team-month | median hours to first alert | found in 24 h "
    "| dollars recalled | dollars after the alert | alerts / incident |\n|" + "---|" * 10
)
_FORECASTS = "| forecaster | after 5 days | 10 | 15 | 20 | its 80 % range holds |\n|" + "---|" * 6


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--teams", type=int, default=100)
    words.add_argument("--seed", type=int, default=2026)
    words.add_argument(
        "--series", type=Path, metavar="FOLDER", help="CSV files of time,amount, by the hour or by the day"
    )
    args = words.parse_args()
    try:
        series = measured(args.series) if args.series else []
    except Unfit as reason:
        words.error(str(reason))
    teams = fleet(args.seed, args.teams)
    _alerts(f"{len(teams)} generated teams", teams, args.seed)
    _forecasts("generated teams", of_teams(teams))
    if outside := public_teams(series, args.seed):
        _alerts(f"{len(outside)} half years of public hourly series", outside, args.seed)
    if days := of_series(series):
        _forecasts("public daily series", days)


def _alerts(what: str, teams: list[Team], seed: int) -> None:
    print(f"{what}, {sum(len(team.incidents) for team in teams)} incidents, seed {seed}\n\n{_ALERTS}")
    for name, detect in DETECTORS.items():
        told = score(judge(team, detect(team)) for team in teams)
        print(
            f"| {name} | {told.f1:.2f} | {told.precision:.2f} | {told.recall:.2f} | {told.false_a_month:.2f} "
            f"| {told.hours_to_alert:.0f} | {told.in_a_day:.2f} | {told.dollars:.2f} | {told.dollars_after:.2f} "
            f"| {told.alerts_each:.1f} |",
            flush=True,
        )
    print()


def _forecasts(what: str, series: list[Daily]) -> None:
    cases = months(series)
    print(f"{len(cases)} months of {len(series)} {what}: mean error of the month's end, in per cent\n\n{_FORECASTS}")
    for name, forecaster in FORECASTERS.items():
        told = errors(forecaster, cases)
        held = "–" if told.held is None else f"{100 * told.held:.0f} %"
        print(f"| {name} | {' | '.join(f'{100 * error:.1f}' for error in told.after)} | {held} |", flush=True)
    print()


if __name__ == "__main__":
    main()
