"""Who is asking: logging in and out, the account behind a token or a cookie, and forms that came from a page of ours."""

from __future__ import annotations

from collections.abc import Collection

from userdb import errors, forms, metrics, sessions, urls
from userdb.forms import LoginForm
from userdb.models import Account
from userdb.sessions import Session
from userdb.viewer import Viewer, check_csrf, of_session, with_session

from .http import Request, body, header, query, services


async def log_in(request: Request, form: LoginForm) -> Account:
    """The account with this name and password. Raises Unauthorized, TooManyAttempts, and Busy where too many wait."""
    try:
        with services(request).passwords.slot():
            await services(request).store.count_attempt(form.username)
            account = await services(request).store.find_account(form.username)
            # Hashed also where there is no such user, so that the time it takes does not tell.
            password_hash = None if account is None else account.password_hash
            is_right = await services(request).passwords.matches(password_hash, form.password)
            if account is None or not is_right:
                raise errors.Unauthorized("The username or the password is wrong.")
            await services(request).store.clear_attempts(form.username)
    except errors.Problem as problem:
        metrics.login(errors.TITLES[problem.status])
        raise
    metrics.login("accepted")
    return account


async def require_account(request: Request) -> Account:
    """The account of the token that came with a request. Raises Unauthorized."""
    account = await _account(request, services(request).sessions.of_bearer(header(request, "Authorization")))
    if account is None:
        raise errors.Unauthorized()
    return account


async def end(request: Request, session: Session | None) -> None:
    """Make a session of no more use; one of nobody is of none already."""
    if session is not None and session.user_id != sessions.NOBODY:
        await services(request).store.end_session(session)


async def hashed(request: Request, password: str | None) -> str | None:
    """The hash of a new password, None where there is none. Raises Busy where too many wait."""
    if password is None:
        return None
    with services(request).passwords.slot():
        return await services(request).passwords.hashed(password)


async def viewer(request: Request) -> Viewer:
    """The viewer of a page, by the cookie."""
    session = services(request).sessions.of_cookie(header(request, "Cookie"))
    account = await _account(request, session)
    if session is not None and session.user_id != sessions.NOBODY and account is None:
        session = None  # it was ended, or the password has changed since
    return of_session(services(request).sessions, session, account, is_secure(request))


async def form_viewer(request: Request) -> Viewer:
    """The viewer of a page with a form, which needs a session for its CSRF token."""
    return with_session(services(request).sessions, await viewer(request), is_secure(request))


async def read_form(request: Request, known: Collection[str]) -> tuple[Viewer, dict[str, str]]:
    """The viewer who sent a form, and its fields. Raises Forbidden if the CSRF check fails."""
    urls.no_parameters(query(request))
    fields = forms.fields(header(request, "Content-Type"), await body(request), {*known, "csrf"})
    found = await form_viewer(request)
    check_csrf(
        services(request).sessions,
        found,
        fields.get("csrf", ""),
        header(request, "Sec-Fetch-Site"),
        header(request, "Origin"),
        _origin(request),
    )
    return found, fields


def is_secure(request: Request) -> bool:
    """Whether the request came over TLS, as nginx says; what a client says of it does not get here."""
    return header(request, "X-Forwarded-Proto") == "https"


def _origin(request: Request) -> str:
    """Scheme, host and port of this site, as the browser names them."""
    return f"{'https' if is_secure(request) else 'http'}://{header(request, 'X-Forwarded-Host')}"


async def _account(request: Request, session: Session | None) -> Account | None:
    """The account of a session, None where nobody is logged in with it any more."""
    if session is None or session.user_id == sessions.NOBODY:
        return None
    account = await services(request).store.account(session)
    return account if sessions.belongs(session, account) else None
