"""What the reports count: one row a chat, what was said in it by quarter of an hour, and the sums of all chats.

A quarter is a number: how many quarters of an hour since 1970 began, in UTC. From quarters every reader's days can be
cut, and every time zone of today is a whole number of them away from UTC.
"""

from django.db import models

from conversations.models.chats import Chat

# Stand for every channel, and for every language, in the sums.
EVERY_CHANNEL, EVERY_LANGUAGE = 0, "*"


class Width(models.IntegerChoices):
    """How many quarters a sum covers; EVER says which channels and languages there are at all."""

    EVER = 0
    QUARTER = 1
    DAY = 96


class ChatFigures(models.Model):
    """The figures of one chat, as its messages tell them; they outlive the chat until the sums are rid of it.

    `answer_ms` and `agent_ms` are the milliseconds from the customer's first message to the first answer, and to an
    agent's; `answer_step` and `agent_step` their places in the histogram. The last columns are where adding up goes on.
    """

    chat = models.OneToOneField(Chat, null=True, on_delete=models.SET_NULL, related_name="figures")
    teamspace_pk = models.BigIntegerField()
    channel_pk = models.BigIntegerField()
    lang = models.CharField(max_length=20, blank=True, default="")

    started_at = models.DateTimeField()
    last_at = models.DateTimeField()
    handed_over_at = models.DateTimeField(null=True)
    answer_ms = models.BigIntegerField(null=True)
    agent_ms = models.BigIntegerField(null=True)
    answer_step = models.SmallIntegerField(null=True)
    agent_step = models.SmallIntegerField(null=True)
    ended = models.BooleanField(default=False)
    bot_alone = models.BooleanField(default=False)
    human = models.PositiveIntegerField(default=0)
    bot = models.PositiveIntegerField(default=0)
    agent = models.PositiveIntegerField(default=0)
    other = models.PositiveIntegerField(default=0)

    asked_at = models.DateTimeField(null=True)
    is_asked_timed = models.BooleanField(default=False)
    is_answered = models.BooleanField(default=False)
    is_agent_answered = models.BooleanField(default=False)
    last_sequence = models.BigIntegerField(default=-1)
    last_message_pk = models.BigIntegerField(default=0)
    # When it will have been silent for so long that it counts as ended.
    ends_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=["teamspace_pk", "started_at", "chat"], name="figures_by_start"),
            models.Index(
                fields=["teamspace_pk", "handed_over_at", "chat"],
                name="figures_by_hand_over",
                condition=models.Q(handed_over_at__isnull=False),
            ),
            models.Index(fields=["ends_at"], name="figures_to_end", condition=models.Q(ends_at__isnull=False)),
        )

    def __str__(self) -> str:
        return f"figures of {self.chat}"


class ChatQuarter(models.Model):
    """How much each side said in one chat in one quarter of an hour."""

    figures = models.ForeignKey(ChatFigures, on_delete=models.CASCADE, related_name="quarters")
    teamspace_pk = models.BigIntegerField()
    start = models.IntegerField()
    human = models.IntegerField(default=0)
    bot = models.IntegerField(default=0)
    agent = models.IntegerField(default=0)
    other = models.IntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["figures", "start"], name="quarter_of_chat"),)
        indexes = (models.Index(fields=["teamspace_pk", "start", "figures"], name="quarter_of_teamspace"),)

    def __str__(self) -> str:
        return f"quarter {self.start} of {self.figures}"


class Tally(models.Model):
    """The sum of all chats of a teamspace in one quarter or one UTC day; of one channel, language, or every one."""

    width = models.SmallIntegerField(choices=Width)
    teamspace_pk = models.BigIntegerField()
    channel_pk = models.BigIntegerField()
    lang = models.CharField(max_length=20)
    start = models.IntegerField()
    started = models.IntegerField(default=0)
    ended = models.IntegerField(default=0)
    bot_alone = models.IntegerField(default=0)
    handed_over = models.IntegerField(default=0)
    answered = models.IntegerField(default=0)
    agent_answered = models.IntegerField(default=0)
    human = models.IntegerField(default=0)
    bot = models.IntegerField(default=0)
    agent = models.IntegerField(default=0)
    other = models.IntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["width", "teamspace_pk", "channel_pk", "lang", "start"], name="tally_of_quarter"
            ),
        )

    def __str__(self) -> str:
        return f"tally {self.start}/{self.width}"


class AnswerTally(models.Model):
    """How many chats that started on one UTC day were answered in a time of this step (conversations/figures/steps)."""

    teamspace_pk = models.BigIntegerField()
    channel_pk = models.BigIntegerField()
    lang = models.CharField(max_length=20)
    start = models.IntegerField()
    by_agent = models.BooleanField()
    step = models.SmallIntegerField()
    chats = models.IntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["teamspace_pk", "channel_pk", "lang", "start", "by_agent", "step"], name="answers_of_day"
            ),
        )

    def __str__(self) -> str:
        return f"answers of day {self.start}, step {self.step}"


class Counting(models.Model):
    """The one row that says which worker counts, and when everything was counted last."""

    holder = models.CharField(max_length=200, blank=True, default="", help_text="host:pid:start of the worker.")
    leased_until = models.DateTimeField(null=True, blank=True)
    even_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"the counting, held by {self.holder or 'nobody'}"
