"""Passwords: made, changed, never shown; and the log of who did what."""

from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from protoadmin.staff.roles import MANAGER, SUPPORT
from tests.access.people import client_of, new_person
from tests.staff.house import STRONG, House, assert_saved, change_url, fields_of

NEWER = "Kj4-wooden-ladder-moss"


def password_url(house: House) -> str:
    """Return the address at which the agent is given a new password."""
    return reverse("admin:auth_user_password_change", args=[house.agent.pk])


def test_an_administrator_gives_a_new_password_and_the_sessions_end(house: House) -> None:
    theirs = client_of(house.agent)
    assert theirs.get(reverse("admin:index")).status_code == 200
    response = house.client().post(password_url(house), {"password1": STRONG, "password2": STRONG})
    assert (response.status_code, response["Location"]) == (302, change_url(house.agent))
    assert theirs.get(reverse("admin:index")).status_code == 302
    assert Client().login(username="agnes", password=STRONG)


def test_a_weak_or_mistyped_password_changes_nothing(house: House) -> None:
    for first, second in (("12345678", "12345678"), (STRONG, NEWER), ("", "")):
        response = house.client().post(password_url(house), {"password1": first, "password2": second})
        assert response.status_code == 200
        assert response.context["form"].errors
    house.agent.refresh_from_db()
    assert house.agent.password == ""


def test_a_password_cannot_be_switched_off(house: House) -> None:
    fields = {"usable_password": "false", "unset-password": "1", "password1": "", "password2": ""}
    assert house.client().post(password_url(house), fields).status_code == 200
    house.agent.refresh_from_db()
    assert house.agent.password == ""


def test_one_s_own_password_is_changed_where_the_old_one_is_asked_for(house: House) -> None:
    own = reverse("admin:auth_user_password_change", args=[house.admin.pk])
    for response in (house.client().get(own), house.client().post(own, {"password1": STRONG, "password2": STRONG})):
        assert (response.status_code, response["Location"]) == (302, reverse("admin:password_change"))


def test_everybody_changes_their_own_password(house: House) -> None:
    person = new_person("paul", MANAGER, teamspaces=(house.a,))
    person.set_password(STRONG)
    person.save()
    client = client_of(person)
    url = reverse("admin:password_change")
    assert url in client.get(reverse("admin:index")).content.decode()
    wrong = client.post(url, {"old_password": "wrong", "new_password1": NEWER, "new_password2": NEWER})
    assert "old_password" in wrong.context["form"].errors
    right = client.post(url, {"old_password": STRONG, "new_password1": NEWER, "new_password2": NEWER})
    assert right["Location"] == reverse("admin:password_change_done")
    assert client.get(right["Location"]).status_code == 200
    assert Client().login(username="paul", password=NEWER)


def test_the_log_says_what_changed_and_never_the_password(house: House) -> None:
    client = house.client()
    fields = {"username": "zoe", "password1": STRONG, "password2": STRONG, "is_active": "on", "roles": [SUPPORT]}
    assert_saved(client.post(reverse("admin:auth_user_add"), fields))
    fields = fields_of(house.agent, roles=[MANAGER], email="a@example.com", teamspaces=[], is_active=None)
    assert_saved(client.post(change_url(house.agent), fields))
    assert_saved(client.post(change_url(house.agent), {**fields, "is_active": "on"}))
    client.post(password_url(house), {"password1": NEWER, "password2": NEWER})

    said = [entry.get_change_message() for entry in LogEntry.objects.order_by("id")]
    assert said[0] == "Added. Changed Username: nothing → zoe and Roles: nothing → Support."
    for words in ("Mail: nothing → a@example.com", "Active: Yes → No", "Roles: Support → Manager"):
        assert words in said[1]
    assert "Teamspaces: Alpha → nothing" in said[1]
    assert said[2] == "Changed Active: No → Yes."
    assert said[3] == "Changed Password: set anew."
    stored = "".join(LogEntry.objects.values_list("change_message", flat=True))
    assert STRONG not in stored
    assert NEWER not in stored
    assert set(LogEntry.objects.values_list("user", flat=True)) == {house.admin.pk}


def test_saving_nothing_says_nothing_changed(house: House) -> None:
    assert_saved(house.client().post(change_url(house.agent), fields_of(house.agent)))
    assert LogEntry.objects.get().get_change_message() == "No fields changed."


def test_the_history_names_no_teamspace_out_of_sight(house: House) -> None:
    root = client_of(house.root)
    assert_saved(root.post(change_url(house.both), fields_of(house.both, teamspaces=[house.b.pk], email="c@x.org")))
    assert_saved(root.post(change_url(house.both), fields_of(house.both, teamspaces=[house.a.pk], email="c@x.org")))
    url = reverse("admin:auth_user_history", args=[house.both.pk])
    seen = house.client().get(url).content.decode()
    assert "Mail: nothing" in seen
    assert "one of them is not yours to see" in seen
    assert "Beta" not in seen
    assert "Beta" in root.get(url).content.decode()


def test_a_failed_form_does_not_show_the_password_again(house: House) -> None:
    fields = {"username": "", "password1": STRONG, "password2": STRONG}
    page = house.client().post(reverse("admin:auth_user_add"), fields)
    assert page.status_code == 200
    assert STRONG not in page.content.decode()
