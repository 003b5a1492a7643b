"""Whether a rule makes sense: said before it is switched on, from its words and from what it would have sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.core.alerts.rule import Kind, Rule

TOO_OFTEN = 0.5
"""Of the days that are known: a rule that is broken on more of them tells nothing."""
FAR = 2
"""Times what was ever reached: a limit beyond it may never be."""
UNTRIED = "It can't be tried: nothing is known of what it measures. It fires when something comes in."


def conflicts(rule: Rule, others: Iterable[Rule]) -> list[str]:
    """What other rules make of this one, one sentence each."""
    found = []
    for other in others:
        if other.id == rule.id or other.kind is not rule.kind or other.scope != rule.scope:
            continue
        if other.metric is not rule.metric or other.window != rule.window or other.per_call != rule.per_call:
            continue
        if rule.kind is not Kind.THRESHOLD or (other.below is None) is (rule.below is None):
            if rule.kind is not Kind.THRESHOLD or other.limit == rule.limit:
                found.append(f"Rule {other.id} says the same: everybody would be told twice. Remove one of them.")
            continue
        above, below = (rule, other) if rule.below is not None else (other, rule)
        if below.limit <= above.limit:
            found.append(
                f"Rules {rule.id} and {other.id} contradict each other: whatever the value, one of them fires. "
                "Leave room between their limits."
            )
    return found


def judged(
    rule: Rule, looked: Mapping[str, int], broken: Mapping[str, int], largest: int | None, told: Sequence[object]
) -> list[str]:
    """What a trial says of it: how often each scope was known and how often it broke the limit, the largest value, the
    messages."""
    found = []
    of = "days" if rule.window.unit == "day" else "looks"
    for scope, count in sorted(broken.items(), key=lambda one: -one[1]):
        if count and count / looked[scope] > TOO_OFTEN:
            better = "Lower" if rule.below is not None else "Raise"
            found.append(
                f"{scope} is beyond the limit on {count} of {looked[scope]} {of}: that is its normal. "
                f"{better} the limit."
            )
    if rule.kind is Kind.THRESHOLD and rule.below is None and not told:
        if largest is None:
            found.append(UNTRIED)
        elif largest * FAR < rule.limit:
            found.append("It may never fire: nothing came to even half of its limit.")
    return found[:3]
