"""Which records of the other systems are one person: linked by ids, suggested by mail and phone, decided by people."""
