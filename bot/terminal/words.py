"""The words of the command line."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

import bot
from bot.core.calls.log import Log
from bot.core.typed import copied
from bot.core.usage import Source
from bot.core.words import Picture, Sheet


def parser() -> argparse.ArgumentParser:
    """Every command and its options; wrong words end with exit code 2 and what was expected."""
    top = argparse.ArgumentParser(prog="claude-usage", description=bot.__doc__)
    top.add_argument("--version", action="version", version=f"claude-usage {bot.__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    _command(commands, "run", "the bot: Slack, scheduler, web server")

    demo = _command(commands, "demo", "everything with no account anywhere, on a simulated organisation")
    demo.add_argument("--port", type=_port, default=8420, help="of the Slack page (default 8420)")
    demo.add_argument("--days", type=_positive, default=90, help="of history (default 90)")
    demo.add_argument("--seed", type=int, default=7, help="of the simulated organisation (default 7)")
    demo.add_argument("--once", action="store_true", help="sync, one answer, one digest, one alert; print each and end")

    sync = _command(commands, "sync", "read Anthropic's reports now")
    sync.add_argument("--since", type=_day, metavar="DATE", help="first UTC day to read")
    sync.add_argument("--until", type=_day, metavar="DATE", help="first UTC day not to read")
    sync.add_argument("--source", choices=[source.value for source in Source], action="append", help="only this one")

    ask = _command(
        commands, "ask", "what /claude-usage TEXT answers", formats=("text", "json", "csv", "markdown", "blocks")
    )
    ask.add_argument("text", metavar="TEXT", nargs="*", help='such as "team alpha last week by model"')
    ask.add_argument("--receipt", action="store_true", help="and what the figures rest on (text or json)")
    ask.add_argument("--as", dest="asker", type=_name, metavar="USER", help="answer as for this person")

    verify = _command(commands, "verify", "do the sum of a receipt again from the pages kept", formats=("text", "json"))
    verify.add_argument("receipt", metavar="RECEIPT", help="its id, or a file that holds it as JSON")

    digest = _command(commands, "digest", "build one digest; print it, or post it", formats=("text", "json", "blocks"))
    digest.add_argument("name", type=_name, metavar="NAME")
    digest.add_argument("--at", type=_instant, metavar="INSTANT", help="as of this instant")
    digest.add_argument("--post", action="store_true", help="post it to its channel")

    alerts = _command(commands, "alerts", "hold the figures against every rule", formats=("text", "json"))
    alerts.add_argument("--at", type=_instant, metavar="INSTANT", help="as of this instant")
    alerts.add_argument("--post", action="store_true", help="send what is due")
    alerts.add_argument(
        "--explain", type=_name, metavar="ID", help="why this alert, by its number; or why none, by a team's name"
    )

    replay = _command(commands, "replay", "what a rule or budget would have sent, had it been on", ("text", "json"))
    replay.add_argument("rule", type=_name, metavar="RULE", help="the id of a rule or budget")
    replay.add_argument("--period", metavar="PERIOD", default="90d", help="such as 90d or 2026-10 (default 90d)")

    reconcile = _command(commands, "reconcile", "hold the ledger against Anthropic's sums", formats=("text", "json"))
    reconcile.add_argument("--period", metavar="PERIOD", help="such as 7d or 2026-10 (default: this month so far)")

    export = _command(commands, "export", "the ledger as a CSV file", formats=("text", "json"))
    export.add_argument("kind", choices=[kind.value for kind in Sheet])
    export.add_argument("--period", metavar="PERIOD", help="such as 2026-10 or 7d (default: this month so far)")
    export.add_argument("--team", type=_name, metavar="TEAM", help="only this team and those below it")
    export.add_argument("-o", "--output", metavar="FILE", help="write it here instead of to standard output")

    chart = _command(commands, "chart", "a picture, as a PNG file", formats=("text", "json"))
    chart.add_argument("kind", choices=[picture.value for picture in Picture])
    chart.add_argument("--period", metavar="PERIOD", help="such as 2026-10 or 7d (default: this month so far)")
    chart.add_argument("--team", type=_name, metavar="TEAM", help="only this team and those below it")
    chart.add_argument("-o", "--output", metavar="FILE.png", required=True, help="write it here")

    deliveries = _command(commands, "deliveries", "what was sent, when, where, and what was not", ("text", "json"))
    deliveries.add_argument("--failed", action="store_true", help="only what did not go out")

    taking = _command(commands, "import", "call logs into the store", formats=tuple(kind.value for kind in Log))
    taking.set_defaults(format=Log.AUTO.value)
    taking.add_argument("files", metavar="FILE", nargs="+", help="JSON lines, a JSON array or CSV; gzip will do")
    taking.add_argument("--timezone", metavar="ZONE", help="of times that name none, such as Europe/Berlin")

    token = _command(commands, "token", "tokens for programs that send calls", formats=("text", "json"))
    token.add_argument("action", choices=("create", "list", "revoke"))
    token.add_argument("name", type=_name, metavar="NAME", nargs="?", help="what people call it")
    token.add_argument(
        "--team", type=_name, metavar="TEAM", help="create: all its calls are this team's, whatever they say"
    )

    close = _command(commands, "close", "fix a month: its figures never change again", formats=("text", "json"))
    close.add_argument("month", type=_month, metavar="MONTH", help="such as 2026-10")

    lab = _command(commands, "lab", "the anomaly engine and the forecaster on anybody's numbers, JSON lines in and out")
    lab.add_argument("what", choices=("detect", "forecast"), help="what to try on the lines of standard input")
    lab.add_argument("--min-impact", type=_amount, metavar="DOLLARS", help="detect: the least excess worth an alert")
    lab.add_argument("--notices", action="store_true", help="detect: drops, drifts and new spenders too")

    config = _command(commands, "config", "teams, budgets, digests and alert rules", formats=("text", "json"))
    config.add_argument("action", choices=("check", "apply", "export"))
    config.add_argument("file", metavar="FILE", nargs="?", help="to read, or to write for export")

    init = _command(commands, "init", "from nothing to the first answer: ask, try, write .env", ("text", "json"))
    for flag, what in (
        ("--admin-key-file", "Anthropic's admin key"),
        ("--slack-bot-token-file", "the bot token"),
        ("--slack-app-token-file", "the app-level token (Socket Mode)"),
        ("--slack-signing-secret-file", "the signing secret (HTTP)"),
        ("--database-url-file", "the database's address (default: an SQLite file here)"),
    ):
        init.add_argument(flag, metavar="FILE", help=f"file that holds {what}")
    init.add_argument("--timezone", metavar="ZONE", help="where people count their days, such as Europe/Berlin")
    init.add_argument("--config", metavar="FILE", default="teams.yml", help="write the proposed teams here")
    init.add_argument("--days", type=_positive, default=14, help="to read for the first answer (default 14)")
    init.add_argument("--no-slack", action="store_true", help="leave Slack for later")
    init.add_argument("--yes", action="store_true", help="ask nothing, and replace what .env says otherwise")

    _command(commands, "doctor", "check every setting, credential, scope, schema version and clock", ("text", "json"))

    _command(commands, "migrate", "bring the database's schema up to date")
    return top


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str, formats: tuple[str, ...] = ()
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
    command.add_argument("--now", type=_instant, metavar="INSTANT", help="take this instant for now")
    if formats:
        command.add_argument("--format", choices=formats, default="text")
    return command


def _name(text: str) -> str:
    """A name is compared letter by letter, also where it was pasted."""
    return copied(text).strip()


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no ISO 8601 instant such as 2026-11-22T09:00:00Z") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10]) if len(text) == 10 else _instant(text).date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no ISO 8601 date such as 2026-11-22") from None


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no month such as 2026-10") from None


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or not 0 < amount <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of dollars such as 25")
    return amount


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number up to 65535")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days")
    return int(text)
