"""What each figure means, in one sentence that the pages show and the tests hold."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One figure: its words, its definition, and the name by which the inbox lists the chats that it counts."""

    name: str
    label: str
    meaning: str
    chats: str = ""


_FROM = "Of the chats that began in the span: the time from the customer's first message"
_UNTIMED = "Chats in which one of the two was pulled are left out, since Proto's list tells no times."
_COUNTED = "Probable repeats and dismissed messages are not counted."

FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        Figure(
            "started",
            "Chats started",
            "Chats that began in the span: when the chat was made, or its first message said if that was earlier.",
            "started",
        ),
        Figure(
            "human",
            "Messages by customers",
            f"What customers said in the span. {_COUNTED} The list has every chat with such a message.",
            "human",
        ),
        Figure(
            "bot",
            "Messages by the bot",
            f"What the bot said in the span. {_COUNTED} The list has every chat with such a message.",
            "bot",
        ),
        Figure(
            "agent",
            "Messages by agents",
            f"What agents said in the span. {_COUNTED} The list has every chat with such a message.",
            "agent",
        ),
        Figure(
            "other",
            "Messages by others",
            f"What was said in the span by an author of a kind that is not known here. {_COUNTED}",
            "other",
        ),
        Figure(
            "ended",
            "Chats ended",
            "Of the chats that began in the span, those that have ended: Proto says so, or nothing was said for 24 "
            "hours.",
            "ended",
        ),
        Figure(
            "bot_alone",
            "Ended by the bot alone",
            "Of the chats that began in the span and have ended (Proto says so, or nothing was said for 24 hours), "
            "those in which the bot spoke, no agent did, and nobody took over.",
            "bot_alone",
        ),
        Figure(
            "handed_over",
            "Hand-overs",
            "Chats that went from the bot to an agent in the span for the first time: an agent spoke after the bot "
            "had, or Proto noted that somebody took over.",
            "handed_over",
        ),
        Figure(
            "answer",
            "First answer",
            f"{_FROM} to the first one of the bot or an agent after it. {_UNTIMED}",
            "answered",
        ),
        Figure(
            "agent_answer",
            "First agent answer",
            f"{_FROM} to the first one of an agent after it. {_UNTIMED}",
            "agent_answered",
        ),
        Figure(
            "waiting",
            "Waiting now",
            "Active chats in which the customer spoke last, at this moment, whatever the span.",
        ),
        Figure(
            "tickets",
            "Tickets created",
            "Tickets that were made here in the span. Tickets belong to a teamspace, not to a channel or a language.",
        ),
        Figure(
            "tags",
            "Top tags",
            "Of the chats that began in the span: how many are with a person who has the tag today.",
            "started",
        ),
        Figure(
            "hours",
            "Busiest hours",
            "What customers said in the span, by weekday and hour in your time zone. The list of an hour has every "
            "chat with such a message.",
            "human",
        ),
    )
}
PERCENTILES = (
    "Half of the chats were answered within the median, nine in ten within the 90th percentile: the time of the chat "
    "at that place when all are put in order."
)
