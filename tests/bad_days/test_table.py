"""Every line of the table is proved."""

import pytest

import tests.bad_days.test_around_it
import tests.bad_days.test_crowds
import tests.bad_days.test_database
import tests.bad_days.test_machine
import tests.bad_days.test_messages
import tests.bad_days.test_replicas  # noqa: F401  (they say what they prove when they are read)
from tests.bad_days.table import LINES, PROVED

pytestmark = pytest.mark.proof


def test_every_line_is_proved() -> None:
    assert sorted(LINES.keys() - PROVED) == []
