"""A model of the outbox in plain Python, driven beside the real one.

The remote system is two lists in memory; claims, outcomes and buttons are the real functions. An attempt is claimed,
takes its effect at the remote or not, and then is answered, ends in an error, or its worker dies.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from requests.structures import CaseInsensitiveDict

from customers.models import Customer
from protoadmin.clients import errors
from protoadmin.clients.transport import Answer, Request
from protoadmin.connections.models import Teamspace
from protoadmin.outbox.claiming import claim_next
from protoadmin.outbox.models import Call, CallState, Gate
from protoadmin.outbox.registry import find_operation
from protoadmin.outbox.sending import recover_dead
from protoadmin.outbox.services import call_dismiss, call_send_again, call_went_through
from protoadmin.outbox.settling import settle_answer, settle_error
from protoadmin.refusals import Refused
from tests.outbox.scene import save, ticket

QUEUED, SENDING, DONE = CallState.QUEUED, CallState.SENDING, CallState.DONE
FAILED, UNCONFIRMED, DISMISSED = CallState.FAILED, CallState.UNCONFIRMED, CallState.DISMISSED
NO_EFFECT = (
    errors.ConnectionRefused(), errors.RateLimited(status=429, retry_after=5), errors.ValidationFailed(status=422),
    errors.Unavailable(status=503, retry_after=5), errors.Redirected(status=302),
)  # fmt: skip
ANY_EFFECT = (
    errors.ConnectionDropped(), errors.ReadTimedOut(), errors.ServerFailed(status=500), errors.AnswerIsHtml(status=200),
    errors.Unavailable(status=503),
)  # fmt: skip


@dataclass
class Known:
    """What the model knows of one call."""

    pk: int
    person: int
    is_save: bool
    order: int
    state: CallState = QUEUED
    attempts: int = 0
    deaths: int = 0
    effects: int = 0
    sent_again: int = 0
    by_word: bool = False
    replaced_by: int | None = None


@dataclass
class Attempt:
    """One claimed attempt: the call as the worker holds it, and whether the remote carried it out."""

    held: Call
    number: int
    has_effect: bool = False
    is_over: bool = False


class OutboxMachine(RuleBasedStateMachine):
    """Everything that people, workers and the network can do, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.calls: dict[int, Known] = {}
        self.attempts: list[Attempt] = []
        self.applied: dict[int, list[int]] = {}
        self.count = 0

    def teardown(self) -> None:
        """Undo what this example wrote."""
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        """Two people of one teamspace."""
        place = Teamspace.objects.create(
            name="T", subcompany_id="T", takeover_secret="a-secret-0001", base_url="http://127.0.0.1:1"
        )
        self.agent = User.objects.create_user("machine")
        self.people = [
            Customer.objects.create(teamspace=place, provided_unique_id=f"p{number}", name="-") for number in range(2)
        ]

    # --- people -----------------------------------------------------------------------------------

    @rule(person=st.integers(0, 1))
    def save_again(self, person: int) -> None:
        """Save a person; what has not gone out is replaced."""
        self.count += 1
        call = save(self.people[person], name=f"v{self.count}")
        saves = [known for known in self.calls.values() if known.is_save and known.person == person]
        older = sorted((known for known in saves if known.state == QUEUED), key=lambda known: known.pk)
        order = older[0].order if older else call.pk
        for known in older:
            known.state, known.replaced_by = DISMISSED, call.pk
        self.calls[call.pk] = Known(call.pk, person, is_save=True, order=order)

    @rule(person=st.integers(0, 1))
    def create_ticket(self, person: int) -> None:
        """Ask for a ticket."""
        call = ticket(self.people[person])
        self.calls[call.pk] = Known(call.pk, person, is_save=False, order=call.pk)

    @precondition(lambda self: self.calls)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        """Press Send again on any call."""
        known = self._any(data)
        is_allowed = known.state in (FAILED, UNCONFIRMED, DISMISSED) and not known.replaced_by
        if known.is_save and is_allowed:
            is_allowed = not any(
                other.pk > known.pk and (other.state != DISMISSED or other.attempts)
                for other in self.calls.values()
                if other.is_save and other.person == known.person
            )
        if self._pressed(call_send_again, known, is_allowed):
            known.state, known.deaths, known.by_word = QUEUED, 0, False
            known.sent_again += 1

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), it_went_through=st.booleans())
    def settle(self, data: st.DataObject, it_went_through: bool) -> None:
        """Press It went through or Dismiss on any call."""
        known = self._any(data)
        if it_went_through:
            if self._pressed(call_went_through, known, known.state in (FAILED, UNCONFIRMED)):
                known.state, known.by_word = DONE, True
        elif self._pressed(call_dismiss, known, known.state in (FAILED, UNCONFIRMED, QUEUED)):
            known.state = DISMISSED

    def _any(self, data: st.DataObject) -> Known:
        """Draw a call: mostly one that waits for a person."""
        waiting = [pk for pk, known in self.calls.items() if known.state in (FAILED, UNCONFIRMED, DISMISSED)]
        is_likely = bool(waiting) and data.draw(st.integers(0, 3)) > 0
        return self.calls[data.draw(st.sampled_from(sorted(waiting if is_likely else self.calls)))]

    def _pressed(self, press: Any, known: Known, is_allowed: bool) -> bool:
        try:
            press(call=Call.objects.get(pk=known.pk), by=self.agent)
        except Refused:
            assert not is_allowed
            return False
        assert is_allowed
        return True

    # --- workers ----------------------------------------------------------------------------------

    @rule(has_effect=st.booleans())
    def claim(self, has_effect: bool) -> None:
        """A worker takes the next call and is slow; the remote carried it out, or never will."""
        self._claim(has_effect)

    @rule(has_effect=st.booleans(), is_answered=st.booleans(), data=st.data())
    def send(self, has_effect: bool, is_answered: bool, data: st.DataObject) -> None:
        """A worker takes the next call and at once hears what came of it."""
        taken = self._claim(has_effect)
        if taken is not None and has_effect and is_answered:
            self._answer(taken)
        elif taken is not None:
            self._error(taken, data)

    def _claim(self, has_effect: bool) -> Attempt | None:
        Call.objects.filter(state=QUEUED).update(next_attempt_at=timezone.now())
        Gate.objects.update(paused_until=None)
        call = claim_next()
        expected = self._next()
        assert (call.pk if call else None) == (expected.pk if expected else None)
        if call is None or expected is None:
            return None
        expected.state, expected.attempts = SENDING, expected.attempts + 1
        taken = Attempt(call, expected.attempts, has_effect)
        self.attempts.append(taken)
        if has_effect:
            expected.effects += 1
            if expected.is_save:
                self.applied.setdefault(expected.person, []).append(expected.pk)
        return taken

    def _next(self) -> Known | None:
        """Return the call that has to go out next: the first of those that are first in their lane."""
        heads = []
        for person in range(2):
            lane = [known for known in self.calls.values() if known.person == person]
            if any(known.state == SENDING for known in lane):
                continue
            waiting = [known for known in lane if known.state == QUEUED]
            if waiting:
                heads.append(min(waiting, key=lambda known: (known.order, known.pk)))
        return min(heads, key=lambda known: known.pk) if heads else None

    @precondition(lambda self: any(not each.is_over and each.has_effect for each in self.attempts))
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        """The answer of an attempt that had its effect arrives, on time or after its worker was given up."""
        self._answer(self._taken(data, with_effect=True))

    def _answer(self, taken: Attempt) -> None:
        taken.is_over = True
        known = self.calls[taken.held.pk]
        operation = find_operation(taken.held.operation)
        assert operation is not None
        data_of = {"id": f"r{known.pk}", **(taken.held.payload if known.is_save else {})}
        answer = Answer(200, data_of, CaseInsensitiveDict(), 0.01, "")
        settle_answer(taken.held, operation, answer, Request("x", "PUT", "/x"))
        if known.attempts == taken.number and known.state in (SENDING, UNCONFIRMED, QUEUED):
            known.state = DONE

    @precondition(lambda self: any(not each.is_over for each in self.attempts))
    @rule(data=st.data())
    def error(self, data: st.DataObject) -> None:
        """An attempt ends in an error that fits what happened at the remote."""
        self._error(self._taken(data), data)

    def _error(self, taken: Attempt, data: st.DataObject) -> None:
        taken.is_over = True
        known = self.calls[taken.held.pk]
        error = data.draw(st.sampled_from(ANY_EFFECT if taken.has_effect else NO_EFFECT + ANY_EFFECT))
        operation = find_operation(taken.held.operation)
        assert operation is not None
        settle_error(taken.held, operation, error, Request("x", "PUT", "/x"))
        if known.attempts == taken.number and known.state == SENDING:
            known.state = _after(error, known)

    def _taken(self, data: st.DataObject, *, with_effect: bool = False) -> Attempt:
        running = [each for each in self.attempts if not each.is_over and (each.has_effect or not with_effect)]
        return data.draw(st.sampled_from(running))

    @precondition(lambda self: any(known.state == SENDING for known in self.calls.values()))
    @rule(data=st.data())
    def die_and_recover(self, data: st.DataObject) -> None:
        """The lease of an attempt runs out, and another worker notices."""
        known = self.calls[
            data.draw(st.sampled_from(sorted(pk for pk, known in self.calls.items() if known.state == SENDING)))
        ]
        Call.objects.filter(pk=known.pk).update(
            worker="elsewhere:1:1", leased_until=timezone.now() - timedelta(seconds=1)
        )
        assert recover_dead() == 1
        known.deaths += 1
        known.state = QUEUED if known.is_save and known.deaths < 3 else UNCONFIRMED

    # --- what always holds --------------------------------------------------------------------------

    @invariant()
    def the_model_is_right(self) -> None:
        """States, attempts and replacements are as the model says."""
        rows = Call.objects.filter(pk__in=list(self.calls)).values_list("pk", "state", "attempts", "replaced_by")
        for pk, state, attempts, replaced_by in rows:
            known = self.calls[pk]
            assert (state, attempts, replaced_by) == (known.state, known.attempts, known.replaced_by), known

    @invariant()
    def no_older_save_after_a_newer_one(self) -> None:
        """The remote sees the saves of a person in the order in which they were asked for."""
        for pks in self.applied.values():
            assert pks == sorted(pks)

    @invariant()
    def nothing_happens_twice_unasked(self) -> None:
        """A ticket is made once, and once more at most for each time that a person pressed Send again."""
        for known in self.calls.values():
            assert known.is_save or known.effects <= 1 + known.sent_again

    @invariant()
    def one_at_a_time(self) -> None:
        """One call of a lane is being sent."""
        lanes = list(Call.objects.filter(state=SENDING).values_list("lane", flat=True))
        assert len(lanes) == len(set(lanes))

    @invariant()
    def done_means_done(self) -> None:
        """What says Done is at the remote, or a person said so."""
        for known in self.calls.values():
            assert known.state != DONE or known.effects or known.by_word


def _after(error: errors.ApiError, known: Known) -> CallState:
    if isinstance(error, (errors.ValidationFailed, errors.NotFound)):
        return FAILED
    if isinstance(error, (errors.NotSent, errors.RateLimited)) or error.retry_after is not None:
        return QUEUED
    if not known.is_save:
        return UNCONFIRMED
    return FAILED if isinstance(error, errors.Redirected) else QUEUED
