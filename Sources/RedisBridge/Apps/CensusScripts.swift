/// What happens inside a server to the numbers of those who hear the channels of apps.
///
/// Keys: `bellhop:census:of:{app}` is a hash of totals by channel; `bellhop:census:at:{scope}` a hash of the numbers by seat, the
/// incarnation of a node; `bellhop:census:held:{seat}` the set of scopes where it has any. All go when they are empty.
/// `bellhop:census:told:{scope}` lasts as long as a large channel is not told its number again.
enum CensusScripts {
    private static let keys = """
        local function at_key(scope) return 'bellhop:census:at:' .. scope end
        local function of_key(app) return 'bellhop:census:of:' .. app end
        local function held_key(seat) return 'bellhop:census:held:' .. seat end
        -- Gives the total before and now.
        local function set_count(seat, app, name, count)
            local scope = app .. ':' .. name
            local before = tonumber(redis.call('HGET', at_key(scope), seat) or '0')
            local total = tonumber(redis.call('HGET', of_key(app), name) or '0')
            if count == before then return total, total end
            if count > 0 then
                redis.call('HSET', at_key(scope), seat, count)
                redis.call('SADD', held_key(seat), scope)
            else
                redis.call('HDEL', at_key(scope), seat)
                redis.call('SREM', held_key(seat), scope)
            end
            local now = redis.call('HINCRBY', of_key(app), name, count - before)
            if now <= 0 then redis.call('HDEL', of_key(app), name) end
            return total, now
        end

        """

    /// Takes over what a node counts. ARGV: seat, then app, channel and number of each.
    /// Gives `unseated`, or `ok` and the totals before and now of each.
    static let count = RedisScript(
        keys + """
            local seat = ARGV[1]
            if redis.call('SISMEMBER', 'bellhop:seats', seat) == 0 then return {'unseated'} end
            local found = {'ok'}
            for place = 2, #ARGV, 3 do
                local before, now = set_count(seat, ARGV[place], ARGV[place + 1], tonumber(ARGV[place + 2]))
                found[#found + 1] = before
                found[#found + 1] = now
            end
            return found
            """)

    /// Takes back what a dead seat had, a part of it at a time. ARGV: seat, most channels.
    /// Gives whether nothing is left, then scope and the totals before and now of each.
    static let reap = RedisScript(
        keys + """
            local found = {0}
            for _, scope in ipairs(redis.call('SRANDMEMBER', held_key(ARGV[1]), ARGV[2])) do
                local app, name = string.match(scope, '^([^:]*):(.*)$')
                local before, now = set_count(ARGV[1], app, name, 0)
                redis.call('SREM', held_key(ARGV[1]), scope)
                found[#found + 1] = scope
                found[#found + 1] = before
                found[#found + 1] = now
            end
            found[1] = 1 - redis.call('EXISTS', held_key(ARGV[1]))
            return found
            """)

    /// Tells subscribers how many they are: within a script, so that what is told last is true. More than a hundred are told at
    /// most once in a while. ARGV: milliseconds of that while, then app, channel, bus channel, and the bytes before and behind the
    /// number, of each. Gives the places of those that have to wait, from 1.
    static let announce = RedisScript(
        keys + """
            local waiting = {}
            for place = 2, #ARGV, 5 do
                local app, name = ARGV[place], ARGV[place + 1]
                local total = tonumber(redis.call('HGET', of_key(app), name) or '0')
                local told = 'bellhop:census:told:' .. app .. ':' .. name
                if total > 100 and not redis.call('SET', told, '1', 'NX', 'PX', ARGV[1]) then
                    waiting[#waiting + 1] = (place - 2) / 5 + 1
                elseif total > 0 then
                    redis.call('PUBLISH', ARGV[place + 2], ARGV[place + 3] .. total .. ARGV[place + 4])
                end
            end
            return waiting
            """)

    /// Looks numbers up. ARGV: the realm that the asking node knows or '', app, 1 to count users, then channels.
    /// Gives the time left of telling again, then subscriptions and users of each.
    static let figures = RedisScript(
        RegistryScripts.clock + keys + """
            local quiet = quiet_left(milliseconds())
            if ARGV[1] ~= '' and redis.call('GET', 'bellhop:realm') ~= ARGV[1] then quiet = math.max(quiet, 200) end
            local found = {quiet}
            for place = 4, #ARGV do
                found[#found + 1] = tonumber(redis.call('HGET', of_key(ARGV[2]), ARGV[place]) or '0')
                local users = 0
                if ARGV[3] == '1' then
                    users = redis.call('HLEN', 'bellhop:presence:users:' .. ARGV[2] .. ':' .. ARGV[place])
                end
                found[#found + 1] = users
            end
            return found
            """)

    /// The hash of an app's totals, for scans.
    static func totals(of app: String) -> String { "bellhop:census:of:\(app)" }
}
