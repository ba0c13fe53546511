"""Any order of what people, workers and the network can do keeps the outbox' promises."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.outbox.machine import OutboxMachine

EXAMPLES = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


@pytest.mark.django_db
def test_the_outbox_keeps_its_promises() -> None:
    run_state_machine_as_test(OutboxMachine, settings=EXAMPLES)
