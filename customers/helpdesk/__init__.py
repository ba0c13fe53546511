"""Companies and contacts of a helpdesk account, mirrored: how they are pulled, and their pages."""
