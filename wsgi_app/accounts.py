"""Who is asking: logging in and out, the account behind a token or a cookie, and forms that came from a page of ours."""

from __future__ import annotations

from collections.abc import Collection

from userdb import attempts, errors, forms, metrics, sessions, statuses, urls
from userdb.forms import LoginForm, Preconditions, UserChange, UserForm
from userdb.models import Account
from userdb.sessions import Session
from userdb.viewer import Viewer, check_csrf, is_foreign, of_session, with_session

from .http import Request, body, header, query, services


def log_in(request: Request, form: LoginForm) -> Account:
    """The account with this name and password. Raises Unauthorized, TooManyAttempts, and Busy where too many wait."""
    try:
        account = services(request).store.find_account(form.username)
        device = services(request).devices.known(header(request, "Cookie"), account)
        counters = attempts.counters(services(request).settings, form.username, _address(request), device, account)
        services(request).store.check_pauses(counters)
        with services(request).passwords.queue.login(form.username, is_known=device is not None):
            services(request).store.count_attempt(counters)
            # Hashed also where there is no such user, so that the time it takes does not tell.
            password_hash = None if account is None else account.password_hash
            is_right = services(request).passwords.matches(password_hash, form.password)
            if account is None or not is_right:
                raise errors.Unauthorized("The username or the password is wrong.")
            services(request).store.clear_attempts(counters)
    except errors.Problem as problem:
        metrics.login(statuses.TITLES[problem.status])
        raise
    metrics.login("accepted")
    return account


def device_cookie(request: Request, account: Account, path: str = "/login") -> tuple[str, str]:
    """The header that makes this a known device of an account, where `path` logs in."""
    device = services(request).devices.known(header(request, "Cookie"), account)
    return services(request).devices.cookie(device, account, path, is_secure(request))


def require_account(request: Request) -> tuple[Session, Account]:
    """The session and the account of the token that came with a request. Raises Unauthorized."""
    session = services(request).sessions.of_bearer(header(request, "Authorization"))
    account = _account(request, session)
    if session is None or account is None:
        raise errors.Unauthorized()
    return session, account


def end(request: Request, session: Session | None) -> None:
    """Make a session of no more use; one of nobody is of none already."""
    if session is not None and session.user_id != sessions.NOBODY:
        services(request).store.end_session(session)


def hash_of_new(request: Request, author: Account | None, form: UserForm) -> str | None:
    """The hash of the password of a new user, None where there is none; whatever speaks against the user comes first.

    Raises Taken, and Busy where too many wait.
    """
    password = forms.new_password(form)
    if password is None:
        return None
    services(request).store.check_new(form)
    return _hashed(request, author, password)


def hash_of_changed(
    request: Request, author: Account, user_id: int, form: UserForm | UserChange, preconditions: Preconditions
) -> str | None:
    """The same of a user that is changed. Raises NotFound, PreconditionFailed, Taken, Busy."""
    password = forms.new_password(form)
    if password is None:
        return None
    services(request).store.check_change(user_id, form, preconditions)
    return _hashed(request, author, password)


def viewer(request: Request) -> Viewer:
    """The viewer of a page, by the cookie."""
    session = services(request).sessions.of_cookie(header(request, "Cookie"))
    account = _account(request, session)
    if session is not None and session.user_id != sessions.NOBODY and account is None:
        session = None  # it was ended, or the password has changed since
    return of_session(services(request).sessions, session, account, is_secure(request))


def form_viewer(request: Request) -> Viewer:
    """The viewer of a page with a form, which needs a session for its CSRF token."""
    return with_session(services(request).sessions, viewer(request), is_secure(request))


def read_form(request: Request, known: Collection[str]) -> tuple[Viewer, dict[str, str]]:
    """The viewer who sent a form, and its fields. Raises Forbidden if the CSRF check fails."""
    urls.no_parameters(query(request))
    fields = forms.fields(header(request, "Content-Type"), body(request), {*known, "csrf"})
    found = form_viewer(request)
    check_csrf(
        services(request).sessions,
        found,
        fields.get("csrf", ""),
        header(request, "Sec-Fetch-Site"),
        header(request, "Origin"),
        _origin(request),
    )
    return found, fields


def refuse_strangers(request: Request) -> None:
    """Raise Forbidden where a page of another site opens a WebSocket with the session of whoever looks at it: the browser sends
    cookies with that, and lets the page read what comes.
    """
    session = services(request).sessions.of_cookie(header(request, "Cookie"))
    where = header(request, "Sec-Fetch-Site"), header(request, "Origin"), _origin(request)
    if session is not None and is_foreign(*where):
        raise errors.Forbidden("A page of another site opens this with your session.")


def is_secure(request: Request) -> bool:
    """Whether the request came over TLS, as nginx says; what a client says of it does not get here."""
    return header(request, "X-Forwarded-Proto") == "https"


def _address(request: Request) -> str:
    """Where the request comes from, as nginx says; what a client says of it does not get here."""
    return header(request, "X-Forwarded-For") or ""


def _hashed(request: Request, author: Account | None, password: str) -> str:
    owner = f"user {author.user.id}" if author else f"address {attempts.network(_address(request))}"
    with services(request).passwords.queue.new_password(owner):
        return services(request).passwords.hashed(password)


def _origin(request: Request) -> str:
    """Scheme, host and port of this site, as the browser names them."""
    return f"{'https' if is_secure(request) else 'http'}://{header(request, 'X-Forwarded-Host')}"


def _account(request: Request, session: Session | None) -> Account | None:
    """The account of a session, None where nobody is logged in with it any more."""
    if session is None or session.user_id == sessions.NOBODY:
        return None
    account = services(request).store.account(session)
    return account if sessions.belongs(session, account) else None
