import pytest

from bot.core.nearest import nearest


@pytest.mark.parametrize(
    ("word", "expected"),
    [("tem", "team"), ("MODLE", "Model"), ("workspcae", "workspace"), ("quart", "quarter"), ("team", "team")],
)
def test_the_closest_word_comes_first_whatever_its_case(word: str, expected: str) -> None:
    assert nearest(word, ["status", "workspace", "team", "Model", "quarter"])[0] == expected


def test_equally_close_words_keep_their_order() -> None:
    assert nearest("bat", ["cat", "rat", "hat", "mat"]) == ["cat", "rat", "hat"]
    assert nearest("bat", ["mat", "hat", "rat", "cat"]) == ["mat", "hat", "rat"]


def test_a_word_like_no_other_has_no_nearest() -> None:
    assert nearest("zebra", ["team", "model"]) == []


def test_without_a_cutoff_the_closest_three_are_listed_however_far() -> None:
    assert sorted(nearest("zebra", ["x", "team", "model", "beta"], cutoff=0)) == ["beta", "model", "team"]


def test_the_beginning_of_a_name_finds_it() -> None:
    assert nearest("plat", ["Team Alpha", "Data Platform and Friends"]) == ["Data Platform and Friends"]


def test_a_word_given_twice_is_listed_once() -> None:
    assert nearest("team", ["team", "team"]) == ["team"]
