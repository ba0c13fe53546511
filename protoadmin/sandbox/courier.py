"""What the sandbox does by itself: answers of bot and agents, deliveries to the product, simulated customers.

One task of the server's loop. Everything that it does is in the state before and after, so a killed sandbox goes on
where it was; a delivery that was sent and not noted goes out again.
"""

import asyncio
import contextlib
import sqlite3
import sys
import traceback
from time import time

from protoadmin.sandbox.backend import Backend
from protoadmin.sandbox.http_post import Posted, post
from protoadmin.sandbox.outbound import signed

MOST_AT_ONCE = 16
LONGEST_NAP = 1.0


class Courier:
    """Runs until it is cancelled."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.busy: dict[int, asyncio.Task[None]] = {}
        self._awake = asyncio.Event()
        backend.talk.wake = self._awake.set

    async def run(self) -> None:
        """Do what is due, sleep until the next thing is."""
        try:
            while True:
                self._awake.clear()
                try:
                    nap = self._round()
                except Exception:  # noqa: BLE001 - one bad row must not silence the sandbox
                    traceback.print_exc(file=sys.stderr)
                    nap = LONGEST_NAP
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), nap)
        finally:
            tasks = list(self.busy.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _round(self) -> float:
        backend, now = self.backend, time()
        with backend.state.transaction():
            times = [backend.traffic.tick(now), backend.talk.take_turns(now)]
            backend.outbound.release(now)
            ready, next_due = backend.outbound.due(now, self.busy)
        for delivery in ready[: MOST_AT_ONCE - len(self.busy)]:
            task = asyncio.create_task(self._deliver(delivery))
            self.busy[delivery["n"]] = task
        known = [moment for moment in (*times, next_due) if moment is not None]
        return min(max(min(known, default=now + LONGEST_NAP) - time(), 0.01), LONGEST_NAP)

    async def _deliver(self, delivery: sqlite3.Row) -> None:
        try:
            await self._attempt(delivery)
        except Exception:  # noqa: BLE001 - tried again after a restart
            traceback.print_exc(file=sys.stderr)
            await asyncio.sleep(LONGEST_NAP)
        finally:
            self.busy.pop(delivery["n"], None)
            self._awake.set()

    async def _attempt(self, delivery: sqlite3.Row) -> None:
        backend, at, body = self.backend, time(), bytes(delivery["body"])
        hook = backend.outbound.hook(delivery["channel_id"])
        channel = backend.records.channels.get(delivery["channel_id"])
        url = hook["profile_url" if delivery["kind"] == "profile" else "webhook_url"]
        if not url or channel is None or not backend.outbound.may_call(url):
            url, posted = "", Posted(error="there is no URL to deliver to")
        else:
            headers = {"Content-Type": "application/json", "User-Agent": "Proto-Sandbox"}
            signature = signed(delivery["signature"] or hook["signature"], channel["secret"], body)
            if signature is not None:
                headers["X-PROTO-SIGNATURE"] = signature
            posted = await post(url, body, headers)
        answer = posted.body.decode("utf-8", "replace")
        with backend.state.transaction():
            taken = backend.outbound.settle(
                delivery, url=url, at=at, status=posted.status, error=posted.error, answer=answer
            )
            if delivery["kind"] == "profile" and (taken or posted.status in (400, 401, 404)):
                backend.talk.take_profile(delivery["channel_id"], delivery["about"], posted.status, answer)
