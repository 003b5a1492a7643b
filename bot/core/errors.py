"""Everything that can go wrong by name.

BotError
├── WordsError              the words were wrong                       exit 2
│   └── UnreadWords         words that no clause of the grammar takes
├── SettingsError           a setting is missing or malformed          exit 3
│   └── CredentialRefused   Anthropic, Slack or the database said no   exit 3
│       └── NotPermitted    it is known, but may not read this
├── ConfigError             the configuration file does not hold
├── CloseRefused            a month that can't be closed yet
├── FormRefused             what a form holds can't be saved
├── NotTheirs               somebody may not change this
├── NotFound                no such team, model, workspace, key, digest
├── Withheld                a figure the asker may not see
├── TooManyQuestions        more than may wait; worth another try
├── ReceiptUnreadable       a file that is no receipt
├── MoneyError              an amount that is not one
├── IntakeError             calls could not be taken in
│   ├── TokenRefused        an intake token that is not in force
│   ├── BodyUnreadable      a body that holds no calls
│   ├── BodyTooLarge        more than one request may hold
│   └── IntakeFull          too much at a time; worth another try
├── AnthropicError          Anthropic could not be asked
│   ├── AnthropicRefused    a request it will never answer
│   ├── AnthropicUnavailable  down, slow or limiting; worth another try
│   └── PageMalformed       an answer that is not what the reference promises
├── StoreError              the database could not be used
│   ├── StoreUnavailable    gone, locked or full; worth another try
│   │   └── AmountTooLarge  it answers, and can't hold a figure
│   ├── ClockWrong          this machine's clock and the database's are apart
│   └── SchemaMismatch      older or newer than this code
└── SlackError              Slack could not be told
    ├── SlackRefused        a message or receiver it will never take
    │   └── SlackUnclear    why, is not known here; worth a few more tries
    └── SlackUnavailable    down, slow or limiting; worth another try
        └── SlackSilent     it may have taken the message, or not

A class's docstring is the sentence a person reads when no better one is given.
"""

from collections.abc import Mapping


class BotError(Exception):
    """Something went wrong."""

    permanent: bool = True
    """A retry is pointless."""
    exit_code: int = 1

    aside: str | None = None
    """What people in Slack are told instead, where the message is for whoever runs the bot."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)

    @property
    def told(self) -> str:
        """The sentence for people in Slack, who know no settings and can mend nothing on the machine."""
        return self.aside or str(self)


class WordsError(BotError):
    """I did not understand these words."""

    exit_code = 2


class UnreadWords(WordsError):
    """I did not understand all of these words."""


class SettingsError(BotError):
    """A setting is missing or malformed."""

    exit_code = 3


class CredentialRefused(SettingsError):
    """A credential was refused."""

    permanent = False  # somebody will mend it, and what is owed until then must not be lost
    aside = "One of the bot's credentials is refused, so this can't be done now. Whoever runs this bot can mend that."


class NotPermitted(CredentialRefused):
    """The credential is known, but not allowed to do this."""


class ConfigError(BotError):
    """The configuration file has mistakes; nothing was applied."""

    mistakes: tuple[tuple[int, str], ...] = ()
    """The line of each, and the sentences without it."""


class FormRefused(BotError):
    """What this form holds can't be saved."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        """`fields`: what is wrong, by the field it stands in."""
        super().__init__(" ".join(fields.values()))
        self.fields = fields


class NotTheirs(BotError):
    """You may not change this."""


class CloseRefused(BotError):
    """This month can't be closed yet; nothing was changed."""


class NotFound(BotError):
    """There is nothing by that name."""


class Withheld(BotError):
    """This may not be shown to you."""


class TooManyQuestions(BotError):
    """Too many questions are waiting for their answers. Ask again in a minute."""

    permanent = False


class ReceiptUnreadable(BotError):
    """This is no receipt."""


class MoneyError(BotError):
    """An amount is not a plain decimal number."""


class IntakeError(BotError):
    """Calls could not be taken in."""


class TokenRefused(IntakeError):
    """This intake token is not known, or was revoked."""

    exit_code = 3


class BodyUnreadable(IntakeError):
    """These are no calls."""


class BodyTooLarge(IntakeError):
    """This is more than one request may hold."""


class IntakeFull(IntakeError):
    """Too many requests at a time."""

    permanent = False


class AnthropicError(BotError):
    """Anthropic could not be asked."""


class AnthropicRefused(AnthropicError):
    """Anthropic refused the request."""


class AnthropicUnavailable(AnthropicError):
    """Anthropic is not answering."""

    permanent = False


class PageMalformed(AnthropicError):
    """Anthropic's answer is not what its reference promises."""

    permanent = False


class StoreError(BotError):
    """The database could not be used."""


class StoreUnavailable(StoreError):
    """The database is not available."""

    permanent = False
    aside: str | None = (
        "The database can't be used just now. Whoever runs this bot can mend that; try again in a few minutes."
    )


class AmountTooLarge(StoreUnavailable):
    """An amount is larger than any that this bot can hold."""

    aside = None


class ClockWrong(StoreError):
    """This machine's clock is wrong."""

    permanent = False


class SchemaMismatch(StoreError):
    """The database's schema does not fit this version of the bot."""

    exit_code = 3
    aside = (
        "The bot and its database are of different versions, so this can't be done now. Whoever runs this bot can mend "
        "that; try again in a few minutes."
    )


class SlackError(BotError):
    """Slack could not be told."""


class SlackRefused(SlackError):
    """Slack refused the message."""


class SlackUnclear(SlackRefused):
    """Slack refused the message and did not say why."""

    permanent = False  # for a while: it may be Slack's own trouble under a name that is new


class SlackUnavailable(SlackError):
    """Slack is not answering."""

    permanent = False


class SlackSilent(SlackUnavailable):
    """Slack did not say whether it took the message."""
