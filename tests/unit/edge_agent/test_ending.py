"""What is begun is brought to its end, however often the hub is told to stop."""

import asyncio

import pytest

from edge_agent.radio.ending import to_the_end


async def test_a_cancellation_is_obeyed_after_the_call() -> None:
    done, go_on = asyncio.Event(), asyncio.Event()

    async def call() -> None:
        await go_on.wait()
        done.set()

    waiting = asyncio.create_task(to_the_end(call(), 10.0))
    for _ in range(3):
        await asyncio.sleep(0)
        waiting.cancel()
    assert not waiting.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert done.is_set()


async def test_a_call_without_an_end_is_given_up() -> None:
    call = asyncio.Event().wait

    async def never() -> None:
        await call()

    with pytest.raises(TimeoutError):
        await to_the_end(never(), 0.01)


async def test_what_the_call_raises_is_raised() -> None:
    async def fails() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        await to_the_end(fails(), 1.0)
