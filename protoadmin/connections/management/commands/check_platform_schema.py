"""Say where our requests and the platform's published OpenAPI document differ, before the staff finds out."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from protoadmin.clients.errors import ApiError, InvalidBaseUrl
from protoadmin.clients.schema import Difference, compare, find_document
from protoadmin.connections.models import Teamspace

WORDS = {"breaks": "Breaks", "differs": "May fail", "note": "Note"}


class Command(BaseCommand):
    """Reads `openapi.json` below each base URL, without a token, and sends nothing else."""

    help = (
        "Compares our requests with the OpenAPI document that the platform publishes beside its documentation. "
        "Ends with 1 when a request would break or a document cannot be read, with 0 otherwise."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take other base URLs than those of the teamspaces."""
        parser.add_argument(
            "--base-url",
            action="append",
            dest="base_urls",
            metavar="URL",
            help="The address below which openapi.json lies; may be given several times. "
            "Without it: the base URL of each active teamspace.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Look at each base URL once."""
        base_urls = options["base_urls"] or _base_urls()
        if not base_urls:
            raise CommandError("There is no active teamspace. Add one, or give --base-url.")
        bad = [base_url for base_url in base_urls if not self._is_good(base_url)]
        if bad:
            raise CommandError(f"Not in order: {', '.join(bad)}")

    def _is_good(self, base_url: str) -> bool:
        self.stdout.write(f"{base_url}/openapi.json")
        try:
            found = compare(find_document(base_url), base_url=base_url)
        except InvalidBaseUrl as error:
            self.stdout.write(f"  Not read: {error}")
            return False
        except ApiError as error:
            self.stdout.write(f"  Not read: {error.explanation}")
            self.stdout.write("  If the document lies somewhere else, give the address above it with --base-url.")
            return False
        return self._report(found)

    def _report(self, found: list[Difference]) -> bool:
        for difference in found:
            self.stdout.write(f"  {WORDS[difference.severity]}: {difference.operation}: {difference.sentence}")
        breaking = sum(difference.severity == "breaks" for difference in found)
        if breaking:
            self.stdout.write(f"  {breaking} of these will make a request fail or do nothing.")
        elif found:
            self.stdout.write("  Every request fits what is published; the remarks above are worth knowing.")
        else:
            self.stdout.write("  Every request fits what is published.")
        return not breaking


def _base_urls() -> list[str]:
    """Return the base URLs of the active teamspaces, each once."""
    urls = Teamspace.objects.filter(is_active=True).order_by("name").values_list("base_url", flat=True)
    return list(dict.fromkeys(url.rstrip("/") for url in urls))
