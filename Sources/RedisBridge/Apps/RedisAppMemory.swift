package import Shared

/// The last events of cache channels, kept in Redis on the servers that carry them.
package struct RedisAppMemory: AppMemory {
    private let commands: RedisCommands

    package init(_ commands: RedisCommands) { self.commands = commands }

    /// Milliseconds in which a miss is one for all.
    private static let missMilliseconds = 10_000

    /// ARGV: event, seconds, bus channel. KEYS: the channel's, and that of its misses.
    private static let publish = RedisScript(
        """
        redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
        redis.call('DEL', KEYS[2])
        return redis.call('PUBLISH', ARGV[3], ARGV[1])
        """)

    private static let recall = RedisScript(
        """
        local event = redis.call('GET', KEYS[1])
        if not event then return {} end
        return {event, redis.call('TTL', KEYS[1])}
        """)

    package func publish(_ event: RememberedEvent) async throws(PresenceError) {
        let channel = event.channel
        do throws(RedisError) {
            let words = [Array("\(event.seconds)".utf8), Array(channel.casts.name.utf8)]
            _ = try await self.commands.run(
                Self.publish, keys: [Self.key(channel), Self.missKey(channel)], arguments: [event.cast] + words,
                toServer: self.commands.server(of: channel.shard))
        } catch {
            throw .unavailable
        }
    }

    package func last(of channel: AppChannel) async throws(PresenceError) -> RememberedEvent? {
        do throws(RedisError) {
            let answer = try await self.commands.run(
                Self.recall, keys: [Self.key(channel)], toServer: self.commands.server(of: channel.shard))
            guard case .array(let parts) = answer, parts.count == 2, case .bytes(let cast) = parts[0],
                case .integer(let seconds) = parts[1]
            else { return nil }
            return RememberedEvent(channel, cast: cast, seconds: max(0, Int(seconds)))
        } catch {
            throw .unavailable
        }
    }

    package func claimMiss(of channel: AppChannel) async -> Bool {
        let words = ["1", "NX", "PX", "\(Self.missMilliseconds)"].map { Array($0.utf8) }
        let answer = try? await self.commands.send(
            [Array("SET".utf8), Self.missKey(channel)] + words, toServer: self.commands.server(of: channel.shard))
        return answer?.text == "OK"
    }

    private static func key(_ channel: AppChannel) -> [UInt8] { Array("bellhop:apps:last:\(channel.scope)".utf8) }
    private static func missKey(_ channel: AppChannel) -> [UInt8] { Array("bellhop:apps:missed:\(channel.scope)".utf8) }
}
