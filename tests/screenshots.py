"""`make screenshots`: the pictures of docs/images, taken of the demo at a fixed time and made small."""

import io
import re
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from tests import browser as browsers

FOLDER = Path(__file__).parents[1] / "docs" / "images"
MOST_BYTES = 120_000
NOW = "2026-11-22T09:20:00Z"
_COLOURS = 128
"""As many as letters on paper and six series need; a photograph would need more."""


def taken(url: str, browser: Browser) -> dict[str, bytes]:
    """Every picture by its name."""
    hero = _opened(url, browser, 1180, 980)
    _ask(hero, "team alpha")
    expect(_message(hero, "^Team Alpha, this month")).to_be_visible()
    pictures = {"hero": hero.screenshot()}
    page = _opened(url, browser, 1060, 1900)
    _ask(page, "why team alpha")
    pictures["answer"] = _message(page, "^Why Team Alpha").screenshot()
    _ask(page, "chart forecast alpha")
    pictures["chart"] = _message(page, "^Forecast").locator("figure img").first.screenshot()
    page.get_by_role("button", name="# general").click()
    pictures["digest"] = _message(page, "^Daily digest").screenshot()
    page.get_by_role("button", name=re.compile("^claude-usage")).click()
    pictures["alert"] = _message(page, "3 alerts").screenshot()
    page.set_viewport_size({"width": 1060, "height": 880})
    page.get_by_role("button", name="Home", exact=True).click()
    home = page.get_by_role("region", name="App Home")
    expect(home).to_contain_text("Your teams")
    pictures["home"] = home.screenshot()
    return {name: small(picture) for name, picture in pictures.items()}


def small(picture: bytes) -> bytes:
    """The same picture in few colours, without a grain between them: flat paper stays flat."""
    few = Image.open(io.BytesIO(picture)).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    out = io.BytesIO()
    few.save(out, "PNG", optimize=True)
    return out.getvalue()


def _opened(url: str, browser: Browser, width: int, height: int) -> Page:
    """#team-alpha in light colours, tall enough for a whole message."""
    size: ViewportSize = {"width": width, "height": height}
    page = browser.new_page(viewport=size, color_scheme="light", reduced_motion="reduce")
    page.goto(f"{url}/?story=closed&channel=C0ALPHA")
    expect(page.locator("#channels button").first).to_be_visible()
    return page


def _ask(page: Page, words: str) -> None:
    page.get_by_label("Message or command").fill(f"/claude-usage {words}")
    page.get_by_label("Message or command").press("Enter")


def _message(page: Page, title: str) -> Locator:
    """The newest message with such a heading, with who sent it."""
    heading = page.get_by_role("heading", name=re.compile(title))
    found = page.locator(".message").filter(has=heading).last
    expect(found).to_be_visible()
    return found


def main() -> int:
    executable = browsers.installed()
    if executable is None:
        print(browsers.MISSING, file=sys.stderr)
        return 1
    expect.set_options(timeout=30_000)
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        browsers.demo("--now", NOW, folder=Path(folder)) as url,
        browsers.browser(executable) as browser,
    ):
        for name, picture in taken(url, browser).items():
            path = FOLDER / f"{name}.png"
            path.write_bytes(picture)
            print(f"docs/images/{path.name}: {len(picture) / 1000:.0f} kB")
            if len(picture) > MOST_BYTES:
                print(f"That is more than {MOST_BYTES // 1000} kB.", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
