"""Any interleaving of deliveries, repeats, replays, sent messages and pulls: each message once and in order."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.chats.machine import ChatMachine

EXAMPLES = settings(
    max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


@pytest.mark.django_db
def test_each_message_once_and_in_order() -> None:
    run_state_machine_as_test(ChatMachine, settings=EXAMPLES)
