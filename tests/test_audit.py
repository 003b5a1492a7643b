"""The audit of what the bot ships with: it neither passes nor fails where nobody could say."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.demo.serving import serve
from tests import audit

pytestmark = pytest.mark.proof

WEAK = "httpx"


async def _query(request: Request) -> Response:
    """As OSV answers: one package has a weakness."""
    asked = (await request.json())["package"]["name"]
    return JSONResponse({"vulns": [_WEAKNESS] if asked == WEAK and request.url.path == "/weak" else []})


_WEAKNESS = {
    "id": "PYSEC-2026-1",
    "summary": "An example.",
    "modified": "2026-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": WEAK, "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
        }
    ],
}


@pytest.fixture(scope="module")
def osv() -> Iterator[str]:
    """A list of known weaknesses on loopback; its address."""
    app = Starlette(routes=[Route(path, _query, methods=["POST"]) for path in ("/weak", "/sound")])
    served, done, address = Event(), Event(), []

    async def run() -> None:
        async with serve(app) as url:
            address.append(url)
            served.set()
            await asyncio.to_thread(done.wait)

    thread = Thread(target=asyncio.run, args=(run(),))
    thread.start()
    served.wait(10)
    yield address[0]
    done.set()
    thread.join()


def audited(url: str, *words: str) -> int:
    return audit.main(["-s", "osv", "--osv-url", url, *words])


def test_what_is_audited_and_sound_is_counted(osv: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert audited(f"{osv}/sound", audit.REQUIRED) == 0
    assert f"{len(audit.locked())} packages audited, no known weakness." in capsys.readouterr().out


def test_a_known_weakness_fails_and_says_what_mends_it(osv: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert audited(f"{osv}/weak") == 1
    assert f"{WEAK} {audit.locked()[WEAK]}: PYSEC-2026-1, mended in 99.1" in capsys.readouterr().err


@pytest.mark.parametrize("required", [False, True])
def test_without_an_answer_it_says_that_nothing_was_audited(
    required: bool, unused_tcp_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}/"
    assert audited(url, *([audit.REQUIRED] if required else [])) == required
    said = capsys.readouterr().err
    assert f"NOT AUDITED: all {len(audit.locked())} packages" in said
    assert "no known weakness" not in said


def test_what_the_list_does_not_know_was_not_audited() -> None:
    """pip-audit ends with 0 and “No known vulnerabilities found” here."""
    report = {"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "not found"}]}
    code, said = audit.verdict(json.dumps(report), "No known vulnerabilities found", ["a", "b"], required=False)
    assert code == 0
    assert "NOT AUDITED: 1 of the 2 packages in requirements.lock (b)." in said
    assert audit.verdict(json.dumps(report), "", ["a", "b"], required=True)[0] == 1


def test_the_bill_names_every_package_with_its_hashes_and_nothing_of_when_it_was_written(tmp_path: Path) -> None:
    audit.bill(tmp_path / "sbom.json")
    found = json.loads((tmp_path / "sbom.json").read_text(encoding="utf-8"))
    assert not {"serialNumber"} & found.keys() | {"timestamp"} & found["metadata"].keys()
    assert (found["bomFormat"], found["metadata"]["component"]["name"]) == ("CycloneDX", "claude-usage-bot")
    packages = {one["name"]: one for one in found["components"]}
    assert {name: one["version"] for name, one in packages.items()} == audit.locked()
    assert all(one["purl"] == f"pkg:pypi/{name}@{one['version']}" for name, one in packages.items())
    assert all(one["externalReferences"][0]["hashes"] for one in packages.values())
