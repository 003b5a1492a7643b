from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.errors import WordsError
from bot.core.question import Dimension, Question, Subject, parse, recalled
from bot.core.words import TOLD

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
ZONE = "Europe/Berlin"


def ask(text: str) -> Question:
    return parse(text, now=NOW, zone=ZONE)


def refusal(text: str) -> str:
    with pytest.raises(WordsError) as refused:
        ask(text)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", "summary this month"),
        ("   ", "summary this month"),
        ("summary", "summary this month"),
        ("organisation by day last 30 days", "summary last 30 days by day"),
        ("last week", "summary last week"),
        ("top 5 by model", "summary this month by model top 5"),
        ("team alpha", "team alpha this month"),
        ("TEAM alpha Yesterday", "team alpha yesterday"),
        ("team Data Platform last week by model", 'team "Data Platform" last week by model'),
        ("team last week alpha", "team alpha last week"),
        ("last week team alpha", "team alpha last week"),
        ("team", "teams this month"),
        ("models", "models this month"),
        ("model", "models this month"),
        ("teams alpha", "team alpha this month"),
        ("all teams", "teams this month"),
        ("top 5 models", "models this month top 5"),
        ("top-5 models", "models this month top 5"),
        ("models top5 by cost", "models this month top 5"),
        ("show me the usage of team alpha for october, please", "team alpha october 2026"),
        ("what did team alpha spend last week?", "team alpha last week"),
        ("/claude-usage team alpha", "team alpha this month"),
        ("how much did we spend yesterday", "summary yesterday"),
        ("team alpha since 2026-11-01 share", "team alpha since 2026-11-01 share"),
        ("team alpha between 2026-10-01 and 2026-10-15", "team alpha 2026-10-01..2026-10-15"),
        ("team alpha 2026-10-01..2026-10-15 by model", "team alpha 2026-10-01..2026-10-15 by model"),
        ("team alpha 2026-10 vs 2026-09", "team alpha october 2026 vs september 2026"),
        ("team alpha compared to october 2025", "team alpha this month vs october 2025"),
        ("team alpha last week vs previous", "team alpha last week"),
        ("team alpha last week vs the previous period by day", "team alpha last week by day"),
        ("ws support-eu by api key", "workspace support-eu this month by key"),
        ("api keys", "keys this month"),
        ("q3 per token type", "summary q3 2026 by token-type"),
        ("models by region", "models this month by geo"),
        ("model claude sonnet 5.5", 'model "claude sonnet 5.5" this month'),
        ("team Voice of Customer", 'team "Voice of Customer" this month'),
        ("status", "status"),
        ("help", "help"),
        ("help me with teams", "help teams"),
        ("why", "why this month"),
        ("why team alpha last week", "why team alpha last week"),
        ("last week, why did team alpha go up so much?", "why team alpha last week"),
        ("explain why we spent more yesterday", "why yesterday"),
        ("why teams last week", "why last week by team"),
        ("why models vs october", "why this month by model vs october 2026"),
        ('why key "why" by day top 3 share', 'why key "why" this month by day top 3 share'),
        ("help why", "help why"),
        ("plan", "plan last 30 days"),
        ("what plans for team alpha in october", "plan team alpha october 2026"),
        ("plan ana@example.com", "plan user ana@example.com last 30 days"),
        ("plan me", "plan user me last 30 days"),
        ("show me the plan last month", "plan last month"),
        ("advice", "advice last 30 days"),
        ("give us advice for alpha", "advice team alpha last 30 days"),
        ("savings in october on key ci", "advice key ci october 2026"),
        ("recommendations teams top 3 by model", "advice last 30 days"),
        ("help team", "help team"),
        ("users", "users this month"),
        ("people last week top 5", "users last week top 5"),
        ("user me", "user me this month"),
        ("show me user me yesterday", "user me yesterday"),
        ("how much did user Ana Ribeiro spend", 'user "Ana Ribeiro" this month'),
        ("person ana@example.com 7d", "user ana@example.com last 7 days"),
        ("show me team alpha by people", "team alpha this month by user"),
        ("members by team", "users this month by team"),
        ("how much claude code last week", "code last week"),
        ("code Ana@example.com by day", "code Ana@example.com this month by day"),
        ("show me code", "code this month"),
        ("code me 7d", "code me last 7 days"),
        ("workspace claude code", 'workspace "claude code" this month'),
        ("what are our rate limits", "limits"),
        ("chart", "chart trend this month"),
        ("graph of team alpha", "chart trend team alpha this month"),
        ("chart alpha last 30 days", "chart trend team alpha last 30 days"),
        ("chart models team alpha last month", "chart models team alpha last month"),
        ("teams chart yesterday", "chart teams yesterday"),
        ("chart by model", "chart models this month"),
        ("chart trend by model 7d share", "chart trend last 7 days by model share"),
        ("chart team alpha by week", "chart trend team alpha this month by week"),
        ("chart top 5 keys", "chart keys this month top 5"),
        ("chart model claude-opus-5-5", "chart trend model claude-opus-5-5 this month"),
        ("budget chart alpha", "chart budget team alpha this month"),
        ("chart burn down for alpha", "chart budget team alpha this month"),
        ("show me the fan chart this quarter", "chart forecast this quarter"),
        ("help chart", "help chart"),
        ("trend", "trend this month"),
        ("show me the trend of alpha last 30 days", "trend team alpha last 30 days"),
        ("model opus trend since 2026-06-01 by week", "trend model opus since 2026-06-01 by week"),
        ("trends yesterday by hour", "trend yesterday by hour"),
        ("trend chart", "chart trend this month"),
        ("team alpha yesterday by hours", "team alpha yesterday by hour"),
        ("compare alpha beta", "compare alpha beta this month"),
        ("please compare alpha, beta and gamma last week", "compare alpha beta gamma last week"),
        ("compare alpha vs beta last week vs october", "compare alpha beta last week vs october 2026"),
        ("compare alpha with beta against previous", "compare alpha beta this month"),
        ('compare team alpha and team "Data Platform"', 'compare team alpha "Data Platform" this month'),
        ("models opus sonnet side-by-side compare", "compare model opus sonnet side-by-side this month"),
        ("last week compare teams alpha beta alpha", "compare team alpha beta last week"),
        ("compare user me ana@example.com", "compare user me ana@example.com this month"),
        ("compare team alpha this month vs last month", "team alpha this month vs last month"),
        ("compare this month vs last month", "summary this month vs last month"),
        ("compare teams last week vs previous", "teams last week"),
        ("export cost october", "export cost october 2026"),
        ("export", "export cost this month"),
        ("usage export for team alpha yesterday", "export usage team alpha yesterday"),
        ("export focus alpha last month share", "export focus team alpha last month share"),
        ("top models", "models this month top 10"),
        ("who spent the most last wk", "users last week"),
        ("how much have we spent so far this month?", "summary this month"),
        ("team alpha weekly past 3 months", "team alpha last 3 months by week"),
        ("yesterday's cost per developer", "summary yesterday by user"),
        ("what changed yesterday", "why yesterday"),
        ("how is team alpha doing", "team alpha this month"),
        ("team alpha vs the previous month", "team alpha this month vs last month"),
        ("chart alpha daily", "chart trend team alpha this month by day"),
        ('team "5" october', 'team "5" october 2026'),
        ("team alpha 1 to 20 Oct vs 1 to 20 Sep", "team alpha 2026-10-01..2026-10-20 vs 2026-09-01..2026-09-20"),
    ],
)
def test_a_sentence_is_read_and_said_again_in_plain_words(text: str, canonical: str) -> None:
    question = ask(text)
    assert question.text == canonical
    assert ask(canonical) == question


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('team "Data Platform"', "Data Platform"),
        ("team “Data Platform”", "Data Platform"),
        ("team ‘Data Platform’ last week", "Data Platform"),
        ("team „Data Platform“", "Data Platform"),
        ("team 'Ana's team'", "Ana's team"),
        ("team Developers' Guild", "Developers' Guild"),
        ('team "last week"', "last week"),
        ('team "model"', "model"),
        ('team "top5"', "top5"),
        ('team "2026-13"', "2026-13"),
        ('team "alpha', "alpha"),
        ('team "Platform Team", last week', "Platform Team"),
        ("""team 'the "best" team'""", 'the "best" team'),
        ("team ALPHA", "ALPHA"),
        ("team my\u034f_team", "my_team"),
        ("\ufeffteam\u200b my_team\u2060", "my_team"),
        ("team Red Pasta", "Red Pasta"),
        ("team The Last Mile", "Last Mile"),
        ("team Augusta", "Augusta"),
        ("key 12", "12"),
        ('team ""', None),
        ("help models", "models"),
    ],
)
def test_a_name_is_taken_as_it_was_typed(text: str, name: str | None) -> None:
    question = ask(text)
    assert question.name == name
    assert ask(question.text) == question


def test_every_part_of_a_question_is_kept() -> None:
    question = ask("team alpha last week by token-type top 20 vs 2026-10 share")
    assert (question.subject, question.name, question.by) == (Subject.TEAM, "alpha", Dimension.TOKEN_TYPE)
    assert (question.top, question.share, question.period.label) == (20, True, "last week")
    assert question.versus is not None
    assert question.versus.label == "October 2026"
    assert (question.period.zone, question.versus.zone) == (ZONE, ZONE)


CALLED = {
    **dict.fromkeys(("alpha", "beta", "data platform"), Subject.TEAM),
    **dict.fromkeys(("claude-opus-5-5", "opus 5.5", "opus-5-5"), Subject.MODEL),
    **dict.fromkeys(("support-eu", "alpha-backend"), Subject.WORKSPACE),
    "ci-bot": Subject.KEY,
}


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("alpha", "team alpha this month"),
        ("alpha last week", "team alpha last week"),
        ("ALPHA team, plz last wk", "team alpha last week"),
        ("alpha's spend yesterday", "team alpha yesterday"),
        ("how is data platform doing?", 'team "data platform" this month'),
        ("opus 5.5 by team", 'model "opus 5.5" this month by team'),
        ("top ci-bot", "key ci-bot this month top 10"),
        ("why did alpha go up so much last week", "why team alpha last week"),
        ("what changed in support-eu", "why workspace support-eu this month"),
        ("alpha budget", "budget team alpha this month"),
        ("opus-5-5 forecast", "forecast model opus-5-5 this month"),
        ("alpha vs beta", "compare alpha beta this month"),
        ("team alpha vs team beta last week", "compare team alpha beta last week"),
        ("alpha and data platform", 'compare alpha "data platform" this month'),
        ("alpha this month vs last month", "team alpha this month vs last month"),
        ("team alpha", "team alpha this month"),
        ("team ci-bot", "team ci-bot this month"),
    ],
)
def test_a_name_needs_no_word_for_what_it_is(text: str, canonical: str) -> None:
    question = parse(text, now=NOW, zone=ZONE, called=CALLED)
    assert question.text == canonical
    assert ask(canonical) == question


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "alhpa last week",
            "I don't know the word “alhpa”. Did you mean `team alpha last week`? "
            "For example: `/claude-usage team alpha`.",
        ),
        (
            "show opus",
            "I don't know the word “opus”. Did you mean `show model opus-5-5`? "
            "For example: `/claude-usage team alpha`.",
        ),
        (
            "alpha lst week",
            'Did you mean `team alpha last week`? If the name is “alpha lst week”, put it in quotes: `team "…"`.',
        ),
        (
            "models by alpha",
            "I don't know the word “alpha”. Try `/claude-usage teams by model`.",
        ),
        ("alpha last week ci-bot", "I take one name, not “alpha” and “ci-bot”. Put a name with spaces in quotes."),
        ("what did the alpha folks burn", "I don't know the word “folks”. Try `/claude-usage team alpha`."),
        ("nobody last week", "I don't know the word “nobody”. Try `/claude-usage team alpha`."),
    ],
)
def test_a_slip_in_a_name_is_asked_about(text: str, sentence: str) -> None:
    with pytest.raises(WordsError) as refused:
        parse(text, now=NOW, zone=ZONE, called=CALLED)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "tem alpha last week",
            "I don't know the word “tem”. Did you mean `team alpha last week`? "
            "For example: `/claude-usage team alpha`.",
        ),
        (
            "tem “Data Platform”",
            'I don\'t know the word “tem”. Did you mean `team "Data Platform"`? '
            "For example: `/claude-usage team alpha`.",
        ),
        ("summry", "I don't know the word “summry”. Did you mean `summary`? For example: `/claude-usage team alpha`."),
        (
            "teams by modle",
            "I don't know the word “modle”. Did you mean `teams by model`? "
            "For example: `/claude-usage teams by model`.",
        ),
        (
            "team alpha vs last mnth",
            "I don't know the word “mnth”. Did you mean `team alpha vs last month`? "
            "For example: `/claude-usage team alpha this month vs last month`.",
        ),
        ("last wek", "I don't know the word “wek”. Did you mean `last week`? For example: `/claude-usage team alpha`."),
        ("help tem", "I don't know the word “tem”. Did you mean `help team`? For example: `/claude-usage team alpha`."),
        (
            "compare team alpha model opus",
            "I put things of one kind side by side, not `team` and `model`. "
            "Try `/claude-usage compare teams alpha beta`.",
        ),
        (
            "compare alpha",
            "I put two or three side by side, and read 1 name. Put a name with spaces in quotes: "
            '`/claude-usage compare alpha "Data Platform"`.',
        ),
        (
            "compare teams b c d e",
            "I put two or three side by side, and read 4 names. Put a name with spaces in quotes: "
            '`/claude-usage compare alpha "Data Platform"`.',
        ),
        (
            "compare alpha beta yesteday",
            "Did you mean `compare alpha beta yesterday`? If the name is “alpha beta yesteday”, put it in quotes: "
            '`compare "…"`.',
        ),
        (
            "compare alpha beta by model",
            "Each stands in a column of its own. Try `/claude-usage teams by model`.",
        ),
        ("compare alpha beta by team", "Each stands in a column of its own. Try `/claude-usage teams`."),
        (
            "why by endpoint",
            "`why` goes by Anthropic's reports, and those know no endpoint. Try `/claude-usage endpoints last week`.",
        ),
        (
            "why features",
            "`why` goes by Anthropic's reports, and those know no features. Try `/claude-usage features last week`.",
        ),
        (
            "compare limits alpha beta",
            "I can't put `limits` side by side. Try `/claude-usage compare teams alpha beta`.",
        ),
        (
            "trend by model",
            "A trend goes by hour, day, week or month. Try `/claude-usage chart trend by model`.",
        ),
        ("trend models", "`trend` takes one name. Try `/claude-usage trend team alpha last 30 days`."),
        ("why trend", "I answer one question at a time, not `why` and `trend`."),
        ("chart by hour", "A chart has days, weeks or months. Try `/claude-usage trend yesterday by hour`."),
        ("foo", "I don't know the word “foo”. Try `/claude-usage team alpha`."),
        (
            "plan model claude-opus-5-5",
            "Plans are for people and teams, not for `model`. Try `/claude-usage plan team alpha`.",
        ),
        ("why alpha", "I don't know the word “alpha”. Try `/claude-usage why team alpha last week`."),
        ("why chart", "There is no chart of that. Try `/claude-usage chart trend last 30 days`."),
        ("chart status", "`status` has no chart. Try `/claude-usage chart trend last 30 days`."),
        ("chart users", "`users` has no chart. Try `/claude-usage chart trend last 30 days`."),
        (
            "chart mdels",
            "I don't know the word “mdels”. Did you mean `chart models`? For example: `/claude-usage chart models`.",
        ),
        (
            "why status",
            "`why` explains what a thing cost, not `status`. Try `/claude-usage why team alpha last week`.",
        ),
        (
            "why team alpha lst week",
            'Did you mean `why team alpha last week`? If the name is “alpha lst week”, put it in quotes: `team "…"`.',
        ),
        ("alpha last week", "I don't know the word “alpha”. Try `/claude-usage team alpha`."),
        ("summary alpha", "I don't know the word “alpha”. Try `/claude-usage team alpha`."),
        (
            "team alpha lst week",
            'Did you mean `team alpha last week`? If the name is “alpha lst week”, put it in quotes: `team "…"`.',
        ),
        (
            "team alpha month",
            'Did you mean `team alpha this month`? If the name is “alpha month”, put it in quotes: `team "…"`.',
        ),
        (
            "models yesteday",
            'Did you mean `models yesterday`? If the name is “yesteday”, put it in quotes: `model "…"`.',
        ),
        ("team alpha top 0", "`top` takes a number from 1 to 500. Try `/claude-usage models top 5`."),
        ("top -3", "`top` takes a number from 1 to 500. Try `/claude-usage models top 5`."),
        ("models top 5000", "`top` takes a number from 1 to 500. Try `/claude-usage models top 5`."),
        ("teams by", "By what? Try `/claude-usage teams by model`."),
        ("teams by model by day", "I cut one way at a time: `by model` or `by day`."),
        ("top 5 top 6", "I take one `top`, not 5 and 6."),
        ("yesterday vs", "Against what? Try `/claude-usage team alpha this month vs last month`."),
        ("yesterday vs previous vs last week", "I compare with one period at a time."),
        ("team alpha since when", "Since when? Try `/claude-usage team alpha since 2026-11-01`."),
        (
            "last week yesterday",
            "I take one period; a second one comes after `vs`: `this month vs last month`.",
        ),
        (
            "team alpha models",
            "I answer about one thing at a time, not `team` and `models`. Try `/claude-usage team alpha by model`; "
            "if the word is part of a name, put the name in quotes.",
        ),
        (
            "team alpha last week beta",
            "I take one name, not “alpha” and “beta”. Put a name with spaces in quotes.",
        ),
        ("team 2026-13", "There is no “2026-13” in the calendar I count by."),
        ("team " + "x" * 300, "A name has at most 200 characters, not 300."),
        ("team " + "x" * 2000, "That is 2,005 characters long. I read up to 2,000."),
        ("the " * 61, "That is 61 words long. I read up to 60."),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_sentence_that_can(text: str, sentence: str) -> None:
    assert refusal(text) == sentence


def test_an_echoed_word_is_short_and_cannot_break_out_of_its_sentence() -> None:
    sentence = refusal("`evil`\x07\u202e" + "w" * 300)
    assert "`evil`" not in sentence
    assert "'evil'" in sentence
    assert sentence.isprintable()
    assert len(sentence) < 120


def test_a_misspelt_question_of_many_words_is_refused_without_delay() -> None:
    assert refusal("tem mdel wek " * 20).startswith("I don't know the word “tem”.")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("why team alpha last week", "why team alpha 2026-10-12..2026-10-18 vs 2026-10-05..2026-10-11"),
        ("team alpha this month by model", "team alpha 2026-10-01..2026-10-20 by model vs 2026-09-01..2026-09-20"),
        ("team alpha last month top 3", "team alpha september 2026 top 3 vs august 2026"),
        ('key "last week" last 7 days', 'key "last week" 2026-10-14..2026-10-20 vs 2026-10-07..2026-10-13'),
        ("why this week vs last week", "why 2026-10-19..2026-10-20 vs 2026-10-12..2026-10-18"),
        ("summary yesterday vs previous share", "summary 2026-10-19 vs 2026-10-18 share"),
        ("team alpha october 2026", "team alpha october 2026"),
        ("team alpha 2026-10-01..2026-10-03", "team alpha 2026-10-01..2026-10-03"),
        ("team alpha", "team alpha this month"),
        ("this year", "summary this year"),
        ("status", "status"),
    ],
)
def test_words_of_a_month_ago_mean_the_days_they_meant_then(text: str, canonical: str) -> None:
    said = datetime(2026, 10, 20, 9, tzinfo=UTC)
    assert recalled(text, said=said, now=NOW, zone=ZONE).text == canonical
    assert recalled(text, said=NOW, now=NOW, zone=ZONE) == ask(text)


SCRAPS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *(
                    "team",
                    "teams",
                    "models",
                    "ws",
                    "api",
                    "key",
                    "help",
                    "status",
                    "compare",
                    "trend",
                    "export",
                    "cost",
                    "all",
                    "by",
                    "model",
                    "top",
                    "5",
                    "-3",
                ),
                *(
                    "vs",
                    "previous",
                    "last",
                    "week",
                    "yesterday",
                    "since",
                    "2026-10",
                    "2026-13",
                    "october",
                    "2025",
                    "to",
                ),
                *(
                    "2026-10-01..2026-10-15",
                    "share",
                    "the",
                    "of",
                    "and",
                    "alpha",
                    "yesteday",
                    "modle",
                    '"',
                    "'",
                    "“",
                    "”",
                ),
            ]
        ),
        st.text(max_size=6),
    ),
    max_size=14,
).map(" ".join)


@given(st.one_of(st.text(), SCRAPS))
def test_any_text_is_a_question_that_can_be_asked_again_or_wrong_words(text: str) -> None:
    try:
        question = ask(text)
    except WordsError as refused:
        sentence = str(refused)
    else:
        sentence = question.text
        assert ask(sentence) == question
    assert "\n" not in sentence
    assert len(sentence) < 1000


@given(st.text(min_size=1).map(lambda scrap: (scrap * 10_000)[:10_000]))
def test_ten_thousand_characters_are_refused_without_repeating_them(text: str) -> None:
    assert refusal(text) == "That is 10,000 characters long. I read up to 2,000."


@given(
    subject=st.sampled_from(Subject),
    name=st.one_of(
        st.none(), st.sampled_from(["alpha", "Data Platform", "last week", "Ana's team", "5", "by", "Mayy"])
    ),
    period=st.sampled_from(["", "today", "7d", "last week", "mtd", "q1", "2026", "oct", "2026-10-01..2026-10-15"]),
    by=st.one_of(st.none(), st.sampled_from(Dimension)),
    top=st.one_of(st.none(), st.integers(1, 500)),
    versus=st.sampled_from(["", "vs previous", "vs last month", "vs 2025-10", "versus since 2026-02-01"]),
    share=st.sampled_from(["", "share"]),
    order=st.randoms(use_true_random=False),
)
def test_clauses_mean_the_same_in_every_order_and_are_said_again_the_same(
    subject: Subject,
    name: str | None,
    period: str,
    by: Dimension | None,
    top: int | None,
    versus: str,
    share: str,
    order: object,
) -> None:
    assume(
        subject not in (Subject.SUMMARY, Subject.WHY, Subject.PLAN, Subject.LIMITS, Subject.STATUS, Subject.HELP)
        or name is None
    )
    assume(subject is not Subject.SETTINGS or name is None)
    own_way = (
        *(Subject.ADVICE, Subject.BUDGET, Subject.FORECAST, Subject.CHART, Subject.TREND, Subject.EXPORT),
        *(Subject.ALERTS, Subject.SUBSCRIBE),
    )
    assume(subject is not Subject.COMPARE)  # it takes names, not a name
    assume(by not in TOLD or subject not in (Subject.WHY, Subject.PLAN))
    assume(subject not in own_way or (by, top, versus) == (None, None, ""))
    about = f'{subject} "{name}"' if name else str(subject)
    clauses = [about, period, f"by {by}" if by else "", f"top {top}" if top else "", versus, share]
    question = ask(" ".join(clauses))
    order.shuffle(clauses)  # type: ignore[attr-defined]
    assert ask(" ".join(clauses)) == question
    assert ask(question.text) == question
    assert (question.name, question.by, question.top, question.share) == (name, by, top, share == "share")


@pytest.mark.parametrize(
    ("words", "again"),
    [
        ("alerts", "alerts"),
        ("alerts alpha", "alerts team alpha"),
        ("alert team alpha last week", "alerts team alpha"),
        ("subscribe", "subscribe"),
        ("subscribe me to team alpha", "subscribe team alpha"),
        ("subscribe alerts alpha", "subscribe alert team alpha"),
        ("subscribe to a budget for alpha", "subscribe budget team alpha"),
        ("settings", "settings"),
    ],
)
def test_what_fires_and_what_is_set_up_is_asked_for_with_or_without_a_team(words: str, again: str) -> None:
    assert ask(words).text == again
    assert ask(again).text == again
