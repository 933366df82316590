"""Peer: socketify (uWebSockets from Python), the same work as the floor.

    python socketify_server.py --port P

Subscribers join one topic and an event is one publish(): the library's own fan-out, which merges what is published within one
turn of its loop.
"""

import sys

from socketify import App, AppListenOptions, CompressOptions, OpCode

port = int(sys.argv[sys.argv.index("--port") + 1])
app = App()


def on_open(ws):
    ws.subscribe("fanout")


def publish(response, request):
    # Not get_data(): it answers a turn later, and a pipelined request that overtakes an answer closes the connection.
    body = bytearray()

    def on_data(response, chunk, is_last):
        body.extend(chunk)
        if is_last:
            app.publish("fanout", bytes(body), OpCode.TEXT)
            response.write_status("204 No Content").end_without_body()

    response.on_data(on_data)


app.ws(
    "/fanout",
    {
        "compression": CompressOptions.DISABLED,
        "idle_timeout": 0,
        "max_backpressure": 16 * 1024 * 1024,
        "open": on_open,
    },
)
app.post("/fanout", publish)
app.listen(AppListenOptions(port=port, host="127.0.0.1"))
app.run()
