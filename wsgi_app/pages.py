"""The HTML views: parse what came, await the store, render what goes."""

from __future__ import annotations

from userdb import errors, forms, html, permissions, urls
from userdb.forms import Preconditions
from userdb.models import Account
from userdb.sessions import Session
from userdb.wire import Answer

from . import accounts
from .http import Request, path_value, query, services

USER_FIELDS = ("username", "email", "age", "password")


def home(request: Request) -> Answer:
    """Where a person begins."""
    return html.home(accounts.viewer(request))


def list_users(request: Request) -> Answer:
    """A table of users, with search and the way to the next page."""
    page = urls.page_of_users(query(request), strict=False)
    viewer = accounts.viewer(request)
    users = services(request).store.page_of_users(page)
    return html.users(viewer, users, page)


def read_user(request: Request) -> Answer:
    """All there is to see of one user."""
    user_id = urls.user_id(path_value(request, "user_id"))
    viewer = accounts.viewer(request)
    user = services(request).store.read_user(user_id)
    return html.user(viewer, user)


def read_docs(request: Request) -> Answer:
    """The API, to read and to try."""
    return html.docs(accounts.viewer(request))


def ask_for_new_user(request: Request) -> Answer:
    """An empty form, for an administrator."""
    viewer = accounts.form_viewer(request)
    permissions.to_create(viewer.require_account("/users/new"))
    return html.new_user(viewer, {})


def create_user(request: Request) -> Answer:
    """The user that an administrator described."""
    viewer, fields = accounts.read_form(request, USER_FIELDS)
    session, account = viewer.require_login("/users/new")
    permissions.to_create(account)
    try:
        form = forms.filled_in_user(fields)
        password_hash = accounts.hash_of_new(request, account, form)
        user = services(request).store.create_user(session, form, password_hash)
    except (errors.Invalid, errors.Taken) as problem:
        return html.new_user(viewer, fields, problem)
    except errors.Unauthorized:  # logged out meanwhile, or removed
        raise errors.LoginRequired("/users/new") from None
    return _on_to(request, f"/users/{user.id}", viewer.session, "created")


def ask_for_changes(request: Request) -> Answer:
    """The form with a user as he is now."""
    user_id = urls.user_id(path_value(request, "user_id"))
    viewer = accounts.form_viewer(request)
    permissions.to_change(viewer.require_account(f"/users/{user_id}/edit"), user_id)
    user = services(request).store.read_user(user_id)
    return html.edit_user(viewer, user_id, html.filled(user))


def change_user(request: Request) -> Answer:
    """The user as the form has him, unless he has changed since the form was opened."""
    user_id = urls.user_id(path_value(request, "user_id"))
    viewer, fields = accounts.read_form(request, (*USER_FIELDS, "version"))
    fields = {"version": "", **fields}
    session, account = viewer.require_login(f"/users/{user_id}/edit")
    permissions.to_change(account, user_id)
    try:
        form = forms.filled_in_user(fields)
        password_hash = accounts.hash_of_changed(request, account, user_id, form, _unchanged(fields))
        user = services(request).store.change_user(session, user_id, form, _unchanged(fields), password_hash)
    except (errors.Invalid, errors.Taken, errors.PreconditionFailed) as problem:
        return html.edit_user(viewer, user_id, fields, problem)
    except errors.Unauthorized:
        raise errors.LoginRequired(f"/users/{user_id}/edit") from None
    if password_hash is not None and user_id == account.user.id:
        # With the old password all sessions are over; this one goes on as a new one.
        return _on_to_as(request, f"/users/{user_id}", Account(user, password_hash, account.is_admin), "changed")
    return _on_to(request, f"/users/{user_id}", session, "changed")


def ask_to_remove(request: Request) -> Answer:
    """Whether the user shall really be removed."""
    user_id = urls.user_id(path_value(request, "user_id"))
    viewer = accounts.form_viewer(request)
    permissions.to_remove(viewer.require_account(f"/users/{user_id}/delete"), user_id)
    user = services(request).store.read_user(user_id)
    return html.delete_user(viewer, user)


def remove_user(request: Request) -> Answer:
    """The user is gone, unless he has changed since it was asked."""
    user_id = urls.user_id(path_value(request, "user_id"))
    viewer, fields = accounts.read_form(request, ("version",))
    session, account = viewer.require_login(f"/users/{user_id}/delete")
    permissions.to_remove(account, user_id)
    try:
        services(request).store.remove_user(session, user_id, _unchanged(fields))
    except errors.PreconditionFailed as problem:
        user = services(request).store.read_user(user_id)
        return html.delete_user(viewer, user, problem)
    except errors.Unauthorized:
        raise errors.LoginRequired(f"/users/{user_id}/delete") from None
    # With oneself goes the session: nobody would be told anything in it any more.
    return _on_to(request, "/users", None if user_id == account.user.id else session, "removed")


def ask_to_register(request: Request) -> Answer:
    """An empty form, for anybody."""
    return html.register(accounts.form_viewer(request), {})


def register(request: Request) -> Answer:
    """The user that a person wants to be, logged in at once."""
    viewer, fields = accounts.read_form(request, USER_FIELDS)
    try:
        form = forms.filled_in_user(fields, registers=True)
        password_hash = accounts.hash_of_new(request, None, form)
        user = services(request).store.create_user(None, form, password_hash)
    except (errors.Invalid, errors.Taken) as problem:
        return html.register(viewer, fields, problem)
    accounts.end(request, viewer.session)
    return _on_to_as(request, f"/users/{user.id}", Account(user, password_hash, is_admin=False), "registered")


def ask_to_log_in(request: Request) -> Answer:
    """The form, with the page that the person wanted to see."""
    viewer = accounts.form_viewer(request)
    return html.login(viewer, {"next": urls.next_page(query(request))})


def log_in(request: Request) -> Answer:
    """On to the page that the person wanted to see, with a session of a new name."""
    viewer, fields = accounts.read_form(request, ("username", "password", "next"))
    fields = {**fields, "next": urls.local(fields.get("next", ""))}
    try:
        account = accounts.log_in(request, forms.filled_in_login(fields))
    except (errors.Invalid, errors.Unauthorized, errors.TooManyAttempts) as problem:
        return html.login(viewer, fields, problem)
    accounts.end(request, viewer.session)  # of whoever was logged in before
    return _on_to_as(request, fields["next"], account, "logged-in")


def ask_to_log_out(request: Request) -> Answer:
    """Whether the person really wants to log out."""
    return html.logout(accounts.form_viewer(request))


def log_out(request: Request) -> Answer:
    """The session is of no more use, here or in the other app."""
    viewer, _ = accounts.read_form(request, ())
    accounts.end(request, viewer.session)
    return _on_to(request, "/", services(request).sessions.begin(), "logged-out")


def _unchanged(fields: dict[str, str]) -> Preconditions:
    """That the user still has the version that the form shows."""
    return Preconditions(f'"{fields.get("version", "")}"', None)


def _on_to(request: Request, path: str, session: Session | None, message: str) -> Answer:
    """Send the browser on to a page that says so."""
    found = services(request).sessions.flashed(session, message)
    return html.redirect(path, services(request).sessions, found, accounts.is_secure(request))


def _on_to_as(request: Request, path: str, account: Account, message: str) -> Answer:
    """The same in a new session, on a device that is known from now on: it was shown that the password is."""
    session = services(request).sessions.flashed(services(request).sessions.begin(account), message)
    cookie = accounts.device_cookie(request, account)
    return html.redirect(path, services(request).sessions, session, accounts.is_secure(request), cookie)
