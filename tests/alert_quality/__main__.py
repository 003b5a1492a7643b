"""`make alert-quality`: the table, on teams nobody tuned anything on. `ARGS="--teams 40 --seed 3"` for others."""

from __future__ import annotations

import argparse

from tests.alert_quality.detectors import DETECTORS
from tests.alert_quality.score import judge, score
from tests.alert_quality.teams import fleet

_HEAD = (
    "| detector | F1 | precision | recall | false alerts / team-month | median hours to first alert | found in 24 h "
    "| dollars recalled | dollars after the alert | alerts / incident |\n|" + "---|" * 10
)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--teams", type=int, default=100)
    words.add_argument("--seed", type=int, default=2026)
    args = words.parse_args()
    teams = fleet(args.seed, args.teams)
    print(f"{len(teams)} generated teams, {sum(len(team.incidents) for team in teams)} incidents, seed {args.seed}\n")
    print(_HEAD)
    for name, detect in DETECTORS.items():
        told = score(judge(team, detect(team)) for team in teams)
        print(
            f"| {name} | {told.f1:.2f} | {told.precision:.2f} | {told.recall:.2f} | {told.false_a_month:.2f} "
            f"| {told.hours_to_alert:.0f} | {told.in_a_day:.2f} | {told.dollars:.2f} | {told.dollars_after:.2f} "
            f"| {told.alerts_each:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
