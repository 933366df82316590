internal import Shared

/// What the server says to a Pusher client. The forms are those that every client can read (some read `data` only as a
/// string, some only as an object): see each case.
package enum PusherMessage {
    /// The first message of a connection.
    ///
    /// - Parameter activityTimeout: seconds without a message after which the client asks whether we are there; not 0.
    package static func connectionEstablished(socketID: String, activityTimeout: Int) -> [UInt8] {
        self.message("pusher:connection_established") { writer in
            writer.name("data")
            writer.encoded { data in
                data.name("socket_id")
                data.string(socketID)
                data.name("activity_timeout")
                data.int(activityTimeout)
            }
        }
    }

    /// What went wrong. Its data is an object: pusher-websocket-swift reads nothing else here.
    ///
    /// - Parameter code: `nil` where no client may act on it.
    package static func error(code: Int?, _ text: String) -> [UInt8] {
        self.message("pusher:error") { writer in
            writer.name("data")
            writer.object { data in
                data.name("code")
                if let code { data.int(code) } else { data.null() }
                data.name("message")
                data.string(text)
            }
        }
    }

    /// This node ends; others take its clients at once.
    package static var leaving: [UInt8] {
        self.error(code: Int(WebSocketCloseCode.reconnect.rawValue), "This node leaves: connect again")
    }

    package static var ping: [UInt8] { self.empty("pusher:ping", channel: nil) }

    package static var pong: [UInt8] { self.empty("pusher:pong", channel: nil) }

    /// The channel's events come from now on.
    ///
    /// - Parameter position: of a channel of the hotel, from which the subscription is complete (our addition).
    package static func subscriptionSucceeded(
        channel: String, position: (seq: Int64, epoch: Int64)? = nil
    ) -> [UInt8] {
        self.empty("pusher_internal:subscription_succeeded", channel: channel, position: position)
    }

    /// The channel will not be heard; the connection stays open.
    package static func subscriptionError(
        channel: String, type: String, _ text: String, status: Int
    ) -> [UInt8] {
        self.message("pusher:subscription_error", channel: channel) { writer in
            writer.name("data")
            writer.encoded { data in
                data.name("type")
                data.string(type)
                data.name("error")
                data.string(text)
                data.name("status")
                data.int(status)
            }
        }
    }

    /// What was missed has been told, up to `seq` (our addition).
    package static func resumed(channel: String, seq: Int64, replayed: Int) -> [UInt8] {
        self.message("bellhop:resumed", channel: channel) { writer in
            writer.name("data")
            writer.encoded { data in
                data.name("seq")
                data.int(seq)
                data.name("replayed")
                data.int(replayed)
            }
        }
    }

    /// What was missed cannot be told: the client loads its lists anew (our addition).
    ///
    /// - Parameter position: behind which events will come all the same.
    package static func resyncRequired(channel: String, position: (seq: Int64, epoch: Int64)? = nil) -> [UInt8] {
        self.empty("bellhop:resync_required", channel: channel, position: position)
    }

    /// How far a quiet stream has come (our addition).
    package static func tick(stream: String, seq: Int64) -> [UInt8] {
        self.message("bellhop:tick") { writer in
            writer.name("data")
            writer.encoded { data in
                data.name("stream")
                data.string(stream)
                data.name("seq")
                data.int(seq)
            }
        }
    }

    /// A message whose data is `{}` as a string: it must be there, or pusher-websocket-java fails.
    static func empty(
        _ event: StaticString, channel: String?, position: (seq: Int64, epoch: Int64)? = nil
    ) -> [UInt8] {
        self.message(event, channel: channel) { writer in
            writer.name("data")
            writer.string("{}")
            guard let position else { return }
            writer.name("seq")
            writer.int(position.seq)
            writer.name("epoch")
            writer.int(position.epoch)
        }
    }

    static func message(
        _ event: StaticString, channel: String? = nil, _ rest: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        JSONWriter.text { writer in
            writer.object { writer in
                writer.name("event")
                writer.string("\(event)")
                if let channel {
                    writer.name("channel")
                    writer.string(channel)
                }
                rest(&writer)
            }
        }
    }
}

extension JSONWriter {
    /// An object, as a string that holds its text.
    mutating func encoded(_ members: (inout JSONWriter) -> Void) {
        let text = JSONWriter.text { writer in writer.object { members(&$0) } }
        self.string(String(decoding: text, as: UTF8.self))
    }
}
