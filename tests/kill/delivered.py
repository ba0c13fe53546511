"""What became of deliveries, held against what was answered."""

from collections import Counter, defaultdict
from typing import Any

from tests.kill.posters import texts_of

# Waits until nothing is left to do, then tells everything.
TELL = """
import json, time
from webhooks.models import Delivery
from webhooks.services import deliveries_replay
def wait():
    end = time.monotonic() + 150
    while Delivery.objects.filter(state="received").exists() and time.monotonic() < end:
        time.sleep(0.2)
wait()
unlucky = list(Delivery.objects.filter(state="failed").values_list("pk", "error", "attempts"))
deliveries_replay(ids=[pk for pk, *_ in unlucky])
wait()
deliveries = [
    [each.pk, each.state, each.attempts, json.loads(bytes(each.body))["serial"]] for each in Delivery.objects.all()
]
messages = list(Message.objects.exclude(delivery=None).order_by("chat", "sequence", "pk").values_list(
    "chat__chat_id", "text", "delivery", "event_index", "position", "repeat_of"))
counts = dict(Chat.objects.values_list("chat_id", "message_count"))
print(json.dumps({"deliveries": deliveries, "messages": messages, "counts": counts, "unlucky": unlucky}))
"""


def check(told: dict[str, Any], answered: set[int]) -> Counter[int]:
    """Hold what is stored against what was answered; return the deliveries' attempts."""
    stored = {serial: pk for pk, _, _, serial in told["deliveries"]}
    assert len(stored) == len(told["deliveries"]), "a delivery is stored twice"
    assert answered <= set(stored), f"answered 200 and lost: {sorted(answered - set(stored))[:20]}"
    assert {state for _, state, _, _ in told["deliveries"]} == {"processed"}
    said: dict[int, list[tuple[str, str]]] = defaultdict(list)
    places: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    serials = {pk: serial for serial, pk in stored.items()}
    for chat, text, delivery, event, position, repeat in told["messages"]:
        assert repeat is None
        said[serials[delivery]].append((chat, text))
        places[chat].append((delivery, event, position))
    for serial in stored:
        assert sorted(said[serial]) == sorted(texts_of(serial)), f"delivery {serial}: {said[serial]}"
    for chat, order in places.items():
        assert order == sorted(order), f"{chat} is out of order"
        assert told["counts"][chat] == len(order)
    return Counter(attempts for _, _, attempts, _ in told["deliveries"])
