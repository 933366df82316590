import Shared
import Testing

@testable import Wire

@Suite struct PusherCommandTests {
    private func read(_ text: String) throws(PusherSyntaxError) -> PusherCommand {
        var text = text
        let result = text.withUTF8 { bytes -> Result<PusherCommand, PusherSyntaxError> in
            do throws(PusherSyntaxError) {
                return .success(try PusherCommand(UnsafeRawBufferPointer(bytes)))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func subscription(
        _ channel: String, auth: String? = nil, data: String? = nil, since: Int64? = nil, epoch: Int64? = nil
    ) -> PusherCommand {
        .subscribe(.init(channel: channel, auth: auth, channelData: data, since: since, epoch: epoch))
    }

    @Test(arguments: [
        // pusher-js
        (#"{"event":"pusher:ping","data":{}}"#, PusherCommand.ping),
        (#"{"event":"pusher:pong","data":{}}"#, .pong),
        (#"{"event":"pusher:subscribe","data":{"auth":"","channel":"a"}}"#, Self.subscription("a")),
        (
            #"{"event":"pusher:subscribe","data":{"auth":"k:s","channel_data":"{\"user_id\": 7}","channel":"presence-a"}}"#,
            Self.subscription("presence-a", auth: "k:s", data: #"{"user_id": 7}"#)
        ),
        (#"{"event":"pusher:unsubscribe","data":{"channel":"a"}}"#, .unsubscribe(channel: "a")),
        (
            #"{"event":"pusher:signin","data":{"auth":"k:s","user_data":"{\"id\":\"7\"}"}}"#,
            .signIn(auth: "k:s", userData: #"{"id":"7"}"#)
        ),
        // pysher
        (#"{"event": "pusher:ping", "data": ""}"#, .ping),
        (#"{"event": "pusher:subscribe", "data": {"channel": "a"}}"#, Self.subscription("a")),
        // clients that encode twice
        (
            #"{"event":"pusher:subscribe","data":"{\"channel\":\"a\",\"auth\":\"k:s\"}"}"#,
            Self.subscription("a", auth: "k:s")
        ),
        // a position
        (
            #"{"event":"pusher:subscribe","data":{"channel":"private-a","since":41,"epoch":9007199254740991}}"#,
            Self.subscription("private-a", since: 41, epoch: 9_007_199_254_740_991)
        ),
        (#"{"event":"pusher:subscribe","data":{"channel":"a","since":null}}"#, Self.subscription("a")),
        // nothing that a client may say, and nothing that is refused here
        (#"{"event":"room:status_changed","channel":"a","data":{}}"#, .foreign(name: "room:status_changed")),
    ])
    func `what the clients of the ecosystem send is understood`(text: String, command: PusherCommand) throws {
        let understood = try self.read(text)
        #expect(understood == command)
    }

    @Test(arguments: [
        (#"{"a":[1, 2]}"#, #"{"a":[1, 2]}"#), (#""text""#, #""text""#), ("1.50", "1.50"), ("null", "null"),
    ])
    func `a client event's data is kept as it came`(data: String, kept: String) throws {
        let text = #"{"event":"client-typing","channel":"private-a","data":\#(data)}"#
        let understood = try self.read(text)
        #expect(
            understood == .clientEvent(.init(name: "client-typing", channel: "private-a", data: Array(kept.utf8))))
    }

    @Test(arguments: [
        ("", PusherSyntaxError.notJSON), ("{", .notJSON), (#"{"event":"pusher:ping"}x"#, .notJSON),
        ("[]", .notAnObject),
        ("1", .notAnObject), ("{}", .eventMissing), (#"{"event":7}"#, .eventMissing),
        (#"{"event":null}"#, .eventMissing),
        (#"{"event":"pusher:ping","event":"pusher:pong"}"#, .notJSON),
        (#"{"event":"pusher:subscribe"}"#, .malformed(field: "data")),
        (#"{"event":"pusher:subscribe","data":[]}"#, .malformed(field: "data")),
        (#"{"event":"pusher:subscribe","data":"x"}"#, .malformed(field: "data")),
        (#"{"event":"pusher:subscribe","data":"[]"}"#, .malformed(field: "data")),
        (#"{"event":"pusher:subscribe","data":{}}"#, .malformed(field: "channel")),
        (#"{"event":"pusher:subscribe","data":{"channel":7}}"#, .malformed(field: "channel")),
        (#"{"event":"pusher:subscribe","data":{"channel":"a","auth":7}}"#, .malformed(field: "auth")),
        (#"{"event":"pusher:subscribe","data":{"channel":"a","channel_data":{}}}"#, .malformed(field: "channel_data")),
        (#"{"event":"pusher:subscribe","data":{"channel":"a","since":-1}}"#, .malformed(field: "since")),
        (#"{"event":"pusher:subscribe","data":{"channel":"a","since":1.5}}"#, .malformed(field: "since")),
        (#"{"event":"pusher:subscribe","data":{"channel":"a","since":1e30}}"#, .malformed(field: "since")),
        (#"{"event":"pusher:subscribe","data":{"channel":"a","epoch":"1"}}"#, .malformed(field: "epoch")),
        (#"{"event":"pusher:unsubscribe","data":{}}"#, .malformed(field: "channel")),
        (#"{"event":"pusher:signin","data":{"auth":"k:s"}}"#, .malformed(field: "user_data")),
        (#"{"event":"client-a","data":{}}"#, .malformed(field: "channel")),
        // what only the server may say
        (
            #"{"event":"pusher_internal:member_added","channel":"presence-a","data":"{}"}"#,
            .unknownCommand("pusher_internal:member_added")
        ),
        (#"{"event":"pusher:error"}"#, .unknownCommand("pusher:error")),
    ])
    func `what is none of the protocol is refused with the reason`(text: String, error: PusherSyntaxError) {
        #expect(throws: error) { try self.read(text) }
        #expect(!error.message.isEmpty)
    }

    @Test func `nesting has a limit`() {
        let deep = String(repeating: "[", count: 30) + String(repeating: "]", count: 30)
        #expect(throws: PusherSyntaxError.notJSON) {
            try self.read(#"{"event":"client-a","channel":"private-a","data":\#(deep)}"#)
        }
    }
}

@Suite struct PusherMessageTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `messages have the form that every client can read`() {
        #expect(
            text(PusherMessage.connectionEstablished(socketID: "123.456", activityTimeout: 120))
                == #"{"event":"pusher:connection_established","data":"{\"socket_id\":\"123.456\",\"activity_timeout\":120}"}"#
        )
        #expect(
            text(PusherMessage.error(code: 4009, "No"))
                == #"{"event":"pusher:error","data":{"code":4009,"message":"No"}}"#)
        #expect(
            text(PusherMessage.error(code: nil, "a \"b\""))
                == #"{"event":"pusher:error","data":{"code":null,"message":"a \"b\""}}"#)
        #expect(text(PusherMessage.pong) == #"{"event":"pusher:pong","data":"{}"}"#)
        #expect(text(PusherMessage.ping) == #"{"event":"pusher:ping","data":"{}"}"#)
        #expect(
            text(PusherMessage.subscriptionSucceeded(channel: "a"))
                == #"{"event":"pusher_internal:subscription_succeeded","channel":"a","data":"{}"}"#)
        #expect(
            text(PusherMessage.subscriptionSucceeded(channel: "private-a", position: (41, 7)))
                == #"{"event":"pusher_internal:subscription_succeeded","channel":"private-a","data":"{}","seq":41,"epoch":7}"#
        )
        #expect(
            text(PusherMessage.subscriptionError(channel: "private-a", type: "AuthError", "No", status: 401))
                == #"{"event":"pusher:subscription_error","channel":"private-a","data":"{\"type\":\"AuthError\",\"error\":\"No\",\"status\":401}"}"#
        )
        #expect(
            text(PusherMessage.resumed(channel: "private-a", seq: 41, replayed: 3))
                == #"{"event":"bellhop:resumed","channel":"private-a","data":"{\"seq\":41,\"replayed\":3}"}"#)
        #expect(
            text(PusherMessage.resyncRequired(channel: "private-a"))
                == #"{"event":"bellhop:resync_required","channel":"private-a","data":"{}"}"#)
        #expect(
            text(PusherMessage.resyncRequired(channel: "private-a", position: (41, 7)))
                == #"{"event":"bellhop:resync_required","channel":"private-a","data":"{}","seq":41,"epoch":7}"#)
        #expect(
            text(PusherMessage.tick(stream: "s", seq: 41))
                == #"{"event":"bellhop:tick","data":"{\"stream\":\"s\",\"seq\":41}"}"#)
    }

    @Test func `every code may be sent in a close frame`() {
        let codes: [WebSocketCloseCode] = [
            .noSuchApp, .appDisabled, .overConnectionQuota, .pathNotFound, .malformedVersion, .unsupportedProtocol,
            .noProtocol,
            .unauthorised, .overCapacity, .reconnect, .pongMissing, .inactive,
        ]
        #expect(codes.filter(\.isAllowedOnWire) == codes)
        #expect(Set(codes).count == codes.count)
    }
}
