import Glibc
import Reactor
import Realtime
import RedisBridge
import Shared
import TestSupport

/// What one listener heard, as text, in order; from any thread.
final class Heard: Sendable {
    private let notes = Locked<[String]>([])

    var all: [String] { self.notes.withLock { $0 } }
    /// Messages only.
    var messages: [String] { self.all.filter { $0.hasPrefix("got ") }.map { String($0.dropFirst(4)) } }
    func count(_ note: String) -> Int { self.all.filter { $0 == note }.count }
    func add(_ note: String) { self.notes.withLock { $0.append(note) } }
}

/// A subscriber on one loop, whose listener writes down what it hears.
final class Ear: BusListener {
    let subscriber: any BusSubscriber
    private let heard: Heard
    /// Called after each note.
    var onNote: (Ear, String) -> Void = { _, _ in }

    init(_ subscriber: any BusSubscriber, _ heard: Heard) {
        self.subscriber = subscriber
        self.heard = heard
        subscriber.listener = self
    }

    func subscribed(to channel: BusChannel) { self.note("on \(channel.shortName)") }

    func received(_ message: UnsafeRawBufferPointer, on channel: BusChannel) {
        self.note("got \(channel.shortName) \(String(decoding: message, as: UTF8.self))")
    }

    func healthChanged() { self.note("health") }

    private func note(_ text: String) {
        self.heard.add(text)
        self.onNote(self, text)
    }
}

extension BusChannel {
    /// A channel that no other test has.
    static func fresh(_ name: String = "a", shard: String = "s") -> BusChannel {
        BusChannel(name: "test:\(UInt64.random(in: .min ... .max)):\(name)", shard: shard)
    }

    var shortName: String { self.name.split(separator: ":").last.map(String.init) ?? self.name }
}

/// Keeps a test's ears alive on their loop.
final class EarBox {
    let ears: [Ear]
    init(_ ears: [Ear]) { self.ears = ears }
}

/// A bus with one subscriber on each of two loops.
final class BusFixture {
    enum Kind: String, CaseIterable, Sendable { case inProcess, redis }

    let group: LoopGroup
    let publisher: any BusPublisher
    let heard = [Heard(), Heard()]
    let commands: RedisCommands?

    convenience init(_ kind: Kind) throws {
        switch kind {
        case .inProcess: try self.init(bus: InProcessBus())
        case .redis: try self.init(servers: [sharedRedis()])
        }
    }

    init(bus: InProcessBus) throws {
        self.group = try LoopGroup(count: 2, options: LoopOptions(), places: 200) { _ throws(SystemError) in }
        self.publisher = bus
        self.commands = nil
        self.makeEars { loop in bus.subscriber(on: loop) }
    }

    init(
        servers: [RedisServer], options: RedisOptions = RedisOptions(), log: Logger = .silent
    ) throws {
        self.group = try LoopGroup(count: 2, options: LoopOptions(), places: 200) { _ throws(SystemError) in }
        let commands = RedisCommands(servers: servers, on: self.group.handles[0], options: options, log: log)
        self.publisher = commands
        self.commands = commands
        self.makeEars { loop in
            RedisSubscriber(servers: servers, on: loop, commands: commands, options: options, log: log)
        }
    }

    private func makeEars(_ make: @escaping @Sendable (EventLoop) -> any BusSubscriber) {
        for (handle, heard) in zip(self.group.handles, self.heard) {
            handle.post { loop in loop.attach(EarBox([Ear(make(loop), heard)])) }
        }
    }

    deinit {
        self.commands?.stop()
        self.group.stop()
    }

    var figures: RedisFigures { self.commands?.statistics.figures ?? RedisFigures() }

    /// Runs something with the ear of a loop, on that loop.
    func on(_ index: Int = 0, _ body: @escaping @Sendable (Ear) -> Void) {
        self.group.handles[index].post { loop in
            if let ear = loop.attachment(EarBox.self)?.ears.first { body(ear) }
        }
    }

    func subscribe(_ index: Int = 0, to channel: BusChannel) { self.on(index) { $0.subscriber.subscribe(to: channel) } }

    /// Subscribes and waits for the confirmation.
    func hears(_ index: Int = 0, _ channel: BusChannel) -> Bool {
        let before = self.heard[index].count("on \(channel.shortName)")
        self.subscribe(index, to: channel)
        return eventually { self.heard[index].count("on \(channel.shortName)") > before }
    }

    func publish(_ text: String, on channel: BusChannel) { self.publisher.publish(Array(text.utf8), on: channel) }

    /// What the loop says about a channel's health, asked on the loop.
    func isHealthy(_ index: Int = 0, _ channel: BusChannel) -> Bool {
        let answer = Locked<Bool?>(nil)
        self.on(index) { ear in
            let isHealthy = ear.subscriber.isHealthy(channel)
            answer.withLock { $0 = isHealthy }
        }
        return eventually { answer.withLock { $0 } != nil } && answer.withLock { $0 } == true
    }
}

/// The server that the test run provides.
func sharedRedis() throws -> RedisServer {
    guard let text = getenv("TEST_REDIS") else {
        throw MissingServer(description: "TEST_REDIS must hold the URL of a private Redis server; deploy/test sets it")
    }
    return try RedisServer(setting: String(cString: text))
}

struct MissingServer: Error, CustomStringConvertible { let description: String }

extension PrivateRedis {
    func server(password: String? = nil) throws -> RedisServer {
        try RedisServer(setting: "redis://\(password.map { ":\($0)@" } ?? "")127.0.0.1:\(self.port)")
    }
}

/// Log lines of a test.
final class LogBook: LogSink {
    private let lines = Locked<[String]>([])
    func write(_ line: [UInt8], level: LogLevel) {
        self.lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
    }
    func count(_ text: String) -> Int { self.lines.withLock { lines in lines.filter { $0.contains(text) }.count } }
    var all: [String] { self.lines.withLock { $0 } }
    var logger: Logger { Logger(to: self, style: LogStyle(.text), threshold: .debug) }
}
