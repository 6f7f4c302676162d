"""The bare WSGI callable as a CGI program: one process for one request, started by a gateway (servers/cgi-bin/bare.cgi)."""

from __future__ import annotations

import os
from wsgiref.handlers import CGIHandler

from servers.bare_wsgi import application

if __name__ == "__main__":
    os.environ["PATH_INFO"] = os.environ["REQUEST_URI"].partition("?")[0]
    CGIHandler().run(application)
