"""Who may see what of single people; and that no two permitted answers tell a forbidden one."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.access import NOBODY, OPERATOR, Access, Asker, Group, access, together
from bot.core.configuration import Configuration, PeopleData
from bot.core.directory import UNALLOCATED, Directory, Member, Team

ANA, BEN, EMI = "user_ana", "user_ben", "user_emi"
MEMBERS = {id_: Member(id_, f"{id_[5:]}@example.com", id_[5:].title(), "developer") for id_ in (ANA, BEN, EMI)}
HERE = [Directory("org", "Org", members=MEMBERS)]
TEAMS = (
    Team("group", "Group", owners=("U0GROUP",)),
    Team("alpha", "Alpha", owners=("Ana@Example.com",), parent="group"),
    Team("beta", "Beta", owners=("U0BEN",)),
)


def of(asker: Asker, people_data: PeopleData = PeopleData.OWNERS, *, shared: bool = False) -> Access:
    configuration = Configuration(admins=("cfo@example.com", "U0ADMIN"), people_data=people_data, teams=TEAMS)
    return access(configuration, asker, HERE, shared=shared)


@pytest.mark.parametrize("rule", list(PeopleData))
def test_a_person_sees_their_own_whatever_the_rule(rule: PeopleData) -> None:
    emi = of(Asker.called("U0EMI", "EMI@example.com"), rule)
    assert emi.me == {EMI}
    assert emi.sees(EMI, "alpha")
    assert emi.sees(EMI, UNALLOCATED)
    assert emi.sees(ANA, "alpha") is (rule is PeopleData.EVERYONE)


@pytest.mark.parametrize("name", ["cfo@example.com", "CFO@EXAMPLE.COM", "U0ADMIN", "u0admin"])
def test_an_admin_sees_everybody_by_either_name_in_any_case(name: str) -> None:
    assert of(Asker.called(name), PeopleData.ADMINS).sees(ANA, "alpha")
    assert of(OPERATOR, PeopleData.ADMINS).sees(ANA, "alpha")


def test_an_owner_sees_people_within_their_own_teams_and_those_below_them() -> None:
    ana, group, ben = (of(Asker.called(name)) for name in ("ana@example.com", "U0GROUP", "U0BEN"))
    assert (ana.sees(EMI, "alpha"), ana.sees(EMI, "beta"), ana.sees(EMI, "group")) == (True, False, False)
    assert (group.sees(EMI, "alpha"), group.sees(EMI, "group"), group.sees(EMI, "beta")) == (True, True, False)
    assert (ben.sees(EMI, "beta"), ben.sees(EMI, UNALLOCATED)) == (True, False)


def test_where_people_data_is_admins_an_owner_is_like_anybody() -> None:
    ana = of(Asker.called("ana@example.com"), PeopleData.ADMINS)
    assert not ana.sees(EMI, "alpha")
    assert ana.sees(ANA, "beta")
    assert "owners" not in ana.refusal
    assert "owners of their team" in of(NOBODY).refusal


def test_what_goes_to_a_channel_shows_nobody_not_even_the_asker_or_to_an_admin() -> None:
    for name in ("ana@example.com", "cfo@example.com"):
        channel = of(Asker.called(name), shared=True)
        assert not channel.sees(ANA, "alpha")
        assert "channel" in channel.refusal
    assert not of(OPERATOR, shared=True).sees(ANA, "alpha")
    assert of(NOBODY, PeopleData.EVERYONE, shared=True).sees(ANA, "alpha")


def test_whom_nobody_knows_sees_nobody() -> None:
    for asker in (NOBODY, Asker.called(""), Asker.called("U0STRANGER")):
        assert not of(asker).sees(ANA, "alpha")
        assert of(asker).me == frozenset()


def rows(*hidden: str, others: str = "") -> dict[str, list[Group]]:
    """Rows by name, smallest first; each letter is a person, `others` are the rows that hold something else too."""
    return {row: [Group(frozenset(row.replace("-", "")), row in others.split())] for row in hidden}


def test_a_row_of_one_forbidden_person_is_never_alone() -> None:
    assert together(rows("a", "b", "c", "-", others="-")) == {"a", "b", "c"}
    assert together(rows("ab", "cd")) == frozenset()
    assert together(rows("a", "-", "bc", others="-")) == {"a", "-"}
    assert together(rows("a", others="a")) == frozenset()


def test_what_the_asker_sees_anyway_hides_nobody() -> None:
    seen, one, two = [Group()], [Group(frozenset("b"))], [Group(frozenset("cd"))]
    assert together({"seen": seen, "one": one, "two": two}) == {"one", "two"}
    assert together({"one": one, "seen": seen}) == {"one", "seen"}


def test_a_row_that_is_closed_in_one_of_its_periods_is_closed() -> None:
    both, before = Group(frozenset("ab")), Group(frozenset("a"))
    assert together({"x": [both, before], "y": [both, Group(frozenset("b"))], "z": [both, both]}) == {"x", "y"}


# --- by subtraction

PEOPLE = "abcde"
Use = tuple[str, str, str]
"""Who ("" for a program), in which team, with which model."""
USES = st.lists(
    st.tuples(st.sampled_from(["", *PEOPLE]), st.sampled_from(["t1", "t2", "t3"]), st.sampled_from(["m1", "m2", "m3"])),
    min_size=1,
    max_size=12,
    unique=True,
)
ASKERS = st.tuples(st.sampled_from(["", *PEOPLE]), st.sets(st.sampled_from(["t1", "t2"])))


def figures(uses: list[Use], cut: int, me: str, owned: set[str]) -> dict[frozenset[int], str]:
    """Every figure that one asker is told of one thing: its total, its rows cut one way, and the people they may see.

    Each use is money of its own, so a figure is the set of uses in it, and no two figures are equal by chance.
    """

    def hidden(number: int) -> str:
        who, team, _ = uses[number]
        return "" if not who or who == me or team in owned else who

    def group(numbers: frozenset[int]) -> Group:
        return Group(frozenset(filter(None, map(hidden, numbers))), any(not uses[one][0] for one in numbers))

    whole = frozenset(range(len(uses)))
    if not group(whole).is_open:
        return {}
    parts: dict[str, set[int]] = {}
    for number, use in enumerate(uses):
        parts.setdefault(use[cut], set()).add(number)
    cells = {name: frozenset(part) for name, part in sorted(parts.items(), key=lambda item: len(item[1]))}
    as_one = together({name: [group(part)] for name, part in cells.items()})
    told = {whole: "total"}
    told |= {part: f"row {name!r}" for name, part in cells.items() if name not in as_one}
    if as_one:
        told[frozenset().union(*(cells[name] for name in as_one))] = "rows together"
    for person in PEOPLE:
        seen = frozenset(number for number in whole if uses[number][0] == person and not hidden(number))
        for part in (whole, *cells.values()):
            if seen & part:
                told.setdefault(seen & part, f"what may be seen of {person}")
    return told


@given(USES, st.sampled_from([0, 1, 2]), ASKERS)
def test_no_two_permitted_answers_tell_a_forbidden_persons_figure_by_subtraction(
    uses: list[Use], cut: int, asker: tuple[str, set[str]]
) -> None:
    me, owned = asker
    told = figures(uses, cut, me, owned)
    known = [*told, *(one - other for one in told for other in told if other < one)]
    for figure in known:
        behind = {(who, who in ("", me) or team in owned) for who, team, _ in (uses[number] for number in figure)}
        assert len(behind) > 1 or all(allowed for _, allowed in behind), (told, figure)


@given(USES, st.sampled_from([0, 1, 2]), ASKERS)
def test_the_rows_that_are_shown_still_add_up_to_the_total(
    uses: list[Use], cut: int, asker: tuple[str, set[str]]
) -> None:
    told = figures(uses, cut, *asker)
    parts = [figure for figure, name in told.items() if name.startswith("row")]
    whole = frozenset(range(len(uses)))
    if told and len(parts) > 1:
        assert frozenset().union(*parts) == whole
        assert all(not one & other for one, other in combinations(parts, 2))
