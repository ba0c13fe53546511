"""The inbox: the list of chats, one chat's transcript, its person, and the page that keeps all three up to date."""
