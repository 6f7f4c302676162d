"""The Flask app as a CGI program: all of it is imported and opened for one request (servers/cgi-bin/app.cgi)."""

from __future__ import annotations

import os
from wsgiref.handlers import CGIHandler

from servers.gateway import application

if __name__ == "__main__":
    # As servers hand it on, bytes spelled as latin-1; wsgiref leaves it as the system has it.
    os.environ["REQUEST_URI"] = os.environb[b"REQUEST_URI"].decode("latin-1")
    CGIHandler().run(application)
