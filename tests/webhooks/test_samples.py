"""The documented sample bodies, posted by curl and signed by openssl, become the chats and messages they tell of."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.product import Product
from tests.webhooks.posting import SECRET

SCRIPT = Path(__file__).parent / "post_samples.sh"
MISSING = [name for name in ("curl", "openssl") if shutil.which(name) is None]
CONNECT = f"""
from customers.models import Human
place = Teamspace.objects.create(name="Acme", subcompany_id="01ACME")
channel = Channel.objects.create(name="Web", channel_id="channel-1", teamspace=place, secret={SECRET!r})
Human.objects.create(channel=channel, human_id="anUniversallyUniqueUserId", name="John", email="john@example.com")
"""
LEFT = 'from webhooks.models import Delivery; print(Delivery.objects.filter(state="received").count())'
TELL = """
import json
from webhooks.models import Delivery
chats = {
    chat.chat_id: {
        "human": [chat.human.human_id, chat.human.name],
        "token": chat.chat_token,
        "count": chat.message_count,
        "messages": [
            [each.author_type, each.author_id, each.author_name, each.type, each.text, each.data, each.reply_token]
            for each in chat.messages.filter(repeat_of=None).order_by("sequence")
        ],
    }
    for chat in Chat.objects.all()
}
deliveries = list(Delivery.objects.order_by("pk").values_list("kind", "state"))
print(json.dumps({"chats": chats, "deliveries": deliveries}))
"""
BOT = ["bot", "bot_XXXXXXXXXXXXXX", "Bot #1"]
AGENT = ["agent", "user_XXXXXXXXXXX (user ID on Proto)", "Alex"]
CHAT_TOKEN = "Rb0PU9LqrGnTkWbO4X2Ry33oAQKWJFDnJTrSTA4rcyjfwQ6"
REPLY_TOKEN = "qsua3e6akM04D15cSyIv6gZ7PPXGV1y8"
FIRST = "Let me find an available agent for you."
IMAGE = "https://api.proto.cx/gateway/attachment/smily-face.png"
SECOND = "How may I help you?"
CHATS = {
    "e0fdaa11427340d08527ce0a39939b7d": {
        "human": ["human_4361a99d71fa3", "Customer's Name"],
        "token": CHAT_TOKEN,
        "count": 2,
        "messages": [
            [*BOT, "text", FIRST, {"text": FIRST}, REPLY_TOKEN],
            [*BOT, "image", IMAGE, {"url": IMAGE}, REPLY_TOKEN],
        ],
    },
    "b7e3c0366cea4970804a76f028fb36f8": {
        "human": ["human_0a129df726461823", "Customer2's Name"],
        "token": CHAT_TOKEN,
        "count": 1,
        "messages": [[*AGENT, "text", SECOND, {"text": SECOND}, REPLY_TOKEN]],
    },
}
PROFILE = {"result": {"name": "John", "email": "john@example.com", "tags": []}}


@pytest.mark.skipif(bool(MISSING), reason=f"{' and '.join(MISSING)} not installed")
def test_the_documented_samples(new_product: Callable[..., Product]) -> None:
    product = new_product(options=[])
    product.start()
    product.python(CONNECT)
    done = subprocess.run(
        ["sh", str(SCRIPT), product.url, "channel-1", SECRET], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    answers = [line.split(" ", 1) for line in done.stdout.splitlines()]
    parsed = {name: (json.loads(rest.rpartition(" ")[0]), rest.rpartition(" ")[2]) for name, rest in answers}
    stored = {"status": "stored"}
    assert parsed.pop("forged")[1] == "401"
    assert parsed == {
        "messages": (stored, "200"),
        "profile": (PROFILE, "200"),
        "profile-at-messages": (PROFILE, "200"),
        "repeat": (stored, "200"),
    }
    product.wait_for(lambda: product.python(LEFT) == "0", "the samples to be processed")
    told = json.loads(product.python(TELL))
    assert told["chats"] == CHATS
    assert sorted(map(tuple, told["deliveries"])) == [
        ("messages", "processed"),
        ("messages", "repeat"),
        ("profile", "processed"),
        ("profile", "processed"),
        ("unknown", "rejected"),
    ]
