"""The demo's page in a real browser: the story a reader walks through, in light and dark, by mouse and by keyboard."""

import os
import re
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from tests import browser as browsers

pytestmark = pytest.mark.proof

NOW = "2026-11-22T09:20:00Z"
Scheme = Literal["light", "dark"]
WIDE, NARROW = (1280, 800), (400, 800)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = browsers.installed()
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail(browsers.MISSING)
        pytest.skip(browsers.MISSING)
    expect.set_options(timeout=30_000)  # how long is no matter: the machine may be busy
    with browsers.browser(executable) as started:
        yield started


@pytest.fixture(scope="module")
def address(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One demo for all of these tests, in which each is somebody or somewhere else."""
    with browsers.demo("--days", "40", "--now", NOW, folder=tmp_path_factory.mktemp("demo")) as url:
        yield url


class Reader:
    """Somebody in front of the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.words = page.get_by_label("Message or command")
        self.newest = page.get_by_role("log").get_by_role("article").last
        self.dialog = page.get_by_role("dialog")

    def ask(self, text: str) -> None:
        self.words.fill(text)
        self.words.press("Enter")

    def article(self, title: str | re.Pattern[str]) -> Locator:
        """The newest message with this heading."""
        heading = self.page.get_by_role("heading", name=title)
        return self.page.get_by_role("log").get_by_role("article").filter(has=heading).last

    def go(self, place: str) -> None:
        self.page.get_by_role("navigation").get_by_role("button", name=place).click()


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Any]:
    """Opens the page as somebody; at the end nothing may have gone wrong in the browser."""
    contexts, wrong = [], list[str]()

    def heard(line: ConsoleMessage) -> None:
        if line.type in ("error", "warning"):
            wrong.append(line.text)

    def at(user: str, channel: str = "", *, scheme: Scheme = "light", size: tuple[int, int] = WIDE) -> Reader:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", heard)
        page.goto(f"{address}/?user={user}&channel={channel}")
        expect(page.locator("#channels button").first).to_be_visible()
        return Reader(page)

    yield at
    for context in contexts:
        context.close()
    assert wrong == []


ANA, BEN, FARAH = "U0ANA0001", "U0BEN0002", "U0FARAH03"


def test_the_story_does_each_step_for_its_reader(opened: Any) -> None:
    ana = opened(ANA)
    story = ana.page.get_by_role("complementary", name="Story")
    steps = story.get_by_role("listitem")

    def step(number: int) -> None:
        steps.nth(number - 1).get_by_role("button").click()

    step(2)
    expect(story.get_by_role("status")).to_have_text("Ask first: that is step 1.")
    step(1)
    expect(ana.article("Team Alpha, this month")).to_be_visible()
    step(2)
    expect(ana.article(re.compile("^Why Team Alpha spent more"))).to_be_visible()
    step(3)
    alert = ana.article(re.compile("made a call of more than"))
    expect(alert).to_contain_text("48.2k tokens")
    step(4)
    expect(alert).to_contain_text("ana@example.com acknowledged it")
    expect(alert.get_by_role("button", name="Acknowledge")).to_have_count(0)
    step(5)
    expect(ana.dialog).to_contain_text("it would have fired")
    ana.page.keyboard.press("Escape")
    step(6)
    expect(ana.article(re.compile("^Daily digest"))).to_be_visible()
    step(7)
    expect(ana.page.get_by_role("region", name="App Home")).to_contain_text("Your teams")
    step(8)
    expect(ana.page.get_by_label("You are")).to_be_focused()
    expect(steps.get_by_role("button", name="(done)")).to_have_count(8)
    story.get_by_role("button", name="Close the story").click()
    expect(story).to_have_count(0)
    expect(ana.page.get_by_role("button", name="Story", exact=True)).to_be_focused()


def test_a_question_is_answered_and_looked_into_by_button(opened: Any) -> None:
    ana = opened(ANA, "C0ALPHA")
    ana.ask("/claude-usage team alpha")
    answer = ana.article("Team Alpha, this month")
    expect(answer.get_by_role("img", name=re.compile("Billed cost per day"))).to_be_visible()
    answer.get_by_role("button", name="View as table").click()
    expect(answer.get_by_role("row", name=re.compile(r"22 Nov"))).to_be_visible()
    answer.get_by_role("button", name="Why?").click()
    reason = ana.article(re.compile("^Why Team Alpha spent more"))
    expect(reason.get_by_role("row", name=re.compile(r"^In all \$"))).to_be_visible()
    expect(answer).to_have_count(0)  # what one asked for oneself is replaced


def test_programs_have_told_of_their_calls(opened: Any) -> None:
    ben = opened(BEN, "C0BETA")
    ben.ask("/claude-usage features today")
    expect(ben.article("Live calls of Example Org, today")).to_contain_text(
        re.compile(r"72\d calls so far today")
    )  # the story adds one
    expect(
        ben.article("Live calls of Example Org, today").get_by_role("row", name=re.compile("^search-answers"))
    ).to_be_visible()


def test_an_alert_comes_to_its_owner_and_is_acknowledged(opened: Any) -> None:
    ana = opened(ANA)
    expect(ana.page.get_by_role("button", name=re.compile(r"^claude-usage \d unread"))).to_be_visible()
    ana.go("claude-usage")
    alerts = ana.article(re.compile("^⚠️ 3 alerts"))  # due at once: one message, and buttons for each
    expect(alerts).to_contain_text("Team Alpha is over its limit of $200.00 a day")
    acknowledge = alerts.get_by_role("button", name="Acknowledge")
    expect(acknowledge).to_have_count(3)
    acknowledge.first.click()
    expect(alerts).to_contain_text("ana@example.com acknowledged it on 22 Nov")
    expect(acknowledge).to_have_count(2)


def test_a_rule_is_tried_on_the_past_and_saved(opened: Any) -> None:
    ben = opened(BEN, "C0BETA")
    ben.ask("/claude-usage subscribe alerts beta")
    expect(ben.dialog).to_be_visible()
    ben.dialog.get_by_label("Limit").fill("a lot")
    ben.dialog.get_by_role("button", name="Next").click()
    expect(ben.dialog.get_by_role("alert")).to_have_count(1)  # what is wrong stands under its field
    ben.dialog.get_by_label("Limit").fill("20")
    ben.dialog.get_by_role("button", name="Try it on the last 90 days").click()
    expect(ben.dialog).to_contain_text("it would have fired")
    ben.dialog.get_by_role("button", name="Next").click()
    expect(ben.dialog).to_contain_text("Spend above $20.00 a day of Team Beta")
    ben.dialog.get_by_role("button", name="Save").click()
    expect(ben.dialog).to_contain_text("Saved")
    ben.page.keyboard.press("Escape")
    expect(ben.dialog).to_have_count(0)


def test_the_digest_is_read_with_its_details(opened: Any) -> None:
    ben = opened(BEN, "C0GENERAL")
    digest = ben.article(re.compile("^Daily digest"))
    expect(digest).to_contain_text("$")
    expect(ben.article(re.compile("^Details"))).to_have_count(0)
    ben.page.get_by_role("button", name="1 reply in the thread").click()
    expect(ben.article(re.compile("^Details"))).to_contain_text("By team")


def test_a_mention_is_answered_in_its_thread_which_is_open_to_who_asked(opened: Any) -> None:
    ben = opened(BEN, "C0BETA")
    ben.ask("@claude-usage teams yesterday")
    expect(ben.article(re.compile("^Teams of Example Org, yesterday"))).to_be_visible()
    farah = opened(FARAH, "C0BETA")
    expect(farah.article(re.compile("^Teams of Example Org, yesterday"))).to_have_count(0)
    expect(farah.page.get_by_role("button", name="1 reply in the thread")).to_have_attribute("aria-expanded", "false")


def test_home_opens_its_answers_in_a_dialog(opened: Any) -> None:
    ana = opened(ANA)
    ana.go("claude-usage")
    ana.page.get_by_role("button", name="Home", exact=True).click()
    home = ana.page.get_by_role("region", name="App Home")
    home.get_by_role("button", name="All teams").click()
    expect(ana.dialog).to_contain_text("Team Beta")
    ana.dialog.get_by_role("button", name="Close").first.click()
    expect(ana.dialog).to_have_count(0)


def test_everything_can_be_done_with_the_keyboard(opened: Any) -> None:
    farah = opened(FARAH, "C0BETA")
    keys = farah.page.keyboard
    expect(farah.words).to_be_focused()  # one may type at once
    keys.type("/claude-usage models")
    keys.press("Enter")
    button = farah.article(re.compile("^Models")).get_by_role("button", name="Share to channel")
    expect(button).to_be_visible()
    keys.press("ArrowUp")  # brings back what was typed
    expect(farah.words).to_have_value("/claude-usage models")
    button.focus()
    keys.press("Enter")
    expect(farah.article(re.compile("^Models"))).not_to_contain_text("Only visible to you")
    farah.page.get_by_role("button", name="Shortcut").focus()
    keys.press("Enter")
    expect(farah.dialog.get_by_label("What do you want to know?")).to_be_focused()
    keys.type("team beta")
    keys.press("Enter")
    expect(farah.dialog).to_contain_text("Team Beta spent")
    keys.press("Escape")
    expect(farah.dialog).to_have_count(0)


UNNAMED = """() => [...document.querySelectorAll("button, a, input, select, textarea, summary, img, dialog[open]")]
    .filter((node) => node.checkVisibility() && !node.computedName && !node.ariaLabel && !node.alt
        && !node.textContent.trim() && !node.labels?.length && !node.getAttribute("aria-labelledby"))
    .map((node) => node.outerHTML)"""
DOUBLE = """() => { const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
    return ids.filter((id, index) => ids.indexOf(id) !== index); }"""
FAINT = """() => {
    const parsed = (colour) => (colour.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
    const light = (rgb) => rgb.slice(0, 3).map((part) => part / 255)
        .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
        .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
    const behind = (node) => {
        for (let at = node; at; at = at.parentElement) {
            const [red, green, blue, alpha = 1] = parsed(getComputedStyle(at).backgroundColor);
            if (alpha > 0.9) return [red, green, blue];
        }
        return [255, 255, 255];
    };
    const faint = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode.parentElement;
        const seen = walker.currentNode.data.trim() && node.checkVisibility();
        if (!seen || node.closest("svg, :disabled, .pending")) continue;
        const [one, other] = [light(parsed(getComputedStyle(node).color)), light(behind(node))];
        const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        if (contrast < 4.5) faint.add(`${contrast.toFixed(1)} ${node.outerHTML.slice(0, 120)}`);
    }
    return [...faint];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_has_a_name_and_can_be_read(opened: Any, scheme: Scheme) -> None:
    ana = opened(ANA, scheme=scheme)
    ana.ask("/claude-usage help")
    expect(ana.article(re.compile("help|ask", re.IGNORECASE))).to_be_visible()
    for _ in range(2):
        for look in (UNNAMED, DOUBLE, FAINT):
            assert ana.page.evaluate(look) == []
        ana.go("claude-usage")
        ana.page.get_by_role("button", name="Home", exact=True).click()
        expect(ana.page.get_by_role("region", name="App Home")).to_contain_text("Your teams")
    ana.page.get_by_role("button", name="Subscribe").click()
    expect(ana.dialog).to_be_visible()
    for look in (UNNAMED, DOUBLE, FAINT):
        assert ana.page.evaluate(look) == []
    ana.page.keyboard.press("Escape")
    expect(ana.dialog).to_have_count(0)


def test_dark_and_light_are_the_systems_until_one_chooses(opened: Any) -> None:
    farah = opened(FARAH, scheme="dark")
    paper = "() => getComputedStyle(document.querySelector('main')).backgroundColor"
    assert farah.page.evaluate(paper) == "rgb(26, 29, 33)"
    farah.page.get_by_role("button", name="Switch between light and dark").click()
    assert farah.page.evaluate(paper) == "rgb(255, 255, 255)"
    farah.page.reload()
    expect(farah.page.locator("#channels button").first).to_be_visible()
    assert farah.page.evaluate(paper) == "rgb(255, 255, 255)"


def test_a_narrow_window_needs_no_scrolling_sideways(opened: Any) -> None:
    farah = opened(FARAH, "C0GENERAL", size=NARROW)
    farah.ask("/claude-usage team beta")
    expect(farah.article("Team Beta, this month")).to_be_visible()
    assert farah.page.evaluate("() => document.documentElement.scrollWidth") <= NARROW[0]
    width = farah.newest.evaluate("(node) => node.getBoundingClientRect().width")
    assert width > NARROW[0] * 0.7
