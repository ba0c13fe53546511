"""A Protocol that only sends prepared pages, in a process of its own: `python -m tests.bench.protocol_remote NUMBER`.

Prints its port, and serves until its input ends.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PER_PAGE = 100


def customer(number: int) -> dict[str, object]:
    """Return a customer of about 700 bytes, with the fields of the document's table and of its examples."""
    return {
        "id": f"cus{number:013}",
        "project_id": "xgQQXg3hrtjh7AvZ",
        "username": f"Customer{number}",
        "phone_number": f"+49 30 {23_000_000 + number}",
        "avatar_url": f"https://assets.protocol.chat/avatars/{number}.jpg",
        "display_name": f"Uncle {number}" if number % 3 else None,
        "conversation_id": f"con{number:013}",
        "external_id": f"cust-{number}",
        "status": "active" if number % 11 else "inactive",
        "is_flagged": number % 50 == 0,
        "meta": {"source": "app", "note": "x" * 180},
        "last_active_at": 1_705_103_200 + number,
        "last_transaction_at": 1_705_003_200 + number if number % 2 else None,
        "terminated_at": None,
        "created_at": 1_692_233_200 + number,
        "updated_at": 1_705_103_200 + number,
    }


def pages(number: int) -> dict[str, bytes]:
    """Return every page by the `starting_after` that asks for it."""
    found, after = {}, ""
    for start in range(0, number, PER_PAGE):
        data = [customer(n) for n in range(start, min(start + PER_PAGE, number))]
        found[after] = json.dumps({"has_more": start + PER_PAGE < number, "data": data}).encode()
        after = str(data[-1]["id"])
    return found


def main(number: int) -> None:
    """Serve."""
    prepared = pages(number)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            body = prepared[query.get("starting_after", [""])[0]]
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]))
