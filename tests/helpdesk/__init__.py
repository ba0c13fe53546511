"""The helpdesk's companies, contacts and conversations: pulled over real HTTP, mirrored, shown."""
