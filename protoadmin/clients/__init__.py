"""One module per remote API, over `transport`. Plain Python and `requests`: no Django is imported here."""
