"""What the benchmark of exports does inside a process with Django: the bare loop, the export, and its memory."""

import csv
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import connection

from conversations.exporting.services import chats_export
from conversations.inbox.filters import Filters
from protoadmin.runs.models import ACTIVE_STATES, Run
from protoadmin.runs.working import work_due

# What the export writes of a message, in its order, as one statement.
BARE = """
SELECT chat.id, chat.chat_id, channel.name, teamspace.name, human.name, '', human.human_id, message.id,
       message.received_at, message.author_type, message.author_name, message.author_id, message.type, message.text,
       message.origin, message.sync_state, message.repeat_of_id
FROM conversations_message message
JOIN conversations_chat chat ON chat.id = message.chat_id
JOIN connections_channel channel ON channel.id = chat.channel_id
JOIN connections_teamspace teamspace ON teamspace.id = chat.teamspace_id
LEFT JOIN customers_human human ON human.id = chat.human_id
ORDER BY message.chat_id, message.sequence, message.id
"""
BARE_TABLE = """
SELECT id, chat_id, received_at, author_type, author_name, author_id, type, text, origin, sync_state, repeat_of_id
FROM conversations_message
"""


def bare_csv(folder: str, joined: bool) -> tuple[float, int]:
    """Write the messages with nothing but a cursor and csv.writer; return the seconds and the rows."""
    start, count = time.perf_counter(), 0
    with connection.chunked_cursor() as cursor, (Path(folder) / "bare.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        cursor.execute(BARE if joined else BARE_TABLE)
        while rows := cursor.fetchmany(2000):
            writer.writerows(rows)
            count += len(rows)
    return time.perf_counter() - start, count


def whole_export(what: str, format: str) -> dict[str, Any]:
    """Make an export as a worker does; return its seconds, rows, size and how far the memory grew over the start."""
    boss = User.objects.get(username="boss")
    run = chats_export(what=what, format=format, by=boss, filters=Filters(), words=[])

    def work() -> None:
        while Run.objects.get(pk=run.pk).state in ACTIVE_STATES:
            work_due()

    before = _anonymous()
    start = time.perf_counter()
    peak = _peak_during(work)
    seconds = time.perf_counter() - start
    run.refresh_from_db()
    if run.state != "done":
        raise RuntimeError(f"the export ended as {run.state}: {run.error}")
    file = run.files.get(purpose="result")
    file.delete()
    return {"seconds": seconds, "rows": run.done, "size": file.size, "peak": peak, "before": before}


def _peak_during(work: Callable[[], None]) -> int:
    """Return the most memory that is this process's own while it works: files that SQLite maps are not."""
    ended, peak = threading.Event(), [0]

    def watch() -> None:
        while not ended.wait(0.02):
            peak[0] = max(peak[0], _anonymous())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        ended.set()
        watcher.join()
    return peak[0]


def _anonymous() -> int:
    found = re.search(r"RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found.group(1)) * 1024 if found else 0
