"""Files kept in the database, where every machine finds them."""
