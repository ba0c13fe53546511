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

# Waits until all is counted, then tells the sums that the reports are made of, twice: as the workers have counted
# them, and counted anew.
FIGURES = """
import json, time
from conversations.figures.reading import to_count
from conversations.figures.rebuilding import rebuild
from conversations.models import AnswerTally, ChatQuarter, Tally
def sums():
    end = time.monotonic() + 150
    while to_count().exists() and time.monotonic() < end:
        time.sleep(0.2)
    found = {}
    for model in (AnswerTally, ChatQuarter, Tally):
        fields = [field.name for field in model._meta.fields if field.name != "id"]
        # The chat's own row of figures is another one when it is counted anew.
        names = [f"{name}__chat" if name == "figures" else name for name in fields]
        found[model.__name__] = sorted(map(list, model.objects.values_list(*names)))
    return found
counted = sums()
list(rebuild())
print(json.dumps([counted, sums()]))
"""


def check_figures(counted: dict[str, Any], anew: dict[str, Any]) -> None:
    """Hold the sums that workers counted while they were killed against those counted anew."""
    assert anew["Tally"]
    assert counted == anew


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
