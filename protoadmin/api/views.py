"""`/api/v1/`: companies, contacts and conversations in the helpdesk's shape (seed 003), for who has a key."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from ninja import NinjaAPI, Query, Schema, Swagger
from ninja.errors import AuthenticationError, ValidationError
from ninja.security import HttpBearer

from protoadmin.api import shapes
from protoadmin.api.answers import array
from protoadmin.api.asked import company_asked, moment_since, place_after
from protoadmin.api.chat_rows import Chats
from protoadmin.api.helpdesk_rows import Companies, Contacts, VisitorConversations
from protoadmin.api.limits import seconds_to_wait
from protoadmin.api.models import ApiKey
from protoadmin.api.problems import Problem, answer, unauthorized
from protoadmin.api.services import key_of, teamspace_ids_of
from protoadmin.api.sight import narrowed_to, sight_of
from protoadmin.api.sources import Listing, Source

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

SOURCES: dict[str, tuple[Source, ...]] = {
    "companies": (Companies(),),
    "contacts": (Contacts(),),
    "conversations": (Chats(), VisitorConversations()),
}


class ApiKeyBearer(HttpBearer):
    """`Authorization: Bearer <key>`."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        """Return the key that this is, and count the request; raises Problem."""
        key = key_of(token.strip())
        if key is None:
            raise unauthorized("This API key is not known.")
        if key.revoked_at is not None:
            raise unauthorized("This API key has been revoked.")
        if key.expires_at is not None and key.expires_at <= timezone.now():
            raise unauthorized("This API key has expired.")
        if not key.owner.is_active:
            raise unauthorized("The owner of this API key is not active any more.")
        if seconds := seconds_to_wait(key):
            words = f"More than {key.requests_per_minute} requests in a minute. Come back in {seconds} seconds."
            raise Problem(429, words, {"Retry-After": str(seconds)})
        return key


api = NinjaAPI(
    title="Proto Admin read API",
    version="1",
    description="Companies, contacts and conversations of the teamspaces that an API key opens, as JSON arrays. "
    "Without `limit` the whole array is streamed; with it, the `Link` header leads to the next page.",
    urls_namespace="api-v1",
    auth=ApiKeyBearer(),
    # No validator: the page asks nobody but this server.
    docs=Swagger(settings={"validatorUrl": None, "defaultModelsExpandDepth": 0}),
)

CompanyId = Annotated[
    str | None, Query(description="Only those of this company: an id as `/companies` gives it out.", max_length=1000)
]
Limit = Annotated[
    int | None, Query(ge=1, le=1000, description="At most so many rows; the `Link` header leads to the next page.")
]
After = Annotated[str | None, Query(description="Where a page begins, as the `Link` header of the page before has it.")]
Since = Annotated[
    shapes.Moment | None,
    Query(description="Only rows whose `updatedAt` is not before this time.", examples=["2024-01-15T10:30:00Z"]),
]


def _get(path: str, row: type[Schema]) -> Callable[[View], View]:
    """Answer GET with an array of such rows, and HEAD, which the document need not repeat."""
    says: dict[Any, Any] = {200: list[row], 304: None, **dict.fromkeys((400, 401, 429), shapes.Error)}  # type: ignore[valid-type]
    name = path.strip("/")
    get = api.get(path, response=says, tags=[name.capitalize()], summary=f"Returns all {name}")
    head = api.api_operation(["HEAD"], path, include_in_schema=False)

    def decorate(view: View) -> View:
        get(view)
        head(view)
        return view

    return decorate


@_get("/companies", shapes.Company)
def companies(
    request: HttpRequest, limit: Limit = None, after: After = None, updatedSince: Since = None
) -> HttpResponseBase:
    """List the companies that are not gone."""
    return _list(request, "companies", None, limit, after, updatedSince)


@_get("/contacts", shapes.Contact)
def contacts(
    request: HttpRequest,
    companyId: CompanyId = None,
    limit: Limit = None,
    after: After = None,
    updatedSince: Since = None,
) -> HttpResponseBase:
    """List the contacts that are not gone, of all companies or of one."""
    return _list(request, "contacts", companyId, limit, after, updatedSince)


@_get("/conversations", shapes.Conversation)
def conversations(
    request: HttpRequest,
    companyId: CompanyId = None,
    limit: Limit = None,
    after: After = None,
    updatedSince: Since = None,
) -> HttpResponseBase:
    """List the chats of the messaging channels and the helpdesk's conversations, of all companies or of one."""
    return _list(request, "conversations", companyId, limit, after, updatedSince)


def _list(
    request: HttpRequest, resource: str, company: str | None, limit: int | None, after: str | None, since: str | None
) -> HttpResponseBase:
    key: ApiKey = request.auth  # type: ignore[attr-defined]  # django-ninja puts there what the bearer returned
    place, changed, company_id = place_after(after, resource), moment_since(since), company_asked(company)
    sight = sight_of(teamspace_ids_of(key))
    narrowed = narrowed_to(company_id, sight) if company_id else None
    return array(request, Listing(resource, SOURCES[resource], sight, narrowed, changed), limit=limit, after=place)


@api.exception_handler(Problem)
def _say_no(request: HttpRequest, problem: Any) -> HttpResponseBase:
    return answer(problem.status, str(problem), problem.headers)


@api.exception_handler(AuthenticationError)
def _no_key(request: HttpRequest, error: Any) -> HttpResponseBase:
    return _say_no(request, unauthorized("Give an API key: Authorization: Bearer YOUR_API_KEY."))


@api.exception_handler(ValidationError)
def _bad_parameter(request: HttpRequest, error: Any) -> HttpResponseBase:
    words = [f"{each['loc'][-1]}: {each['msg']}" for each in error.errors]
    return answer(400, ". ".join(words)[:1000])
