"""`make audit`: the bill of materials of what the bot ships with, and what is known of its weaknesses.

Exit 1 where a weakness is known. Where nobody can say, for want of a network, it says that nothing was audited and
ends with 0, or with `--required` with 1. pip-audit says “no known vulnerabilities” of packages that it could not find.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = "requirements.lock"
BILL = Path("build/sbom.json")
REQUIRED = "--required"
_PROGRAMS = Path(sys.executable).parent
_BAR = "*" * 100


def main(words: Sequence[str]) -> int:
    """The rest of the words are pip-audit's."""
    bill(ROOT / BILL)
    print(f"The bill of materials is {BILL}.", flush=True)
    command = [str(_PROGRAMS / "pip-audit"), "--disable-pip", "--require-hashes", "--requirement", LOCK]
    more = ["--format", "json", "--progress-spinner", "off", *(word for word in words if word != REQUIRED)]
    done = subprocess.run([*command, *more], cwd=ROOT, capture_output=True, text=True, check=False)
    code, said = verdict(done.stdout, done.stderr, locked(), required=REQUIRED in words)
    print(said, file=sys.stderr if code or _BAR in said else sys.stdout)
    return code


def bill(path: Path) -> None:
    """Write what is locked as a CycloneDX file, the same for the same lock: packages, versions, hashes."""
    path.parent.mkdir(exist_ok=True)
    words = ["requirements", LOCK, "--pyproject", "pyproject.toml", "--output-reproducible", "--output-file", str(path)]
    subprocess.run([str(_PROGRAMS / "cyclonedx-py"), *words], cwd=ROOT, capture_output=True, check=True)


def locked() -> dict[str, str]:
    """Version by name."""
    pins = [line.split() for line in (ROOT / LOCK).read_text(encoding="utf-8").splitlines() if "==" in line]
    return {canonicalize_name(name): version for name, version in (pin[0].split("==") for pin in pins)}


def verdict(report: str, errors: str, pins: Collection[str], *, required: bool) -> tuple[int, str]:
    """The exit code, and what is said: of pip-audit's JSON and what it wrote beside it."""
    try:
        found = json.loads(report)["dependencies"]
    except ValueError:
        found = []
    known = [line for one in found for line in _weaknesses(one)]
    audited = {canonicalize_name(one["name"]) for one in found if "vulns" in one}
    missing = sorted(set(pins) - audited)
    said = ["Known weaknesses:", *known] if known else []
    if missing:
        last = errors.strip().rpartition("\n")[2]
        why = [] if found else [f"The list of known weaknesses gave no answer: {last}"]
        said += [_BAR, f"NOT AUDITED: {_count(missing, pins)}.", *why, "Try again with a network: make audit", _BAR]
    if not said:
        said.append(f"{len(audited)} packages audited, no known weakness.")
    return int(bool(known) or (required and bool(missing))), "\n".join(said)


def _weaknesses(one: dict[str, Any]) -> list[str]:
    return [
        f"  {one['name']} {one['version']}: {weakness['id']}, "
        f"mended in {', '.join(weakness['fix_versions']) or 'no version yet'}"
        for weakness in one.get("vulns", ())
    ]


def _count(missing: Sequence[str], pins: Collection[str]) -> str:
    if len(missing) == len(pins):
        return f"all {len(pins)} packages in {LOCK}"
    return f"{len(missing)} of the {len(pins)} packages in {LOCK} ({', '.join(missing)})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
