"""Mail addresses as they are compared with others."""


def normal_mail(text: str) -> str:
    """Return an address in lower case, without spaces around; "" for what is none."""
    found = text.strip().lower()[:254]
    return found if "@" in found else ""
