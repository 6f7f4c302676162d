"""A machine that tries to tell the two apps apart: the same request to both, good or bad, and the answers compared.

`requests` makes requests that know nothing of each other, from `values`, `bodies` and `credentials`; `stories` makes sequences.
`memory` fills in what a stack gave before. `pair` asks both stacks; `answers` and `database` of `tests/support` say what may
differ and look, with `counts`, at what the answers do not show. `run` goes on until the time is over, and makes what it finds
small; `kept` keeps it.
"""
