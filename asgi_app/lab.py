"""The views of the laboratory, which block on purpose: there only with LAB=1, and never where anybody is served."""

from __future__ import annotations

import time
from functools import partial
from urllib.request import ProxyHandler, build_opener

from userdb import errors, lab, urls, wire
from userdb.wire import Answer

from .http import Request, pause, query, run_in_own_thread, run_in_thread, services, while_listened
from .stores import waiting

LIMIT = 0.25
"""Seconds that one waits for the news service who knows that it may hang."""

_opener = build_opener(ProxyHandler({}))


async def sleep(request: Request) -> Answer:
    """The classic mistake: a blocking call in the handler itself."""
    seconds = urls.block_seconds(query(request))
    time.sleep(seconds)  # noqa: ASYNC251  # the mistake that is measured here
    return wire.blocked(seconds)


async def sleep_in_thread(request: Request) -> Answer:
    """The same call where it holds up no other request."""
    seconds = urls.block_seconds(query(request))
    await run_in_thread(time.sleep, seconds)
    return wire.blocked(seconds)


async def sleep_in_own_thread(request: Request) -> Answer:
    """The same where it does not hold up whoever needs a thread, either."""
    seconds = urls.block_seconds(query(request))
    await run_in_own_thread(time.sleep, seconds)
    return wire.blocked(seconds)


async def sleep_done_right(request: Request) -> Answer:
    """The same wait as each world has it."""
    seconds = urls.block_seconds(query(request))
    await pause(seconds)
    return wire.blocked(seconds)


async def health_in_thread(request: Request) -> Answer:
    """The app answers, and has a thread free."""
    urls.no_parameters(query(request))
    await run_in_thread(time.sleep, 0)
    return wire.healthy()


async def wait(request: Request) -> Answer:
    """A slow upstream call, done right."""
    seconds = urls.block_seconds(query(request))
    return await _news(request, seconds)


async def wait_while_listened(request: Request) -> Answer:
    """The same, for as long as there is somebody to answer."""
    seconds = urls.block_seconds(query(request))
    return await while_listened(request, _news(request, seconds))


async def sync_client(request: Request) -> Answer:
    """The same call by a client that waits for its socket."""
    seconds = urls.block_seconds(query(request))
    settings = services(request).settings
    try:
        _opener.open(f"{settings.news_url}?user=lab&delay={seconds:g}", timeout=seconds + settings.news_timeout).close()
    except OSError as error:
        raise errors.NewsFailed() from error
    return wire.blocked(seconds)


async def hang(request: Request) -> Answer:
    """A call to an upstream that never answers, given up after so long."""
    seconds = urls.block_seconds(query(request))
    await _give_up(request, seconds)
    return wire.blocked(seconds)


async def hang_with_limit(request: Request) -> Answer:
    """The same, given up at once."""
    seconds = urls.block_seconds(query(request))
    await _give_up(request, min(seconds, LIMIT))
    return wire.blocked(seconds)


async def sync_database(request: Request) -> Answer:
    """A slow query over a connection that waits for it, three calls down."""
    seconds = urls.block_seconds(query(request))
    waiting.query(services(request).settings, seconds)
    return wire.blocked(seconds)


async def database(request: Request) -> Answer:
    """The same query, done right."""
    seconds = urls.block_seconds(query(request))
    await services(request).store.wait(seconds)
    return wire.blocked(seconds)


async def pool_held(request: Request) -> Answer:
    """A connection of the pool, kept while a third party answers."""
    seconds = urls.block_seconds(query(request))
    await services(request).store.holding(partial(_news, request, seconds))
    return wire.blocked(seconds)


async def pool_released(request: Request) -> Answer:
    """The same, with the connection given back before."""
    seconds = urls.block_seconds(query(request))
    await services(request).store.ready()
    return await _news(request, seconds)


async def lock(request: Request) -> Answer:
    """A write transaction that is slow."""
    seconds = urls.block_seconds(query(request))
    await services(request).store.hold_lock(seconds)
    return wire.blocked(seconds)


async def lock_briefly(request: Request) -> Answer:
    """The same, with what is slow done before it begins."""
    seconds = urls.block_seconds(query(request))
    await services(request).store.wait(seconds)
    await services(request).store.hold_lock(0)
    return wire.blocked(seconds)


async def password(request: Request) -> Answer:
    """Passwords verified in the handler."""
    times = urls.amount(query(request), "times", lab.MOST_HASHES)
    lab.verify(times)
    return wire.done("times", times)


async def password_in_thread(request: Request) -> Answer:
    """The same in a thread, of which there are more than CPUs."""
    times = urls.amount(query(request), "times", lab.MOST_HASHES)
    await run_in_thread(lab.verify, times)
    return wire.done("times", times)


async def password_queued(request: Request) -> Answer:
    """The same as logins do it: behind the bounded queue."""
    times = urls.amount(query(request), "times", lab.MOST_HASHES)
    with services(request).passwords.queue.login("lab", is_known=False):
        for _ in range(times):
            await services(request).passwords.matches(None, "of nobody")
    return wire.done("times", times)


async def compute(request: Request) -> Answer:
    """Pure Python that computes, in the handler."""
    seconds = urls.block_seconds(query(request))
    lab.compute(seconds)
    return wire.blocked(seconds)


async def compute_in_thread(request: Request) -> Answer:
    """The same in a thread, which shares the GIL."""
    seconds = urls.block_seconds(query(request))
    await run_in_thread(lab.compute, seconds)
    return wire.blocked(seconds)


async def compute_in_process(request: Request) -> Answer:
    """The same in another process."""
    seconds = urls.block_seconds(query(request))
    await services(request).processes.run(lab.compute, seconds)
    return wire.blocked(seconds)


async def serialise(request: Request) -> Answer:
    """A very large answer, made in one call."""
    items = urls.amount(query(request), "items", lab.MOST_ITEMS)
    return wire.answer(200, wire.JSON, lab.serialised(items))


async def serialise_in_pieces(request: Request) -> Answer:
    """The same, made piece by piece, with others served between them."""
    items = urls.amount(query(request), "items", lab.MOST_ITEMS)
    body = bytearray()
    for piece in lab.pieces(items):
        body += piece
        await pause(0)
    return wire.answer(200, wire.JSON, bytes(body))


async def garbage(request: Request) -> Answer:
    """A full collection that looks at many objects."""
    objects = urls.amount(query(request), "objects", lab.MOST_OBJECTS)
    lab.collect(objects)
    return wire.done("objects", objects)


async def garbage_frozen(request: Request) -> Answer:
    """The same where it need not look at them."""
    objects = urls.amount(query(request), "objects", lab.MOST_OBJECTS)
    lab.collect_frozen(objects)
    return wire.done("objects", objects)


async def stay_open(request: Request) -> Answer:
    """An answer that stays open, with a byte now and then."""
    return wire.stays_open(urls.amount(query(request), "ms", urls.LONGEST_OPEN) / 1000)


async def _news(request: Request, seconds: float) -> Answer:
    """Wait for the news service, which takes so long."""
    await services(request).news.wait(seconds, seconds + services(request).settings.news_timeout)
    return wire.blocked(seconds)


async def _give_up(request: Request, seconds: float) -> None:
    """Wait so long for an answer that never comes."""
    try:
        await services(request).news.wait(lab.NEVER, seconds)
    except errors.NewsSlow:
        return
