"""Peer: python `websockets`, the same work as the floor.

    python websockets_server.py --port P --publish-port Q

The library answers only GET, so events are POSTed to a second port; each is one broadcast().
"""

import asyncio
import sys

from websockets.asyncio.server import broadcast, serve


def option(name):
    return int(sys.argv[sys.argv.index(name) + 1])


connections = set()


async def subscribe(connection):
    connections.add(connection)
    try:
        await connection.wait_closed()
    finally:
        connections.discard(connection)


async def publish(reader, writer):
    """Keep-alive HTTP: heads with Content-Length, answered with 204."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":", 1)[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            )
            body = await reader.readexactly(length)
            broadcast(connections, body.decode())
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main():
    sockets = serve(
        subscribe, "127.0.0.1", option("--port"), compression=None, ping_interval=None, backlog=4096
    )
    events = await asyncio.start_server(publish, "127.0.0.1", option("--publish-port"))
    async with sockets, events:
        print("ready", flush=True)
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
