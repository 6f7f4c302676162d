"""The ASGI app with plain functions as handlers: the views, the store and all else of wsgi_app, under Starlette's own seam.

What is not in this folder comes from wsgi_app, the same files, imported a second time under this package's name: their
relative imports find the seam here. So each handler is the same text as under Flask, and Starlette runs it in its thread pool.
"""

from pathlib import Path

import wsgi_app

__path__ = [*__path__, str(Path(wsgi_app.__file__).parent)]
