"""Every table. A class is a row; money is a 64-bit integer of 10⁻¹⁰ dollars, an instant is UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from bot.core.money import LARGEST
from bot.core.utc import instant, microseconds


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime: timestamptz on PostgreSQL, naive UTC text on SQLite, which has no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def bind_processor(self, dialect: Dialect) -> Any:
        """For SQLite the text itself: its own way from an instant to it takes ten times as long."""
        return _as_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Microseconds(TypeDecorator[datetime]):
    """The same of live calls, in microseconds since 1970: they come by the million, and a text of each takes longer to
    write than all else of its row."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else instant(value)


def _as_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return value.astimezone(UTC).isoformat(" ", "microseconds")[:-6]  # without +00:00


class Organization(SQLModel, table=True):
    """An Anthropic organisation whose reports are here."""

    __tablename__ = "organization"

    id: str = Field(primary_key=True)
    name: str
    surface: str | None = None
    """Which reports its key may read, once asked; None before."""
    default_workspace_id: str | None = None
    """The real id of the default workspace, which the newer reports name it by."""


class WorkspaceRow(SQLModel, table=True):
    __tablename__ = "workspace"

    organization_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    name: str
    tags: str = Field(sa_type=Text)
    """A JSON object."""
    archived: bool


class ApiKeyRow(SQLModel, table=True):
    __tablename__ = "api_key"

    organization_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    name: str
    workspace_id: str
    status: str
    hint: str | None


class MemberRow(SQLModel, table=True):
    __tablename__ = "member"

    organization_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    email: str
    name: str
    role: str
    removed: bool = False
    """No longer in the organisation."""


class ServiceAccountRow(SQLModel, table=True):
    __tablename__ = "service_account"

    organization_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    name: str


class BucketRow(SQLModel, table=True):
    """One day of one source that was read to its last page: with no rows beside it, the day was truly empty."""

    __tablename__ = "bucket"

    organization_id: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    start: datetime = Field(primary_key=True, sa_type=Instant)
    fetched_at: datetime = Field(sa_type=Instant)
    counted: bool | None = None
    """Of usage: whether every row said how many requests it stands for, as the newer reports do, which name people."""
    whole_at: datetime | None = Field(default=None, sa_type=Instant)
    """When it was first read after its end."""
    changed_at: datetime | None = Field(default=None, sa_type=Instant)
    """When it was last read as something else than before, or as over; of the reports that the ledger is made of."""


class _UsageReported(SQLModel):
    """A row of the usage report, verbatim: null stays null."""

    id: int | None = Field(default=None, primary_key=True)
    organization_id: str
    start: datetime = Field(sa_type=Instant)
    workspace_id: str | None
    api_key_id: str | None
    model: str
    service_tier: str
    inference_geo: str
    uncached_input: int = Field(sa_type=BigInteger)
    cache_write_5m: int = Field(sa_type=BigInteger)
    cache_write_1h: int = Field(sa_type=BigInteger)
    cache_read: int = Field(sa_type=BigInteger)
    output: int = Field(sa_type=BigInteger)
    web_search: int = Field(sa_type=BigInteger)
    actor_id: str | None
    product: str | None
    requests: int | None = Field(sa_type=BigInteger)


class UsageSnapshot(_UsageReported, table=True):
    """One of a day."""

    __tablename__ = "usage_snapshot"
    __table_args__ = (Index("usage_snapshot_bucket", "organization_id", "start"),)


class HourSnapshot(_UsageReported, table=True):
    """One of an hour."""

    __tablename__ = "hour_snapshot"
    __table_args__ = (Index("hour_snapshot_bucket", "organization_id", "start"),)


class CostSnapshot(SQLModel, table=True):
    """A row of the cost report, verbatim: `amount_cents` is Anthropic's own text."""

    __tablename__ = "cost_snapshot"
    __table_args__ = (Index("cost_snapshot_bucket", "organization_id", "start"),)

    id: int | None = Field(default=None, primary_key=True)
    organization_id: str
    start: datetime = Field(sa_type=Instant)
    workspace_id: str | None
    cost_type: str
    token_type: str | None
    model: str | None
    service_tier: str | None
    inference_geo: str | None
    context_window: str | None
    description: str
    amount_cents: str
    attributed: bool
    api_key_id: str | None
    actor_id: str | None
    product: str | None
    list_cents: str | None


class PageRow(SQLModel, table=True):
    """One page of an answer as it came, compressed: what receipts are checked against."""

    __tablename__ = "page"
    __table_args__ = (Index("page_fetched", "organization_id", "fetched_at"),)

    sha256: str = Field(primary_key=True)
    """Of the body as it came; the same page read twice is kept once."""
    organization_id: str = Field(primary_key=True)
    fetched_at: datetime = Field(sa_type=Instant)
    """The first time."""
    body: bytes = Field(sa_type=LargeBinary)
    """zlib."""


class BucketPageRow(SQLModel, table=True):
    """The pages of the reading that a bucket's rows came from, in order."""

    __tablename__ = "bucket_page"

    organization_id: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    start: datetime = Field(primary_key=True, sa_type=Instant)
    position: int = Field(primary_key=True)
    request: str = Field(sa_type=Text)
    """Path and query, without credentials."""
    sha256: str


class ReportedTotalRow(SQLModel, table=True):
    """A day's cost as Anthropic adds it up itself (asked for ungrouped): what the ledger is held against."""

    __tablename__ = "reported_total"

    organization_id: str = Field(primary_key=True)
    day: date = Field(primary_key=True, sa_type=Date)
    amount_cents: str
    fetched_at: datetime = Field(sa_type=Instant)


class RestatementRow(SQLModel, table=True):
    """A day that came out differently when it was read again after it was whole."""

    __tablename__ = "restatement"
    __table_args__ = (Index("restatement_noticed", "noticed_at"),)

    id: int | None = Field(default=None, primary_key=True)
    organization_id: str
    source: str
    day: date = Field(sa_type=Date)
    noticed_at: datetime = Field(sa_type=Instant)
    before: int = Field(sa_type=BigInteger)
    """Tokens, or 10⁻¹⁰ dollars for cost."""
    after: int = Field(sa_type=BigInteger)


class ReceiptRow(SQLModel, table=True):
    """What a figure was made of when somebody asked; the body is JSON."""

    __tablename__ = "receipt"

    id: str = Field(primary_key=True)
    made_at: datetime = Field(sa_type=Instant)
    body: str = Field(sa_type=Text)


class ReceiptPageRow(SQLModel, table=True):
    """The pages a receipt points to: they are kept as long as the receipt is."""

    __tablename__ = "receipt_page"

    sha256: str = Field(primary_key=True)
    receipt_id: str = Field(primary_key=True, foreign_key="receipt.id")


class ClosedMonthRow(SQLModel, table=True):
    """A month whose figures never change again, with its exports as they were at the close (zlib)."""

    __tablename__ = "closed_month"

    month: date = Field(primary_key=True, sa_type=Date)
    """Its first day."""
    closed_at: datetime = Field(sa_type=Instant)
    files: str = Field(sa_type=Text)
    """JSON: file name → sha256."""


class ClosedFileRow(SQLModel, table=True):
    __tablename__ = "closed_file"

    sha256: str = Field(primary_key=True)
    body: bytes = Field(sa_type=LargeBinary)


class AdjustmentRow(SQLModel, table=True):
    """What a closed day would be by now, minus what it was closed with: booked in the month in which it came."""

    __tablename__ = "adjustment"

    organization_id: str = Field(primary_key=True)
    day: date = Field(primary_key=True, sa_type=Date)
    """The closed day."""
    booked_on: date = Field(primary_key=True, sa_type=Date)
    series_id: int = Field(primary_key=True, foreign_key="ledger_series.id")
    charge: str = Field(primary_key=True)
    quantity: int = Field(sa_type=BigInteger)
    list_cost: int | None = Field(sa_type=BigInteger)
    billed_cost: int = Field(sa_type=BigInteger)


class SourceState(SQLModel, table=True):
    """How the last sync of a source went; `error` is the sentence a person reads, None after a success."""

    __tablename__ = "source_state"

    organization_id: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    attempted_at: datetime = Field(sa_type=Instant)
    succeeded_at: datetime | None = Field(sa_type=Instant)
    error: str | None


class TurnRow(SQLModel, table=True):
    """Which replica is at what only one at a time should do, and when it last said so."""

    __tablename__ = "turn"

    what: str = Field(primary_key=True)
    holder: str
    held_at: datetime = Field(sa_type=Instant)


class LedgerSeries(SQLModel, table=True):
    """What ledger entries belong to; kept once, so that an entry is a few numbers."""

    __tablename__ = "ledger_series"
    __table_args__ = (
        UniqueConstraint(
            "organization_id",
            "team_id",
            "workspace_id",
            "api_key_id",
            "model",
            "service_tier",
            "inference_geo",
            "actor_id",
            "product",
            name="ledger_series_is_one",
        ),
        Index("ledger_series_team", "team_id"),
        Index("ledger_series_actor", "actor_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    organization_id: str
    team_id: str
    workspace_id: str
    api_key_id: str
    model: str
    service_tier: str
    inference_geo: str
    actor_id: str
    product: str


class LedgerEntry(SQLModel, table=True):
    """One charge of one series on one UTC day."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        Index("ledger_entry_series", "series_id", "day"),
        {"sqlite_with_rowid": False},
    )

    day: date = Field(primary_key=True, sa_type=Date)
    series_id: int = Field(primary_key=True, foreign_key="ledger_series.id")
    charge: str = Field(primary_key=True)
    basis: str = Field(primary_key=True)
    quantity: int = Field(sa_type=BigInteger)
    list_cost: int | None = Field(sa_type=BigInteger)
    billed_cost: int | None = Field(sa_type=BigInteger)


class LedgerTotal(SQLModel, table=True):
    """The entries of one day summed per team and model: rebuilt with them, never apart from them.

    The costs are sums of what is known; `basis` says whether billed is.
    """

    __tablename__ = "ledger_total"
    __table_args__ = (
        Index("ledger_total_team", "team_id", "day"),
        {"sqlite_with_rowid": False},
    )

    day: date = Field(primary_key=True, sa_type=Date)
    organization_id: str = Field(primary_key=True)
    team_id: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    charge: str = Field(primary_key=True)
    basis: str = Field(primary_key=True)
    quantity: int = Field(sa_type=BigInteger)
    list_cost: int = Field(sa_type=BigInteger)
    billed_cost: int = Field(sa_type=BigInteger)
    unlisted: int
    """How many of the entries have no list price."""


class VersionRow(SQLModel, table=True):
    """Another one with every change of what it is about: what answers remember under."""

    __tablename__ = "version"

    about: str = Field(primary_key=True)
    version: str


class LedgerOrganization(SQLModel, table=True):
    """The entries of one day summed per model over all teams."""

    __tablename__ = "ledger_organization"
    __table_args__ = ({"sqlite_with_rowid": False},)

    day: date = Field(primary_key=True, sa_type=Date)
    organization_id: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    charge: str = Field(primary_key=True)
    basis: str = Field(primary_key=True)
    quantity: int = Field(sa_type=BigInteger)
    list_cost: int = Field(sa_type=BigInteger)
    billed_cost: int = Field(sa_type=BigInteger)
    unlisted: int


class LedgerMonth(SQLModel, table=True):
    """The entries of one series and charge, summed over the days of a UTC month that have any."""

    __tablename__ = "ledger_month"
    __table_args__ = (
        Index("ledger_month_series", "series_id", "month"),
        {"sqlite_with_rowid": False},
    )

    month: date = Field(primary_key=True, sa_type=Date)
    """Its first day."""
    series_id: int = Field(primary_key=True, foreign_key="ledger_series.id")
    charge: str = Field(primary_key=True)
    basis: str = Field(primary_key=True)
    quantity: int = Field(sa_type=BigInteger)
    list_cost: int = Field(sa_type=BigInteger)
    billed_cost: int = Field(sa_type=BigInteger)
    unlisted: int
    days: int


class LedgerMonthTotal(SQLModel, table=True):
    """The sums of days per team and model, summed over a UTC month."""

    __tablename__ = "ledger_month_total"
    __table_args__ = (
        Index("ledger_month_total_team", "team_id", "month"),
        {"sqlite_with_rowid": False},
    )

    month: date = Field(primary_key=True, sa_type=Date)
    organization_id: str = Field(primary_key=True)
    team_id: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    charge: str = Field(primary_key=True)
    basis: str = Field(primary_key=True)
    quantity: int = Field(sa_type=BigInteger)
    list_cost: int = Field(sa_type=BigInteger)
    billed_cost: int = Field(sa_type=BigInteger)
    unlisted: int
    days: int


class ConfigurationRow(SQLModel, table=True):
    """A configuration that was in force from `applied_at`; the newest is, the others are its history."""

    __tablename__ = "configuration"

    id: int | None = Field(default=None, primary_key=True)
    applied_at: datetime = Field(sa_type=Instant)
    name: str
    body: str = Field(sa_type=Text)
    """The file with what was configured in Slack put in."""
    file: str | None = Field(default=None, sa_type=Text)
    """The file as it was applied; None where only something in Slack changed."""


class PreferenceRow(SQLModel, table=True):
    """One thing configured in Slack, as it stands now; the entry is JSON."""

    __tablename__ = "preference"

    kind: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    entry: str = Field(sa_type=Text)
    changed_at: datetime = Field(sa_type=Instant)
    changed_by: str


class ChangeRow(SQLModel, table=True):
    """Who changed what in Slack, and when; None before is something new, None after is something removed."""

    __tablename__ = "change"
    __table_args__ = (Index("change_at", "at"), UniqueConstraint("form", name="change_form_is_one"))

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Instant)
    by: str
    kind: str
    name: str
    before: str | None = Field(sa_type=Text)
    after: str | None = Field(sa_type=Text)
    form: str
    """The form it was sent from: what is sent twice changes nothing twice."""


class DeliveryRow(SQLModel, table=True):
    """A message that must go out once. Whoever inserts its key owns it."""

    __tablename__ = "delivery"
    __table_args__ = (Index("delivery_state", "state", "place"), Index("delivery_carried", "carried_by"))

    key: str = Field(primary_key=True)
    state: str
    place: str
    """The channel or person it is for, as configured; what is owed to one place goes out in its order."""
    carried_by: str | None = Field(default=None)
    """The key of the message that this one goes out in, with others to the same receiver; None: it is one itself."""
    attempts: int
    owed_at: datetime = Field(sa_type=Instant)
    claimed_at: datetime = Field(sa_type=Instant)
    asked_at: datetime | None = Field(sa_type=Instant)
    """When Slack was first asked to take it and nobody knows whether it did; None where that is known."""
    not_before: datetime | None = Field(sa_type=Instant)
    finished_at: datetime | None = Field(sa_type=Instant)
    channel: str | None
    ts: str | None
    error: str | None


class EpisodeRow(SQLModel, table=True):
    """One stretch of time in which a rule fires for a scope; `since` is the start of its first window.

    Values are in the unit of the rule's metric: 10⁻¹⁰ dollars, tokens, millionths or milliseconds.
    """

    __tablename__ = "episode"
    __table_args__ = (Index("episode_open", "rule_id", "scope", "since"), Index("episode_resolved", "resolved_at"))

    id: int | None = Field(default=None, primary_key=True)
    rule_id: str
    """Of a budget "budget:" and its id, of its forecast "forecast:" and its id, of a silent source "source"."""
    scope: str
    kind: str
    since: datetime = Field(sa_type=Instant)
    last_window: datetime = Field(sa_type=Instant)
    """The newest window found beyond the limit."""
    fired_at: datetime = Field(sa_type=Instant)
    value: int = Field(sa_type=BigInteger)
    limit_value: int = Field(sa_type=BigInteger)
    expected: int | None = Field(sa_type=BigInteger)
    """What would have been usual, where that is known."""
    mark: int | None
    """Per cent of a budget."""
    resolved_at: datetime | None = Field(sa_type=Instant)
    resolved_because: str
    acknowledged_at: datetime | None = Field(sa_type=Instant)
    acknowledged_by: str


class EpisodeEventRow(SQLModel, table=True):
    """What happened to an episode, by itself or by somebody; whatever is told of it is owed to people by this row."""

    __tablename__ = "episode_event"
    __table_args__ = (Index("episode_event_episode", "episode_id"), Index("episode_event_settled", "settled_at"))

    id: int | None = Field(default=None, primary_key=True)
    episode_id: int = Field(foreign_key="episode.id")
    what: str
    at: datetime = Field(sa_type=Instant)
    value: int | None = Field(sa_type=BigInteger)
    limit_value: int | None = Field(sa_type=BigInteger)
    mark: int | None
    by: str
    until: datetime | None = Field(sa_type=Instant)
    reason: str
    last_window: datetime | None = Field(sa_type=Instant)
    """The window whose value this is; that of the episode goes on."""
    settled_at: datetime | None = Field(sa_type=Instant)
    """When it was owed to its receivers, or found to be nobody's news; None while a silence holds it back."""
    settled_as: str
    """Why nobody is told of it; empty where somebody is."""


class SilenceRow(SQLModel, table=True):
    """Nobody is told of what it covers until it ends; a rule or scope of None covers all."""

    __tablename__ = "silence"

    id: int | None = Field(default=None, primary_key=True)
    rule_id: str | None
    scope: str | None
    until: datetime = Field(sa_type=Instant)
    by: str
    at: datetime = Field(sa_type=Instant)


class FeedbackRow(SQLModel, table=True):
    """What somebody said of an alert: it counts for its rule and scope."""

    __tablename__ = "feedback"
    __table_args__ = (Index("feedback_of", "rule_id", "scope"),)

    id: int | None = Field(default=None, primary_key=True)
    rule_id: str
    scope: str
    verdict: str
    value: int = Field(sa_type=BigInteger)
    base: int = Field(sa_type=BigInteger)
    """The limit, or what was usual."""
    until: datetime | None = Field(sa_type=Instant)
    by: str
    at: datetime = Field(sa_type=Instant)


class AnomalySeriesRow(SQLModel, table=True):
    """What the anomaly engine knows of one series: only so that a new process need not read the past; else nothing."""

    __tablename__ = "anomaly_series"

    rule_id: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    grounds: str
    """The hash of what the series rests on; another one, and it is not this series any more."""
    read_at: datetime = Field(sa_type=Instant)
    """The newest reading of the reports that it knows."""
    state: bytes = Field(sa_type=LargeBinary)


class Milestone(SQLModel, table=True):
    """An instant the bot remembers by name, such as its first start."""

    __tablename__ = "milestone"

    name: str = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)


class ServedSchemaRow(SQLModel, table=True):
    """A schema whose programs work on this one, the database's own included: each migration says it anew."""

    __tablename__ = "served_schema"

    revision: str = Field(primary_key=True)


class LedgerHour(SQLModel, table=True):
    """A ledger entry's part in one UTC hour; the hours of a day add up to its entries."""

    __tablename__ = "ledger_hour"
    __table_args__ = ({"sqlite_with_rowid": False},)

    day: date = Field(primary_key=True, sa_type=Date)
    series_id: int = Field(primary_key=True, foreign_key="ledger_series.id")
    hour: int = Field(primary_key=True)
    charge: str = Field(primary_key=True)
    basis: str = Field(primary_key=True)
    quantity: int = Field(sa_type=BigInteger)
    list_cost: int | None = Field(sa_type=BigInteger)
    billed_cost: int | None = Field(sa_type=BigInteger)


class LedgerHourTotal(SQLModel, table=True):
    """The entries of one hour summed per team and model, as `LedgerTotal` sums those of a day."""

    __tablename__ = "ledger_hour_total"
    __table_args__ = ({"sqlite_with_rowid": False},)

    day: date = Field(primary_key=True, sa_type=Date)
    hour: int = Field(primary_key=True)
    organization_id: str = Field(primary_key=True)
    team_id: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    charge: str = Field(primary_key=True)
    basis: str = Field(primary_key=True)
    quantity: int = Field(sa_type=BigInteger)
    list_cost: int = Field(sa_type=BigInteger)
    billed_cost: int = Field(sa_type=BigInteger)
    unlisted: int


class LedgerHourOrganization(SQLModel, table=True):
    """The entries of one hour summed per model over all teams."""

    __tablename__ = "ledger_hour_organization"
    __table_args__ = ({"sqlite_with_rowid": False},)

    day: date = Field(primary_key=True, sa_type=Date)
    hour: int = Field(primary_key=True)
    organization_id: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    charge: str = Field(primary_key=True)
    basis: str = Field(primary_key=True)
    quantity: int = Field(sa_type=BigInteger)
    list_cost: int = Field(sa_type=BigInteger)
    billed_cost: int = Field(sa_type=BigInteger)
    unlisted: int


class CodeRow(SQLModel, table=True):
    """What one actor did with Claude Code on one UTC day, as one kind of customer."""

    __tablename__ = "code_day"
    __table_args__ = (Index("code_day_actor", "kind", "actor"),)

    organization_id: str = Field(primary_key=True)
    day: date = Field(primary_key=True, sa_type=Date)
    kind: str = Field(primary_key=True)
    actor: str = Field(primary_key=True)
    """An e-mail in lower case, or a key's name."""
    customer: str = Field(primary_key=True)
    sessions: int = Field(sa_type=BigInteger)
    lines_added: int = Field(sa_type=BigInteger)
    lines_removed: int = Field(sa_type=BigInteger)
    commits: int = Field(sa_type=BigInteger)
    pull_requests: int = Field(sa_type=BigInteger)
    accepted: int = Field(sa_type=BigInteger)
    rejected: int = Field(sa_type=BigInteger)
    tokens: int = Field(sa_type=BigInteger)
    estimated: int = Field(sa_type=BigInteger)
    """10⁻¹⁰ dollars, Anthropic's estimate."""


class RateLimitRow(SQLModel, table=True):
    """One limiter of one group of models; `workspace_id` is empty for the organisation's own."""

    __tablename__ = "rate_limit"

    organization_id: str = Field(primary_key=True)
    workspace_id: str = Field(primary_key=True)
    group_id: str = Field(primary_key=True)
    limiter: str = Field(primary_key=True)
    group_type: str
    group_name: str
    models: str = Field(sa_type=Text)
    """A JSON list."""
    value: int = Field(sa_type=BigInteger)


class SpendLimitRow(SQLModel, table=True):
    __tablename__ = "spend_limit"

    organization_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    scope: str
    scope_id: str | None
    amount: int | None = Field(sa_type=BigInteger)
    """10⁻¹⁰ dollars; None: no limit."""
    period: str


class RefusalRow(SQLModel, table=True):
    """What an organisation's key may not read, as Anthropic said when it was last asked."""

    __tablename__ = "refusal"

    organization_id: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    part: str = Field(primary_key=True)
    asked_at: datetime = Field(sa_type=Instant)
    sentence: str = Field(sa_type=Text)


_ZERO = {"server_default": "0"}


class CallSeries(SQLModel, table=True):
    """What calls say of themselves apart from their figures; kept once, so that a call is a few numbers.

    Whose they are follows from this and the configuration when somebody asks: a reorganisation rewrites nothing.
    """

    __tablename__ = "call_series"
    __table_args__ = (
        UniqueConstraint(
            "bound_team",
            "team",
            "caller",
            "api_key",
            "feature",
            "model",
            "endpoint",
            "event_type",
            "service_tier",
            "inference_geo",
            "speed",
            "error_type",
            "origin",
            name="call_series_is_one",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    bound_team: str
    """The team of the token it came with; empty where that has none."""
    team: str
    caller: str
    """Whom the program names as its user."""
    api_key: str
    feature: str
    model: str
    endpoint: str
    event_type: str
    service_tier: str
    inference_geo: str
    speed: str
    error_type: str
    """Empty where it succeeded."""
    origin: str
    since: datetime = Field(sa_type=Microseconds)
    """When the first call of it was made."""


class CallRow(SQLModel, table=True):
    """One call of Claude, as its program reported it; forgotten after `RETAIN_CALLS_DAYS`.

    What none of many calls has is left to the table's defaults."""

    __tablename__ = "call"
    __table_args__ = (Index("call_at", "at"), Index("call_stored", "stored_at"))

    id: str = Field(primary_key=True)
    series_id: int = Field(foreign_key="call_series.id")
    at: datetime = Field(sa_type=Microseconds)
    stored_at: datetime = Field(sa_type=Microseconds)
    uncached_input: int = Field(sa_column_kwargs=_ZERO)
    cache_write_5m: int = Field(sa_column_kwargs=_ZERO)
    cache_write_1h: int = Field(sa_column_kwargs=_ZERO)
    cache_read: int = Field(sa_column_kwargs=_ZERO)
    output: int = Field(sa_column_kwargs=_ZERO)
    untyped: int = Field(sa_column_kwargs=_ZERO)
    web_search: int = Field(sa_column_kwargs=_ZERO)
    duration_ms: int | None
    first_token_ms: int | None
    status: int | None
    list_cost: int | None = Field(sa_type=BigInteger)
    own_cost: int | None = Field(sa_type=BigInteger)


def _exact(name: str) -> CheckConstraint:
    """Where two 64-bit integers come to more than one, SQLite would go on with a float; PostgreSQL refuses."""
    return CheckConstraint(f"list_cost <= {LARGEST} AND own_cost <= {LARGEST}", name=name)


class _CallSums(SQLModel):
    """What some calls of one series come to. The costs are sums of what is known; what none of them has is left to the
    defaults."""

    calls: int = Field(sa_type=BigInteger)
    uncached_input: int = Field(sa_type=BigInteger, sa_column_kwargs=_ZERO)
    cache_write_5m: int = Field(sa_type=BigInteger, sa_column_kwargs=_ZERO)
    cache_write_1h: int = Field(sa_type=BigInteger, sa_column_kwargs=_ZERO)
    cache_read: int = Field(sa_type=BigInteger, sa_column_kwargs=_ZERO)
    output: int = Field(sa_type=BigInteger, sa_column_kwargs=_ZERO)
    untyped: int = Field(sa_type=BigInteger, sa_column_kwargs=_ZERO)
    web_search: int = Field(sa_type=BigInteger, sa_column_kwargs=_ZERO)
    list_cost: int = Field(sa_type=BigInteger, sa_column_kwargs=_ZERO)
    unlisted: int = Field(sa_type=BigInteger, sa_column_kwargs=_ZERO)
    own_cost: int = Field(sa_type=BigInteger, sa_column_kwargs=_ZERO)
    own_priced: int = Field(sa_type=BigInteger, sa_column_kwargs=_ZERO)
    timed: int = Field(sa_type=BigInteger, sa_column_kwargs=_ZERO)
    duration_ms: int = Field(sa_type=BigInteger, sa_column_kwargs=_ZERO)
    longest_ms: int = Field(sa_type=BigInteger, sa_column_kwargs=_ZERO)
    durations: bytes = Field(sa_type=LargeBinary)
    """A sketch, as `core.calls.sketch` writes it; so is the next."""
    first_tokens: bytes = Field(sa_type=LargeBinary)
    first_at: datetime = Field(sa_type=Microseconds)
    last_at: datetime = Field(sa_type=Microseconds)


class CallHour(_CallSums, table=True):
    """The calls of one series in one UTC hour, summed; kept for ever."""

    __tablename__ = "call_hour"
    __table_args__ = (_exact("call_hour_exact"), {"sqlite_with_rowid": False})

    hour: datetime = Field(primary_key=True, sa_type=Microseconds)
    series_id: int = Field(primary_key=True, foreign_key="call_series.id")


class CallDay(_CallSums, table=True):
    """The hours of one UTC day, summed: they grow together, and a month is read from its days."""

    __tablename__ = "call_day"
    __table_args__ = (_exact("call_day_exact"), {"sqlite_with_rowid": False})

    day: datetime = Field(primary_key=True, sa_type=Microseconds)
    """Its midnight."""
    series_id: int = Field(primary_key=True, foreign_key="call_series.id")


class CallLimitRow(SQLModel, table=True):
    """The newest rate limit that answers to a program's calls of a model named."""

    __tablename__ = "call_limit"

    bound_team: str = Field(primary_key=True)
    team: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    requests_limit: int | None = Field(sa_type=BigInteger)
    requests_remaining: int | None = Field(sa_type=BigInteger)
    tokens_limit: int | None = Field(sa_type=BigInteger)
    tokens_remaining: int | None = Field(sa_type=BigInteger)


class CallLimitDay(SQLModel, table=True):
    """How full a program's rate limits were at their fullest on a UTC day, in millionths; None where nobody said."""

    __tablename__ = "call_limit_day"

    day: date = Field(primary_key=True, sa_type=Date)
    bound_team: str = Field(primary_key=True)
    team: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    requests_used: int | None
    tokens_used: int | None


class ImportedPieceRow(SQLModel, table=True):
    """A piece of a call log that was imported, but for its bad lines: reading the file once more passes over it."""

    __tablename__ = "imported_piece"

    sha256: str = Field(primary_key=True)
    stored_at: datetime = Field(sa_type=Instant)
    calls: int


class CallHorizonRow(SQLModel, table=True):
    """Single calls that were stored before this are let go, and their ids with them: one row that moves ahead only."""

    __tablename__ = "call_horizon"

    id: int = Field(primary_key=True)
    stored_at: datetime = Field(sa_type=Microseconds)


class IntakeTokenRow(SQLModel, table=True):
    """Who may send calls: only the hash of a token is here."""

    __tablename__ = "intake_token"

    name: str = Field(primary_key=True)
    sha256: str = Field(unique=True)
    team: str | None
    """Whose all its calls are, whatever they say."""
    created_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(sa_type=Instant)
    last_used_at: datetime | None = Field(sa_type=Instant)


class CodeCountRow(SQLModel, table=True):
    """What Claude Code itself counted (OpenTelemetry) of one person on one UTC day: beside the ledger, never in it."""

    __tablename__ = "code_count"

    day: date = Field(primary_key=True, sa_type=Date)
    bound_team: str = Field(primary_key=True)
    """The team of the token it came with; empty where that has none."""
    team: str = Field(primary_key=True)
    person: str = Field(primary_key=True)
    """An e-mail in lower case, or an account's id; empty where Claude Code knows neither."""
    model: str = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    amount: int = Field(sa_type=BigInteger)


class CodeCounterRow(SQLModel, table=True):
    """The last total of a counter that only ever sends totals: the next one counts by how much it is more."""

    __tablename__ = "code_counter"
    __table_args__ = (Index("code_counter_at", "at"),)

    series: str = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    amount: int = Field(sa_type=BigInteger)


class TelemetryRow(SQLModel, table=True):
    """A request with increments that was stored: sent once more it counts nothing; forgotten after a day."""

    __tablename__ = "telemetry"
    __table_args__ = (Index("telemetry_stored", "stored_at"),)

    mark: str = Field(primary_key=True)
    stored_at: datetime = Field(sa_type=Instant)


def table(row: type[SQLModel]) -> Table:
    """The SQL table behind a row class, for statements over many rows."""
    return SQLModel.metadata.tables[str(row.__tablename__)]
