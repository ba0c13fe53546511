"""Do what a judged row says, through the services that every screen uses."""

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from customers.importing.columns import ID
from customers.importing.judging import Kind, Rules, Verdict, judge
from customers.linking.kinds import Keys, merged, person_keys
from customers.models import Customer
from customers.services import customer_add_tags, customer_change, customer_create, customer_push
from protoadmin.refusals import Refused
from protoadmin.runs.models import Run


def apply(verdict: Verdict, rules: Rules, run: Run, by: User) -> tuple[Verdict, int]:
    """Do one row; return what became of it and how many requests it made.

    A person whom somebody else made since the row was judged is judged again, and changed.
    """
    try:
        return _apply(verdict, rules, run, by)
    except IntegrityError:
        seen = {verdict.unique_id: verdict.record.line}
        return _apply(judge([verdict.record], rules, seen)[0], rules, run, by)


def _apply(verdict: Verdict, rules: Rules, run: Run, by: User) -> tuple[Verdict, int]:
    if verdict.kind in (Kind.REFUSED, Kind.UNCHANGED):
        return verdict, 0
    try:
        with transaction.atomic():
            return verdict, _ask(verdict, rules, run, by)
    except Refused as error:
        verdict.kind, verdict.reason = Kind.REFUSED, str(error)
        return verdict, 0


def _ask(verdict: Verdict, rules: Rules, run: Run, by: User) -> int:
    """Write what the row says and ask for its requests; return how many there are."""
    person = _changed(verdict, rules, by) if verdict.person else _made(verdict, rules, run, by)
    calls = [customer_push(customer=person, by=by, run=run)] if verdict.saves else []
    if verdict.tags:
        calls.append(customer_add_tags(customer=person, names=verdict.tags, create=rules.may_add_tags, by=by, run=run))
    return sum(call is not None for call in calls)


def _made(verdict: Verdict, rules: Rules, run: Run, by: User) -> Customer:
    values = {ID: verdict.unique_id, **verdict.values}
    return customer_create(teamspace=rules.teamspace, values=values, by=by, run=run, link=False)


def _changed(verdict: Verdict, rules: Rules, by: User) -> Customer:
    person = Customer.objects.defer("remote_data").filter(pk=verdict.person.pk if verdict.person else 0).first()
    if person is None:
        raise Refused("This person was removed meanwhile.")
    person.teamspace = rules.teamspace
    if verdict.values:
        customer_change(customer=person, values=verdict.values, by=by, link=False)
    return person


def keys_of(verdict: Verdict) -> Keys:
    """Return by which values other systems' records may be the row's person, before it and after."""
    before = verdict.person.details if verdict.person else {}
    after = {ID: verdict.unique_id, **before, **verdict.values}
    return merged(person_keys(before), person_keys(after))
