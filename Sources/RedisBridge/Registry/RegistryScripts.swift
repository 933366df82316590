/// What happens inside a server to the register of nodes. Each server has a register of its own, for what it keeps itself.
///
/// Keys: `bellhop:node:{id}` is a node's lease, `<incarnation> <process> <address>`, and ends by itself. `bellhop:seats` has
/// `<incarnation>:<id>` of each incarnation that may have left something on this server; one whose lease does not name it is
/// dead. `bellhop:reaping` has the dead ones that somebody clears away, by the end of that one's claim. `bellhop:realm` tells
/// this memory from an earlier one that was lost; `bellhop:quiet` is the end of the time in which all is told again.
/// Scripts name leases themselves: there are several servers, not a Redis Cluster.
enum RegistryScripts {
    /// The time in milliseconds, by this server.
    static let clock = """
        local function milliseconds()
            local time = redis.call('TIME')
            return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
        end
        local function quiet_left(now)
            return math.max(0, tonumber(redis.call('GET', 'bellhop:quiet') or '0') - now)
        end
        local function text(number) return string.format('%.0f', number) end

        """

    /// Takes or renews a lease.
    ///
    /// ARGV: id, address, lease, own incarnation or '', realm known or '', process. A lease of our own process that we do not
    /// know of is ours: the server heard of us what we gave up.
    /// Gives: `taken` if another process bears the name; else incarnation, realm, time left of telling again, and whether the lease
    /// had been held without a break.
    static let attend = RedisScript(
        clock + """
            local now = milliseconds()
            local lease, own = 'bellhop:node:' .. ARGV[1], ARGV[4]
            local held = redis.call('GET', lease)
            local holder, process
            if held then holder, process = string.match(held, '^(%d+) (%S+) ') end
            if process == ARGV[6] then
                own = holder
            elseif own ~= '' and holder then
                return {'taken'}
            end
            local realm = redis.call('GET', 'bellhop:realm')
            if not realm then
                local time = redis.call('TIME')
                realm = time[1] .. string.format('%06d', tonumber(time[2]))
                redis.call('SET', 'bellhop:realm', realm)
            end
            local seated = own ~= '' and redis.call('SISMEMBER', 'bellhop:seats', own .. ':' .. ARGV[1]) == 1
            if not seated then
                local last = math.max(tonumber(own ~= '' and own or '0'), tonumber(holder or '0'))
                own = text(math.max(now, last + 1))
                redis.call('SADD', 'bellhop:seats', own .. ':' .. ARGV[1])
                -- The first who knew an earlier memory begins the time of telling again: once in this one.
                if ARGV[5] ~= '' and ARGV[5] ~= realm then
                    redis.call('SET', 'bellhop:quiet', text(now + tonumber(ARGV[3])), 'NX')
                end
            end
            redis.call('SET', lease, own .. ' ' .. ARGV[6] .. ' ' .. ARGV[2], 'PX', ARGV[3])
            return {own, realm, quiet_left(now), seated and held and 1 or 0}
            """)

    /// Gives a lease back, if it is one's own. ARGV: id, incarnation.
    static let resign = RedisScript(
        """
        local lease = 'bellhop:node:' .. ARGV[1]
        local held = redis.call('GET', lease)
        if held and string.match(held, '^(%d+) ') == ARGV[2] then return redis.call('DEL', lease) end
        return 0
        """)

    /// All who hold a lease: id, incarnation and address of each.
    static let living = RedisScript(
        """
        local found = {}
        for _, seat in ipairs(redis.call('SMEMBERS', 'bellhop:seats')) do
            local incarnation, id = string.match(seat, '^(%d+):(.*)$')
            local held = redis.call('GET', 'bellhop:node:' .. id)
            local holder, address
            if held then holder, address = string.match(held, '^(%d+) %S+ (.*)$') end
            if holder == incarnation then
                found[#found + 1] = id
                found[#found + 1] = incarnation
                found[#found + 1] = address
            end
        end
        return found
        """)

    /// Claims a dead incarnation to be cleared away, one whose claim ended included. From now on nothing can be
    /// added to what it left. ARGV: claim. Gives: the seat, or nothing.
    static let claimDead = RedisScript(
        clock + """
            local now = milliseconds()
            if quiet_left(now) > 0 then return false end
            local seat = redis.call('ZRANGEBYSCORE', 'bellhop:reaping', '-inf', text(now), 'LIMIT', 0, 1)[1]
            if not seat then
                for _, candidate in ipairs(redis.call('SMEMBERS', 'bellhop:seats')) do
                    local incarnation, id = string.match(candidate, '^(%d+):(.*)$')
                    local held = redis.call('GET', 'bellhop:node:' .. id)
                    if not held or string.match(held, '^(%d+) ') ~= incarnation then
                        seat = candidate
                        break
                    end
                end
            end
            if not seat then return false end
            redis.call('SREM', 'bellhop:seats', seat)
            redis.call('ZADD', 'bellhop:reaping', text(now + tonumber(ARGV[1])), seat)
            return seat
            """)

    /// Holds a claim for longer. ARGV: seat, claim.
    static let keepClaim = RedisScript(
        clock + """
            return redis.call('ZADD', 'bellhop:reaping', 'XX', text(milliseconds() + tonumber(ARGV[2])), ARGV[1])
            """)

    /// A dead incarnation has left nothing any more. ARGV: seat.
    static let buried = RedisScript("return redis.call('ZREM', 'bellhop:reaping', ARGV[1])")
}
