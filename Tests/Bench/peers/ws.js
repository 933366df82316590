// Peer: node and `ws` (Debian node-ws), the same work as the floor.
//
//   node ws.js --port P [--prebuilt]
//
// Without --prebuilt each socket gets ws.send(); with it the frame is built once and written to each raw socket, the
// most that a server on `ws` can do.
"use strict";

const http = require("node:http");
const { WebSocketServer } = require("ws");

const arguments_ = process.argv.slice(2);
const port = Number(arguments_[arguments_.indexOf("--port") + 1]);
const isPrebuilt = arguments_.includes("--prebuilt");

function textFrame(body) {
    // RFC 6455 5.2: two length bytes from 126 bytes on; the bench sends at most 65535.
    const head = body.length < 126
        ? Buffer.from([0x81, body.length])
        : Buffer.from([0x81, 126, body.length >> 8, body.length & 255]);
    return Buffer.concat([head, body]);
}

const server = http.createServer((request, response) => {
    if (request.method !== "POST" || request.url !== "/fanout") {
        response.writeHead(404).end();
        return;
    }
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
        const body = Buffer.concat(chunks);
        if (isPrebuilt) {
            const frame = textFrame(body);
            for (const client of sockets.clients) client._socket.write(frame);
        } else {
            for (const client of sockets.clients) client.send(body, { binary: false });
        }
        response.writeHead(204).end();
    });
});
const sockets = new WebSocketServer({ server, path: "/fanout", perMessageDeflate: false });
server.listen({ port, host: "127.0.0.1", backlog: 4096 }, () => console.log("ready"));
