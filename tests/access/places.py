"""Every address of the admin, found in the resolver: whatever is registered is walked."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver, reverse

# The ends of the names of a model's own addresses. Buttons and panels are one address with a name in it.
ROW_KINDS = ("history", "delete", "change")
LIST_KINDS = ("changelist", "add", "states")


@dataclass(frozen=True)
class Place:
    """One address: of a model (its kind, and for buttons and panels which), or of the admin itself."""

    kind: str
    model: str = ""
    name: str = ""
    url_name: str = ""
    on_row: bool = False

    def __str__(self) -> str:
        return " ".join(part for part in (self.model or "admin", self.kind, self.name) if part)

    def url(self, pk: Any = None, **arguments: Any) -> str:
        """Return the address, for a row when it is about one."""
        if self.on_row:
            arguments["object_id"] = pk
        if self.kind in {"button", "list_button", "panel"}:
            arguments["name"] = self.name
        if self.kind == "redirect":
            return reverse(f"admin:{self.url_name}", args=[pk]).removesuffix("change/")
        return reverse(f"admin:{self.url_name}", kwargs=arguments)


def every_place() -> list[Place]:
    """Return every address of the admin."""
    return sorted({place for pattern in _admin_patterns() for place in _places_of(pattern)}, key=str)


def _admin_patterns() -> Iterator[URLPattern]:
    for entry in get_resolver().url_patterns:
        if isinstance(entry, URLResolver) and entry.namespace == "admin":
            yield from _patterns(entry)


def _patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry)
        else:
            yield entry


def _places_of(pattern: URLPattern) -> Iterator[Place]:
    name, model_admin = pattern.name or "", _admin_of(pattern)
    if model_admin is None:
        # Django's last pattern has no name: whatever else is asked for below /admin/.
        yield Place(kind=name or "catch_all", url_name=name)
        return
    model, info = model_admin.opts.label_lower, f"{model_admin.opts.app_label}_{model_admin.opts.model_name}"
    on_row = "object_id" in pattern.pattern.converters
    if not name:
        yield Place("redirect", model, url_name=f"{info}_change", on_row=True)
        return
    kind = name.removeprefix(f"{info}_")
    names = {
        "button": [button.name for button in getattr(model_admin, "all_buttons", list)()] + ["no-such-button"],
        "list_button": [button.name for button in getattr(model_admin, "list_buttons", ())] + ["no-such-button"],
        "panel": [*getattr(model_admin, "all_panels", dict)(), "no-such-panel"],
    }.get(kind, [""])
    for each in names:
        yield Place(kind, model, each, name, on_row)


def _admin_of(pattern: URLPattern) -> Any:
    """Return the ModelAdmin whose address this is, by the name or by the view that it leads to."""
    view: Any = pattern.callback
    if model_admin := getattr(view, "model_admin", None):
        return model_admin
    owners = {f"{a.opts.app_label}_{a.opts.model_name}_": a for a in admin.site._registry.values()}
    found = [owners[prefix] for prefix in owners if (pattern.name or "").startswith(prefix)]
    return found[0] if found else None


def autocompletes() -> list[tuple[str, str, str]]:
    """Return (app, model, field) of every relation that the autocomplete address could be asked about."""
    return sorted(
        (model._meta.app_label, model._meta.model_name or "", field.name)
        for model in admin.site._registry
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and getattr(field, "related_model", None)
    )
