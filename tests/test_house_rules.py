"""The rules of the house, each as a test: floors, manifest, settings, errors, examples, money, print, addresses, locks.

`slack-manifest.schema.json` is the JSON Schema (draft-07) of Slack's app manifest, version 2, taken unchanged from
https://github.com/slackapi/manifest-schema, tag 0.5.0 (MIT licence, Slack Technologies). It lets misspelt scopes pass,
which is one reason the scopes are compared with the code here.
"""

import ast
import importlib
import json
import os
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pydantic import AliasChoices
from pydantic_settings import BaseSettings
from ruamel.yaml import YAML
from slack_sdk.web.async_client import AsyncWebClient

import bot

ROOT = Path(__file__).parents[1]
BOT = ROOT / "bot"
LOCKS = ("requirements.lock", "requirements-dev.lock")

# What Slack asks for before it answers each method we call. users:read.email is only ever granted beside users:read.
SCOPES: dict[str, frozenset[str]] = {
    "apps_connections_open": frozenset(),  # with the app-level token
    "auth_test": frozenset(),
    "chat_delete": frozenset({"chat:write"}),
    "chat_getPermalink": frozenset(),
    "chat_postEphemeral": frozenset({"chat:write"}),
    "chat_postMessage": frozenset({"chat:write", "chat:write.public"}),
    "chat_update": frozenset({"chat:write"}),
    "conversations_history": frozenset({"im:history"}),  # in channels only where somebody granted channels:history
    "conversations_open": frozenset({"im:write"}),
    "conversations_replies": frozenset({"im:history"}),
    "files_upload_v2": frozenset({"files:write"}),
    "users_info": frozenset({"users:read"}),
    "users_lookupByEmail": frozenset({"users:read", "users:read.email"}),
    "views_open": frozenset(),
    "views_publish": frozenset(),
    "views_push": frozenset(),
    "views_update": frozenset(),
}
# What the manifest calls each event in code, and what Slack asks for before it tells of it: messages are subscribed to
# by the kind of conversation, and here that is direct messages alone.
EVENTS: dict[str, tuple[str, frozenset[str]]] = {
    "app_home_opened": ("app_home_opened", frozenset()),
    "app_mention": ("app_mention", frozenset({"app_mentions:read"})),
    "message": ("message.im", frozenset({"im:history"})),
}
MONEY = re.compile(r"amount|cost|usd|price|dollar|cents|spend", re.IGNORECASE)


SHARED = {"answer", "form", "pieces", "examples", "list_prices"}
"""What the subjects in bot/answers are made of; they answer nothing themselves."""


def trees(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file below a folder with its syntax tree; fails when there is none."""
    files = sorted(folder.rglob("*.py"))
    assert files, f"{folder.relative_to(ROOT)} has no Python files"
    for file in files:
        yield file.relative_to(ROOT), ast.parse(file.read_text(encoding="utf-8"), str(file))


def registered(listener: str) -> set[str]:
    """What `bot/slack` passes to `app.command(…)`, `app.event(…)` and so on: literals or constants of its modules."""
    nodes = [node for _, tree in trees(BOT / "slack") for node in ast.walk(tree)]
    constants = {
        target.id: node.value.value
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == listener:
            name = node.args[0] if node.args else None
            value = constants.get(name.id) if isinstance(name, ast.Name) else getattr(name, "value", None)
            if listener in ("command", "event"):
                assert isinstance(value, str), f"line {node.lineno}: cannot read what {ast.unparse(node.func)} is for"
            found.add(value if isinstance(value, str) else ast.unparse(node))
    return found


def web_api_methods() -> set[str]:
    """Slack methods the bot names, as attributes (`client.chat_postMessage`) or in strings (`"chat.postMessage"`)."""
    known = {name for name in vars(AsyncWebClient) if re.match(r"[a-z]+_", name) and name != "api_call"}
    found: set[str] = set()
    for file, tree in trees(BOT):
        if file.is_relative_to("bot/demo"):  # plays Slack's side of the same methods
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value.replace(".", "_"))
    return found & known


def settings() -> set[str]:
    """The environment variables that `bot.settings.Settings` reads, in upper case."""
    model: type[BaseSettings] = importlib.import_module("bot.settings").Settings
    names = set()
    for field, info in model.model_fields.items():
        if info.exclude:  # filled from variables that carry a name of the reader's own
            continue
        alias = info.validation_alias
        first = alias.choices[0] if isinstance(alias, AliasChoices) else alias
        names.add(str(first or f"{model.model_config.get('env_prefix', '')}{field}").upper())
    return names


def pins(lock: str) -> dict[str, str]:
    """The distributions a lock file names, with their versions."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))


def texts() -> Iterator[tuple[Path, str]]:
    """Every text file a reader of the repository gets, by path from its root."""
    for folder, within, names in os.walk(ROOT):
        within[:] = [one for one in within if _is_for_readers(one)]
        for file in (Path(folder) / name for name in names if name not in (".env", ".git")):
            with suppress(UnicodeDecodeError):
                yield file.relative_to(ROOT), file.read_text(encoding="utf-8")


def _is_for_readers(folder: str) -> bool:
    hidden = folder.startswith(".") and folder not in {".ci", ".github"}
    return (
        not hidden
        and folder not in {"__pycache__", "build", "dist", "node_modules"}
        and not folder.endswith(".egg-info")
    )


@pytest.fixture(scope="module")
def manifest() -> Any:
    return YAML(typ="safe").load(ROOT / "manifest.yml")


@pytest.fixture(scope="module")
def project() -> Any:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_floors_import_only_downwards_and_every_file_is_on_the_plan() -> None:
    command = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-logo', '--no-cache'])"
    done = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_manifest_follows_slacks_schema(manifest: Any) -> None:
    import jsonschema  # it makes grammars for seconds, which every worker of every run would wait for

    schema = json.loads((ROOT / "tests/slack-manifest.schema.json").read_text(encoding="utf-8"))
    problems = [
        f"{error.json_path}: {error.message}" for error in jsonschema.Draft7Validator(schema).iter_errors(manifest)
    ]
    assert problems == []
    assert manifest["_metadata"]["major_version"] == 2, "without it Slack reads the manifest as version 1"


def test_the_manifest_names_exactly_the_commands_in_code(manifest: Any) -> None:
    assert {command["command"] for command in manifest["features"]["slash_commands"]} == registered("command")


def test_the_manifest_names_exactly_the_events_in_code(manifest: Any) -> None:
    events = manifest["settings"].get("event_subscriptions", {}).get("bot_events", [])
    assert set(events) == {EVENTS[event][0] for event in registered("event")}


def test_the_manifest_names_exactly_the_shortcuts_in_code(manifest: Any) -> None:
    shortcuts = manifest["features"].get("shortcuts", [])
    assert {shortcut["callback_id"] for shortcut in shortcuts} == registered("shortcut")


def test_the_manifest_asks_for_exactly_the_scopes_the_code_needs(manifest: Any) -> None:
    methods = web_api_methods()
    unknown = sorted(methods - SCOPES.keys())
    assert unknown == [], "write down in SCOPES which scopes these methods need"
    needed = set().union(*(SCOPES[method] for method in methods), *(EVENTS[event][1] for event in registered("event")))
    if registered("command"):
        needed.add("commands")
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == needed
    held_against = importlib.import_module("bot.slack.checkup").SCOPES
    assert set(held_against) == needed, "what `doctor` holds the token against"


def test_the_manifest_switches_on_what_the_code_answers(manifest: Any) -> None:
    pressed = registered("action") | registered("view") | registered("options") | registered("shortcut")
    assert manifest["settings"]["interactivity"]["is_enabled"] is bool(pressed)
    assert manifest["features"]["app_home"]["home_tab_enabled"] is ("views_publish" in web_api_methods())


def test_every_setting_is_in_the_example_file_and_nothing_else_is() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    shown = set(re.findall(r"^(?:# )?([A-Z][A-Z_]*)=", example, re.MULTILINE))
    assert sorted(shown ^ settings()) == []


def test_every_setting_is_in_the_readme() -> None:
    words = set(re.findall(r"[A-Z][A-Z_]+", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert sorted(settings() - words) == []


def test_every_error_carries_the_sentence_a_person_reads() -> None:
    for module in pkgutil.walk_packages(bot.__path__, "bot."):
        if not module.name.endswith("__main__") and ".migrations." not in module.name:
            importlib.import_module(module.name)
    waiting = [importlib.import_module("bot.core.errors").BotError]
    silent = []
    while waiting:
        error = waiting.pop()
        waiting += error.__subclasses__()
        if not (error.__dict__.get("__doc__") or "").strip():
            silent.append(error.__qualname__)
    assert silent == []


def test_every_answer_has_examples() -> None:
    answers = importlib.import_module("bot.answers")
    subjects = [module.name for module in pkgutil.iter_modules(answers.__path__) if module.name not in SHARED]
    assert subjects, "bot/answers has no subject"
    bare = [name for name in subjects if not getattr(importlib.import_module(f"bot.answers.{name}"), "EXAMPLES", None)]
    assert bare == []


def holds_money_in_a_float(node: ast.AST) -> bool:
    """Whether a piece of code is `cost: float`, `float(cost)` or the like."""
    match node:
        case (
            ast.arg(arg=name, annotation=ast.expr() as kind) | ast.AnnAssign(target=ast.Name(id=name), annotation=kind)
        ):
            return bool(MONEY.search(name) and re.search(r"\bfloat\b", ast.unparse(kind)))
        case ast.Call(func=ast.Name(id="float"), args=[value]):
            return bool(MONEY.search(ast.unparse(value)))
    return False


def test_money_is_never_a_float() -> None:
    found = [
        f"{file}: {ast.unparse(n)}" for file, tree in trees(BOT) for n in ast.walk(tree) if holds_money_in_a_float(n)
    ]
    assert found == []


def test_no_column_is_a_float_in_disguise() -> None:
    names = {
        f"{file}: {node.id}"
        for file, tree in trees(BOT / "store")
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id in {"Numeric", "NUMERIC", "Float", "FLOAT", "REAL"}
    }
    assert names == set(), "SQLite keeps NUMERIC as a float"


def test_only_the_terminal_prints() -> None:
    found = [
        f"{file}:{node.lineno}"
        for file, tree in trees(BOT)
        if not file.is_relative_to("bot/terminal")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert found == []


def test_no_file_names_a_package_index_or_a_path_of_one_machine() -> None:
    foreign = re.compile(
        r"pypi\.org/simple|pythonhosted\.org|registry\.npmjs\.org|--(?:extra-)?index-url"
        r"|\bfile:/{2}|(?<![\w.:/}])/(?:root|work|home/\w+|Users/\w+)/"
    )
    found = [f"{path}: {match.group()}" for path, text in texts() for match in foreign.finditer(text)]
    assert found == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_hashed_versions_and_nothing_else(lock: str) -> None:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    pinned = re.compile(r"[\w.-]+==\S+ \\|    --hash=sha256:[0-9a-f]{64}(?: \\)?|\s*#.*|")
    assert [line for line in lines if not pinned.fullmatch(line)] == []


def test_the_locks_hold_what_the_project_asks_for_and_agree(project: Any) -> None:
    runtime, development = (pins(lock) for lock in LOCKS)
    assert runtime.items() <= development.items(), "the two locks disagree: run `make lock`"
    needed = project["project"]["dependencies"] + project["build-system"]["requires"]
    wanted = [(text, runtime) for text in needed]
    wanted += [(text, development) for text in project["project"]["optional-dependencies"]["dev"]]
    missing = [
        str(asked)
        for asked, lock in ((Requirement(text), lock) for text, lock in wanted)
        if not asked.specifier.contains(lock.get(canonicalize_name(asked.name), "0"))
    ]
    assert missing == [], "run `make lock`"


def test_every_file_of_the_package_is_installed_with_it(project: Any) -> None:
    globs = [
        (package.replace(".", "/"), glob)
        for package, globs in project["tool"]["setuptools"]["package-data"].items()
        for glob in globs
    ]
    installed = {file for folder, glob in globs for file in (ROOT / folder).glob(glob)}
    data = {file for file in BOT.rglob("*") if file.is_file() and file.suffix not in {".py", ".pyc"}}
    assert sorted(str(file.relative_to(ROOT)) for file in data - installed) == []
