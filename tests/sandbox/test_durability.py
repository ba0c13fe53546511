"""What was answered is there after `kill -9`, for both APIs; many clients at once lose nothing."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sandbox.gateway import Gateway
from tests.sandbox.process import ROOT, SandboxProcess
from tests.sandbox.receiver import Receiver, eventually
from tests.sandbox.remote import Remote

AT_ONCE = "--reply-delay=0"


def test_everything_survives_a_kill(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path, AT_ONCE) as process:
        with Remote(process.url) as remote:
            remote.save("ann", name="Ann")
            remote.call("PUT", remote.customer("ann", "add-tags"), {"tags": ["vip"]})
            values = [{"name": "Newsletter", "value": True}]
            remote.call("PUT", remote.customer("ann", "add-custom-fields"), {"custom_fields": values})
            field = remote.call("POST", "/custom-fields/{sub}/create-custom-field", {"name": "New", "type": "text"})
            ticket = remote.ticket("Help").json()["id"]
            remote.fault("error", "create-ticket", times=2)
            remote.control("/limit", per_minute=1000)
            gateway = Gateway(remote)
            human = gateway.human()
            chat = gateway.chat(human={"id": human}, chatToken="t", data={"a": 1}, lang="ja")
            gateway.send(chat, "agent")
            remote.control("/webhooks", repeat=1, reply_delay=[0, 0.1])
            remote.control(f"/channels/{gateway.id}", webhook_url=f"{process.url}/x", signature="HEX")
            remote.control("/webhooks", late=3600)
            remote.control(f"/channels/{gateway.id}/deliver", body="x", delay=3600)
            before = _all(remote, gateway, chat)
        process.kill()
        process.start()
        with Remote(process.url) as remote:
            gateway = Gateway(remote)
            assert _all(remote, gateway, chat) == before
            assert remote.tickets()[0]["id"] == ticket
            assert gateway.call("GET", f"/human/{human}").json()["name"] == "Ann Ünal"
            assert field.json() in remote.call("GET", "/custom-fields/{sub}/list-custom-fields").json()
            assert [remote.ticket().status_code for _ in range(3)] == [500, 500, 200]


def _all(remote: Remote, gateway: Gateway, chat: dict[str, Any]) -> dict[str, Any]:
    """Everything that the control API shows."""
    paths = (f"/channels/{gateway.id}", f"/chats/{chat['id']}", "/webhooks", "/chats", "/deliveries", "/faults")
    shown = {path: remote.get(path) for path in paths}
    return shown | {"person": remote.person(), "messages": gateway.messages(chat)}


def test_an_answer_that_was_due_is_given_after_a_kill(tmp_path: Path) -> None:
    with Receiver() as receiver, SandboxProcess(tmp_path, f"--webhook-base={receiver.url}") as process:
        with Remote(process.url) as remote:
            gateway = Gateway(remote)
            remote.control("/webhooks", reply_delay=1)
            chat = gateway.chat()
            gateway.send(chat, "hello")
            assert len(gateway.messages(chat)) == 1
        process.kill()
        assert receiver.messages == []
        process.start()
        (post,) = receiver.wait(1)
        assert post.texts[0].startswith("Hi Ann!")


def test_a_delivery_that_was_waiting_goes_out_after_a_kill(tmp_path: Path) -> None:
    with Receiver() as away:
        port = away.port
    with SandboxProcess(tmp_path, AT_ONCE, f"--webhook-base=http://127.0.0.1:{port}") as process:
        with Remote(process.url) as remote:
            gateway = Gateway(remote)
            chat = gateway.chat()
            for text in ("hello", "order", "bye"):
                gateway.send(chat, text)
        process.kill()
        with Receiver(port) as receiver:
            process.start()
            posts = receiver.wait(3)
        assert [post.texts[0][:3] for post in posts] == ["Hi ", "You", "You"]


def test_writing_while_it_is_killed_again_and_again(tmp_path: Path) -> None:
    """Every answer that a client got holds; none that it did not get is there twice."""
    tried: list[str] = []
    with SandboxProcess(tmp_path, AT_ONCE) as process:
        with Remote(process.url) as remote:
            chats = [Gateway(remote).chat() for _ in range(3)]
            remote.save("ann", name="Ann")
        over = threading.Event()

        with ThreadPoolExecutor(3) as pool:
            writers = [pool.submit(_write, process, chat, over, tried) for chat in chats]
            for _ in range(3):
                time.sleep(0.6)
                process.kill()
                process.start()
            over.set()
            answered = {text for writer in writers for text in writer.result()}
        with Remote(process.url) as remote:
            gateway = Gateway(remote)
            said = Counter(text for chat in chats for who, text in gateway.said(chat) if who == "human")
            tickets = Counter(ticket["subject"] for ticket in remote.tickets())
    assert len(answered) > 30
    for found in (said, tickets):
        assert set(found.values()) == {1}
        assert answered <= set(found) <= set(tried)
    for chat in chats:
        mine = [text for text in tried if text.startswith(chat["id"]) and text in said]
        assert [text for text in said if text.startswith(chat["id"])] == mine


def _write(process: SandboxProcess, chat: dict[str, Any], over: threading.Event, tried: list[str]) -> set[str]:
    """Write into a chat and make tickets until it is over; what was answered."""
    answered: set[str] = set()
    with Remote(process.url) as mine:
        gateway = Gateway(mine)
        while not over.is_set():
            text = f"{chat['id']} {len(tried)}"
            tried.append(text)
            try:
                assert gateway.send(chat, text).ok
                assert mine.ticket(text).ok
            except requests.RequestException:
                time.sleep(0.05)
            else:
                answered.add(text)
    return answered


def test_a_polite_end_is_quick_and_clean(tmp_path: Path) -> None:
    process = SandboxProcess(tmp_path, "--traffic=600", "--webhook-base=http://127.0.0.1:9")
    process.start()
    time.sleep(0.5)
    began = time.monotonic()
    assert process.stop() == 0
    assert time.monotonic() - began < 15


def test_two_cannot_share_a_directory_or_a_port(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path / "a") as process:
        for options, word in (
            (["--port", "0", "--state-dir", str(tmp_path / "a")], "another sandbox is using"),
            (["--port", str(process.port), "--state-dir", str(tmp_path / "b")], "cannot listen"),
            (["--port", "0", "--state-dir", str(tmp_path / "c"), "--webhook-base", "product"], "--webhook-base"),
            (["--port", "0", "--state-dir", str(tmp_path / "c"), "--traffic", "-1"], "--traffic"),
        ):
            command = [sys.executable, "-m", "protoadmin.sandbox", *options]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
            assert done.returncode == 1
            assert word in done.stdout


def test_it_forgets_only_when_told(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path) as process:
        with Remote(process.url) as remote:
            chat = Gateway(remote).chat()
        process.kill()
        process.start("--fresh")
        with Remote(process.url) as remote:
            assert Gateway(remote).chats(chatId=chat["id"]) == []


# --- many at once


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Do the same from many threads at the same moment."""
    gate = threading.Barrier(count)

    def one(number: int) -> Any:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_many_write_at_once_and_nothing_is_lost(remote: Remote) -> None:
    chats = [Gateway(remote).chat() for _ in range(3)]

    def write(number: int) -> None:
        with Remote(remote.url) as mine:
            gateway = Gateway(mine)
            for count in range(15):
                assert gateway.send(chats[number % 3], f"{number} {count}").ok

    together(9, write)
    gateway = Gateway(remote)
    for i, chat in enumerate(chats):
        said = gateway.said(chat)
        texts = [text for who, text in said if who == "human"]
        assert sorted(texts) == sorted(f"{n} {count}" for n in (i, i + 3, i + 6) for count in range(15))
        for n in (i, i + 3, i + 6):
            assert [text for text in texts if text.startswith(f"{n} ")] == [f"{n} {count}" for count in range(15)]
        assert len(said) == 2 * len(texts)


def test_many_upserts_of_one_person_make_one(remote: Remote) -> None:
    def save(number: int) -> str:
        with Remote(remote.url) as mine:
            return str(mine.save("ann", name=f"Ann {number}").json()["id"])

    ids = together(12, save)
    assert len(set(ids)) == 1
    assert remote.person()["name"] in {f"Ann {number}" for number in range(12)}
    found = remote.get("/people", teamspace=remote.teamspace["name"], q="Ann ")["people"]
    assert [person["provided_unique_id"] for person in found if person["provided_unique_id"] == "ann"] == ["ann"]


def test_many_tickets_fields_and_humans_at_once(remote: Remote) -> None:
    remote.save("ann", name="Ann")

    def make(number: int) -> tuple[str, int, str]:
        with Remote(remote.url) as mine:
            ticket = mine.ticket(f"ticket {number}").json()["id"]
            field = mine.call("POST", "/custom-fields/{sub}/create-custom-field", {"name": "Same", "type": "text"})
            return ticket, field.status_code, Gateway(mine).human()

    made = together(10, make)
    assert len({ticket for ticket, _, _ in made}) == len(remote.tickets()) == 10
    assert sorted(status for _, status, _ in made) == [200] + [409] * 9
    assert len({human for _, _, human in made}) == 10


def test_the_journal_numbers_every_request_once(remote: Remote) -> None:
    start = remote.get("/requests", limit=1)["last"]

    def ask(number: int) -> None:
        with Remote(remote.url) as mine:
            for _ in range(10):
                Gateway(mine).chats(chatId=f"chat-{number}")

    together(8, ask)
    entries = remote.get("/requests", after=start)["requests"]
    assert [entry["n"] for entry in entries] == list(range(start + 1, start + 81))
    assert Counter(entry["query"] for entry in entries) == {f"chatId=chat-{n}": 10 for n in range(8)}
    assert "sandbox-demo-token" not in str(entries)


@pytest.mark.parametrize("lanes", [1, 6])
def test_answers_to_many_chats_come_in_each_chats_order(gateway: Gateway, receiver: Receiver, lanes: int) -> None:
    receiver.slow = 0.01
    chats = [gateway.chat() for _ in range(lanes)]
    for n in range(12):
        for chat in chats:
            gateway.remote.control(f"/chats/{chat['id']}/say", text=f"{n}")
    receiver.wait(12 * lanes)
    for chat in chats:
        mine = [post for post in receiver.messages if post.json["events"][0]["chat"]["id"] == chat["id"]]
        assert [post.texts for post in mine] == [[f"{n}"] for n in range(12)]
    eventually(lambda: gateway.remote.get("/webhooks")["deliveries"] == {"done": 12 * lanes})
