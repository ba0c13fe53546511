"""A helpdesk that only sends prepared lists, in a process of its own: `python -m tests.bench.helpdesk_remote`.

`/<number>/api/v1/contacts` has so many contacts; of companies and conversations there is one for ten of them.
Prints its port, and serves until its input ends.
"""

import json
import sys
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

PER_COMPANY = 10
Item = dict[str, object]


def company(number: int) -> Item:
    """Return a company with the fields of the document."""
    return {
        "id": f"company-{number:08}",
        "name": f"Company {number} of Springfield",
        "website": f"https://company{number}.example",
        "industry": ("Technology", "Retail", "Health", "Travel")[number % 4],
        "dealValue": number * 100 + 0.5,
        "stageId": f"stage-{number % 6}",
        "position": number % 50,
        "logoUrl": f"https://company{number}.example/logo.png",
        "notes": "Important client. " * 8,
        "lastContact": _time(number),
        "isCustomer": number % 3 == 0,
        "createdBy": f"user-{number % 20}",
        "createdAt": _time(number),
        "updatedAt": _time(number + 1),
    }


def contact(number: int) -> Item:
    """Return a contact."""
    return {
        "id": f"contact-{number:08}",
        "companyId": f"company-{number // PER_COMPANY:08}",
        "name": f"Ann {number} Whitfield",
        "email": f"Ann{number}@company{number // PER_COMPANY}.example",
        "phone": f"+49 30 {23_000_000 + number}",
        "title": "CTO",
        "role": "Decision Maker",
        "notes": "Rings in the morning. " * 8,
        "isPrimary": number % PER_COMPANY == 0,
        "userId": None,
        "createdAt": _time(number),
        "updatedAt": _time(number + 1),
    }


def conversation(number: int) -> Item:
    """Return a conversation."""
    return {
        "id": f"conversation-{number:08}",
        "companyId": f"company-{number:08}",
        "visitorName": f"Visitor {number}",
        "visitorEmail": f"visitor{number}@example.com",
        "visitorIp": "192.168.1.1",
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120 Safari/537.36",
        "referrerUrl": "https://google.com",
        "pageUrl": f"https://company{number}.example/pricing",
        "status": "open",
        "assignedToUserId": "user-456",
        "isRead": number % 2 == 0,
        "trustUploads": False,
        "tags": ["support", "urgent"],
        "lastMessageAt": _time(number),
        "createdAt": _time(number),
        "updatedAt": _time(number + 1),
    }


def _time(number: int) -> str:
    return f"2024-01-{number % 28 + 1:02}T{number % 24:02}:{number % 60:02}:00Z"


@cache
def body(path: str) -> bytes:
    """Return the list at a path."""
    count, *_, resource = path.strip("/").split("/")
    make = {"companies": company, "contacts": contact, "conversations": conversation}[resource]
    number = int(count) // (1 if resource == "contacts" else PER_COMPANY)
    return json.dumps([make(each) for each in range(number)]).encode()


class Handler(BaseHTTPRequestHandler):
    """Sends what is prepared."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Send a list."""
        content = body(urlsplit(self.path).path)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
