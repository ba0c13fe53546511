"""Wake a worker: after commit, and never at the price of the page that asks for it.

The rows are the record of what has to be done; a wake-up only makes it happen at once. When none arrives
(the broker is down, a worker dies with it), the sweepers find the rows within seconds.
"""

import logging
from functools import partial

from django.db import transaction
from django_q.tasks import async_task

logger = logging.getLogger(__name__)


def wake(task: str) -> None:
    """Queue the task with this dotted name when the present transaction is committed; once, however often asked."""
    if not any(_wakes(hook, task) for _, hook, _ in transaction.get_connection().run_on_commit):
        transaction.on_commit(partial(_enqueue, task))


def _wakes(hook: object, task: str) -> bool:
    # One that was asked for in a savepoint that was rolled back is no longer among the hooks.
    return isinstance(hook, partial) and hook.func is _enqueue and hook.args == (task,)


def _enqueue(task: str) -> None:
    try:
        async_task(task)
    except Exception:
        # Any broker error: the row is safe, a sweeper comes for it. Saying so in the log is all that is left to do.
        logger.exception("could not queue %s; a sweeper will do its work", task)
