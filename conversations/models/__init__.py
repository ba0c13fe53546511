"""Conversations that Proto knows: tickets, and chats with their messages."""

from conversations.models.chats import EXPORT_CHATS, AuthorType, Chat, Message, Origin
from conversations.models.figures import AnswerTally, ChatFigures, ChatQuarter, Counting, Tally
from conversations.models.follow_ups import ASSIGN_FOLLOW_UP, FollowUp
from conversations.models.reading import ReadMark, SavedView
from conversations.models.tickets import Ticket
from conversations.models.visitors import VisitorConversation, VisitorTerm

__all__ = [
    "ASSIGN_FOLLOW_UP",
    "EXPORT_CHATS",
    "AnswerTally",
    "AuthorType",
    "Chat",
    "ChatFigures",
    "ChatQuarter",
    "Counting",
    "FollowUp",
    "Message",
    "Origin",
    "ReadMark",
    "SavedView",
    "Tally",
    "Ticket",
    "VisitorConversation",
    "VisitorTerm",
]
