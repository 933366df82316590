import Crypto
import Shared
import Wire

/// Any bytes as what a Pusher client says: they are refused, or they are a command whose parts can be looked at; a command that was
/// written down and encoded twice is read the same.
@c(LLVMFuzzerTestOneInput)
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let data, count > 0 else { return 0 }
    // Its own allocation, so that a read past the end is noticed.
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    let read = bytes.withUnsafeBytes { bytes in
        Result { () throws(PusherSyntaxError) in try PusherCommand(bytes) }
    }
    switch read {
    case .success(let command): check(command)
    case .failure(let error): precondition(!error.message.isEmpty, "refused without a reason")
    }
    return 0
}

private func check(_ command: PusherCommand) {
    switch command {
    case .ping, .pong, .foreign: break
    case .subscribe(let wish): check(wish)
    case .unsubscribe(let channel): checkName(channel)
    case .signIn(_, let userData): check(PusherChannelData(userText: userData))
    case .clientEvent(let event):
        precondition(event.name.hasPrefix("client-"), "no client event")
        checkName(event.channel)
        if let data = event.data { precondition((try? JSONValue(parsing: data)) != nil, "the data is no JSON") }
    }
}

private func check(_ wish: PusherCommand.Subscription) {
    checkName(wish.channel)
    precondition(wish.auth != "" && wish.channelData != "", "empty is missing")
    precondition((wish.since ?? 0) >= 0 && (wish.epoch ?? 0) >= 0, "a position before the beginning")
    if let text = wish.channelData { check(PusherChannelData(text: text)) }
    let again = JSONWriter.text { writer in
        writer.object { writer in
            writer.member("event", "pusher:subscribe")
            writer.member("data", String(decoding: inner(wish), as: UTF8.self))
        }
    }
    let read = again.withUnsafeBytes { try? PusherCommand($0) }
    precondition(read == .subscribe(wish), "encoded twice it is another wish")
}

private func inner(_ wish: PusherCommand.Subscription) -> [UInt8] {
    JSONWriter.text { writer in
        writer.object { writer in
            writer.member("channel", wish.channel)
            if let auth = wish.auth { writer.member("auth", auth) }
            if let data = wish.channelData { writer.member("channel_data", data) }
            if let since = wish.since { writer.member("since", since) }
            if let epoch = wish.epoch { writer.member("epoch", epoch) }
        }
    }
}

private func check(_ data: PusherChannelData?) {
    guard let data else { return }
    precondition(PusherChannelData(text: data.text) == data, "written and read it is another")
    precondition(PusherChannelData(userText: data.userText) == data, "written and read as a user it is another")
}

private func checkName(_ text: String) {
    guard let name = PusherChannelName(text, longest: 200) else { return }
    precondition(name.description == text && text.utf8.count <= 200, "another name")
    // What is in a frame without being escaped must need no escaping.
    let written = JSONWriter.text { $0.string(text) }
    precondition(written.count == text.utf8.count + 2, "a name that JSON escapes")
    precondition(!name.isPresence || name.needsAuthorization, "presence without a signature")
}
