#!/bin/sh
# What the CGI gateway starts for each request: variables are in the environment, the body is standard input, the answer standard output.
exec "$CGI_PYTHON" -m servers.cgi_app
