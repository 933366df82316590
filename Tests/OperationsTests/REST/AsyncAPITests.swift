import Glibc
import Hotel
import Shared
import TestSupport
import Testing

@testable import Operations
@testable import Wire

@Suite struct AsyncAPITests {
    private let file = AsyncAPIDocument.file(appKey: "hotel-key")
    private let check: DocumentCheck

    init() throws { self.check = try DocumentCheck(self.file.bytes) }

    private var document: JSONValue { self.check.document }

    /// What is wrong with a frame, by the message's key in the document.
    private func violations(_ frame: [UInt8], _ key: String) throws -> [String] {
        let payload = try #require(self.document["components"]?["messages"]?[key]?["payload"], "\(key)")
        return self.check.violations(try JSONValue(parsing: frame), payload, at: key)
    }

    @Test func `the document is the same each time, and for the suite that asks an independent validator`() throws {
        #expect(AsyncAPIDocument.file(appKey: "hotel-key").bytes == self.file.bytes)
        #expect(self.document["asyncapi"] == "3.0.0" && self.document["info"]?["version"]?.text == BuildInfo.version)
        for server in ["plain", "tls"] {
            let variables = self.document["servers"]?[server]?["variables"]
            #expect(variables?["key"]?["default"] == "hotel-key")
        }
        if let path = getenv("TEST_ASYNCAPI_FILE").map({ String(cString: $0) }) {
            let file = try #require(fopen(path, "w"))
            #expect(fwrite(self.file.bytes, 1, self.file.bytes.count, file) == self.file.bytes.count)
            #expect(fclose(file) == 0)
        }
    }

    @Test func `every event is in the document, on every channel of its listeners`() throws {
        let messages = try #require(self.document["components"]?["messages"])
        var told: Set<String> = []
        for kind in EventCatalogue.all {
            let named = messages.members.filter { $0.value["x-canonical-name"]?.text == kind.name }
            #expect(!named.isEmpty, "\(kind.name)")
            for message in named {
                #expect(
                    message.value["name"]?.text == kind.pascal
                        && message.value["x-socket-io-name"]?.text == kind.socketIO)
                let payload = message.value["payload"]
                #expect(payload?["properties"]?["event"]?["const"]?.text == kind.pascal)
                #expect((payload?["properties"]?["seq"] != nil) == kind.isLogged, "\(kind.name)")
            }
            for listener in kind.listeners {
                let pattern = ChannelPattern(listener.code)
                let here = self.document["channels"]?[pattern.rawValue]?["messages"]?.members.map(\.name) ?? []
                let heard = named.filter { here.contains($0.name) }
                #expect(!heard.isEmpty, "\(kind.name) on \(pattern)")
                told.formUnion(heard.map(\.name))
            }
        }
        // Nothing stands there that nobody is told, but what the catalogue has for nobody yet.
        let canonical = messages.members.filter { $0.value["x-canonical-name"] != nil }.map(\.name)
        #expect(Set(canonical).subtracting(told) == ["auth.token_expiring"])
        #expect(Set(canonical).count == canonical.count)
    }

    @Test func `every channel is in the document, with its name and who may hear it`() throws {
        let channels = try #require(self.document["channels"])
        #expect(channels.members.map(\.name) == [AsyncAPIBuilder.connection] + ChannelPattern.allCases.map(\.rawValue))
        for pattern in ChannelPattern.allCases {
            let channel = try #require(channels[pattern.rawValue])
            #expect(channel["address"]?.text == pattern.address && channel["description"]?.text == pattern.audience)
            #expect(channel["parameters"]?.members.map(\.name) ?? [] == pattern.parameters.map(\.rawValue))
            let roles = channel["x-roles"]?.elements?.compactMap(\.text)
            #expect(roles == (pattern.access == .public ? nil : pattern.roles.map(\.rawValue)))
            let hasMembers = channel["messages"]?["member_added"] != nil
            #expect(hasMembers == (pattern.access == .presence))
        }
        #expect(channels["connection"]?["address"] == .null)
    }

    @Test func `every reference leads somewhere`() {
        #expect(self.check.references.count > 100)
        #expect(self.check.dangling == [])
        let operations = self.document["operations"]?.members ?? []
        for operation in operations {
            let channel = operation.value["channel"]?["$ref"]?.text ?? "?"
            for message in operation.value["messages"]?.elements ?? [] {
                #expect(message["$ref"]?.text?.hasPrefix(channel + "/messages/") == true, "\(operation.name)")
            }
        }
        #expect(operations.count { $0.value["action"] == "receive" } == PusherForm.all.count { $0.sender == .client })
        #expect(operations.count { $0.value["action"] == "send" } == ChannelPattern.allCases.count + 1)
    }

    @Test func `what the server says is as the document says`() throws {
        let member = try #require(PresenceMember(id: "7", info: Array(#"{"name":"Ana"}"#.utf8)))
        let nobody = try #require(PresenceMember(id: "8"))
        // Those two are written where they are told, in pieces.
        let count = #"{"event":"pusher_internal:subscription_count","channel":"a","data":"{\"subscription_count\":3}"}"#
        let told = #"{"event":"client-x","channel":"presence-a","data":1,"user_id":"7"}"#
        let said: [(String, [UInt8])] = [
            ("connection_established", PusherMessage.connectionEstablished(socketID: "12.34", activityTimeout: 120)),
            ("error", PusherMessage.error(code: 4200, "Bye")), ("error", PusherMessage.error(code: nil, "What?")),
            ("pong", PusherMessage.pong), ("subscription_succeeded", PusherMessage.subscriptionSucceeded(channel: "a")),
            ("subscription_succeeded", PusherMessage.subscriptionSucceeded(channel: "a", position: (seq: 7, epoch: 9))),
            ("subscription_error", PusherMessage.subscriptionError(channel: "a", type: "AuthError", "No", status: 401)),
            ("resumed", PusherMessage.resumed(channel: "a", seq: 7, replayed: 0)),
            ("resync_required", PusherMessage.resyncRequired(channel: "a", position: (seq: 7, epoch: 9))),
            ("tick", PusherMessage.tick(stream: "tenant:1", seq: 7)),
            (
                "subscription_succeeded",
                PusherMessage.subscriptionSucceeded(channel: "presence-a", members: ["7": member, "8": nobody])
            ),
            ("member_added", PusherMessage.member(.added(member), channel: "presence-a")),
            ("member_removed", PusherMessage.member(.removed(id: "7"), channel: "presence-a")),
            ("cache_miss", PusherMessage.cacheMiss(channel: "cache-a")),
            ("signin_success", PusherMessage.signedIn(userData: #"{"id":"7"}"#)),
            ("watchlist_events", PusherMessage.watchlist(online: ["7"], offline: ["8"])),
            ("subscription_count", Array(count.utf8)), ("told_client_event", Array(told.utf8)),
        ]
        #expect(Set(said.map(\.0)) == Set(PusherForm.all.filter { $0.sender == .server }.map(\.key)))
        for (key, frame) in said {
            #expect(try self.violations(frame, key) == [])
            let known = self.document["components"]?["messages"]?[key]?["payload"]?["properties"]?.members.map(\.name)
            let sent = try JSONValue(parsing: frame).members.map(\.name)
            #expect(sent.allSatisfy { known?.contains($0) == true }, "\(key) has more than the document says")
        }
        #expect(try self.violations(Array(#"{"event":"pusher:pong","data":{}}"#.utf8), "pong") != [])
        #expect(try self.violations(PusherMessage.pong, "tick") != [])
    }

    @Test func `what clients may say is what the server reads`() throws {
        let said: [(String, String, PusherCommand)] = [
            ("ping", #"{"event":"pusher:ping","data":{}}"#, .ping),
            (
                "subscribe", #"{"event":"pusher:subscribe","data":{"channel":"a","auth":"k:s","since":3,"epoch":4}}"#,
                .subscribe(.init(channel: "a", auth: "k:s", channelData: nil, since: 3, epoch: 4))
            ),
            ("unsubscribe", #"{"event":"pusher:unsubscribe","data":{"channel":"a"}}"#, .unsubscribe(channel: "a")),
            (
                "signin", #"{"event":"pusher:signin","data":{"auth":"k:s","user_data":"{}"}}"#,
                .signIn(auth: "k:s", userData: "{}")
            ),
            (
                "client_event", #"{"event":"client-x","channel":"private-a","data":1}"#,
                .clientEvent(.init(name: "client-x", channel: "private-a", data: Array("1".utf8)))
            ),
        ]
        #expect(Set(said.map(\.0)) == Set(PusherForm.all.filter { $0.sender == .client }.map(\.key)))
        for (key, text, command) in said {
            #expect(try self.violations(Array(text.utf8), key) == [])
            #expect(try Array(text.utf8).withUnsafeBytes { try PusherCommand($0) } == command)
        }
    }

    @Test func `configured things are told as REST shows them, without what is nobody else's business`() {
        let property = self.document["components"]?["schemas"]?["Property"]?["properties"]
        #expect(property?["business_date"] != nil && property?["settings"] == nil)
        #expect(Set(AsyncAPIDocument.records.keys) == ["property", "department", "room_type", "room"])
        for kind in EventCatalogue.all {
            for case .record(let name) in kind.data.members.map(\.content) {
                #expect(AsyncAPIDocument.records[name] != nil, "\(kind.name) tells a record that nobody describes")
            }
        }
    }
}
