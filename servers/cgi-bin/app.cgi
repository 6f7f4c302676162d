#!/bin/sh
# What the CGI gateway starts for each request: variables are in the environment, the body is standard input, the answer standard output.
# In the background, as the gateway waits for the end of the answer and not for its child: so the kernel would add the CPU of that child
# to nobody's. What has lost its parent is waited for, and counted, by whoever stands above.
exec 3<&0
"$CGI_PYTHON" -m servers.cgi_app <&3 3<&- &
