"""Bodies of every kind for Hypothesis: shaped like deliveries, unlike them, and no JSON at all."""

import json
from typing import Any

from hypothesis import strategies as st

# What Python will not write, or not so, stands in the dumped text for these.
RAW = {
    "@huge@": "9" * 5000,
    "@big@": "1" + "0" * 4200,
    "@infinite@": "-1e999",
    "@tiny@": "1e-400",
    "@deep@": "[" * 40 + "]" * 40,
    "@deeper@": '{"a":' * 70 + "1" + "}" * 70,
    "@deepest@": "[" * 5000,
    "@zero@": "-0.0",
}
TEXTS = (
    st.text(max_size=12)
    | st.text(st.characters(categories=["Cs", "Cc", "Lo", "So", "Mn"]), max_size=8)
    | st.sampled_from(
        ["\x00", "\ud800", "\udfff\ud800", "🙂", "مرحبا", "ไทย", "中文", "a" * 3000, "$proto", "text", *RAW]
    )
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=2**63, max_value=2**80)
    | st.floats(allow_nan=True, allow_infinity=True)
    | TEXTS
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS | st.just("$proto"), inner, max_size=4),
    max_leaves=10,
)


def _object(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return objects with some of these keys, each as it should be or as anything."""
    return st.fixed_dictionaries({}, optional={key: part | JSON for key, part in parts.items()})


IDS = st.sampled_from(["chat-1", "chat-2", "human_1", "é", "x" * 300]) | TEXTS
AUTHORS = _object(type=st.sampled_from(["bot", "agent", "human", "robot" * 8]), id=IDS, name=TEXTS)
DATA = _object(text=TEXTS, url=TEXTS, quickReplies=JSON, attachment=JSON, cards=JSON, title=TEXTS)
TYPES = st.sampled_from(["text", "media", "image", "carousel", "hyperlink", "thirdparty_agent_takeover", "new" * 50])
MESSAGES = _object(author=AUTHORS, type=TYPES, data=DATA)
CHATS = _object(id=IDS, human=_object(id=IDS, name=TEXTS))
EVENTS = _object(
    chat=CHATS,
    chatToken=TEXTS,
    replyToken=TEXTS,
    messages=st.lists(MESSAGES | JSON, max_size=4),
    type=st.sampled_from(["new_messages", "feedback"]),
    channel=_object(id=IDS),
)
DELIVERIES = _object(events=st.lists(EVENTS, max_size=4), human=IDS, chatToken=TEXTS)
VALUES = DELIVERIES | JSON


def written(value: Any, *, ascii_only: bool) -> bytes:
    """Return a value as JSON text, lone surrogates and all."""
    text = json.dumps(value, ensure_ascii=ascii_only)
    for mark, raw in RAW.items():
        text = text.replace(f'"{mark}": ', '"a mark": ').replace(f'"{mark}"', raw)
    return text.encode("utf-8", "surrogatepass")
