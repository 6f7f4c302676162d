"""A locustfile that holds Locust back: loaded after loadtest/, it waits for a line on standard input before Locust goes on.

So that Locust's imports, most of a second of CPU time, are done while the stack starts and never while something is
measured. It has a folder of its own because Locust puts the folder of each locustfile on `sys.path`, where tandem's
modules would hide the standard library's.
"""

import sys
import time

print("Locust is loaded and waits", flush=True)
if not sys.stdin.readline():
    sys.exit("the harness has gone")
# Under Locust this sleep is gevent's: it has the event loop look at the clock again. Without it the loop still believes in
# the time before the wait, and every timer that starts now, that of the run's end too, would fire early by that much.
time.sleep(0.001)
