"""Who lives in the house of the inbox's browser tests, what they say, and how a test finds it on the page."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.desk import Desk
from tests.browser.house import PASSWORD

INBOX = "/admin/conversations/chat/"
TALKS = {
    "Jane Doe": ["bot: Hello Jane, how can I help?", "human: I can't see my deposit"],
    "مريم العتيبي": ["human: لم يصلني الطلب حتى الآن", "bot: غادر طلبك مستودعنا أمس"],
    "佐藤 花子": ["human: 注文した商品がまだ届きません。", "human: " + "あ" * 300],
    "สมชาย ใจดี": ["human: ฉันยังไม่ได้รับรหัสยืนยันเลยค่ะ รอมาตั้งแต่เช้าแล้ว", "bot: https://example.com/" + "x" * 200],
}
MOVE_IN = f"""
import datetime
from django.contrib.auth.models import Group
from django.utils import timezone
from conversations.models import Chat, Message
from customers.models import Human
home = Teamspace.objects.create(name="Home", subcompany_id="home", takeover_secret="s")
channel = Channel.objects.create(name="Website", channel_id="web", teamspace=home, access_token="t", secret="s")
for name, role in {{"sam": "Support", "mia": "Manager"}}.items():
    user = User.objects.create_user(name, password={PASSWORD!r}, is_staff=True)
    User.objects.filter(pk=user.pk).update(date_joined=timezone.now() - datetime.timedelta(days=9))
    user.groups.add(Group.objects.get(name=role))
    home.members.add(user)
def say(chat, line, **values):
    author, _, text = line.partition(": ")
    values = {{"type": "text", "data": {{"text": text}}, **values}}
    return Message.objects.create(chat=chat, author_type=author, text=text, **values)
for name, lines in {TALKS!r}.items():
    human = Human.objects.create(channel=channel, human_id="h-" + name, name=name)
    chat = Chat.objects.create(channel=channel, chat_id="c-" + name, human=human)
    for line in lines:
        say(chat, line)
say(chat, "bot: ", type="image", data={{"url": "https://pictures.example/cat.png"}})
human = Human.objects.create(channel=channel, human_id="l", name="Long Talk")
long = Chat.objects.create(channel=channel, chat_id="c-Long Talk", human=human)
for number in range(130):
    say(long, f"{{'bot' if number % 2 else 'human'}}: line {{number:03}}")
"""
SPEAKER = """
import time
from conversations.models import Chat, Message
from customers.models import Human
name, author, text = {said!r}
human, _ = Human.objects.get_or_create(channel_id=1, human_id="h-" + name, defaults={{"name": name}})
chat, _ = Chat.objects.get_or_create(channel_id=1, chat_id="c-" + name, defaults={{"human": human}})
Message.objects.create(chat=chat, author_type=author, text=text, data={{"text": text}})
print(time.time())
"""


def rows(page: Page) -> Locator:
    return page.locator("a.ib-row")


def lines(page: Page) -> Locator:
    return page.locator(".ib-lines .ib-bubble")


def open_chat(desk: Desk, name: str, **query: str) -> Page:
    desk.page.goto(INBOX)
    rows(desk.page).filter(has_text=name).click()
    expect(desk.page.locator(".ib-chat-title")).to_contain_text(name)
    return desk.page


def say(desk: Desk, name: str, author: str, text: str) -> float:
    """Let somebody say something; return when it was committed."""
    return float(desk.house.product.python(SPEAKER.format(said=(name, author, text))).splitlines()[-1])
