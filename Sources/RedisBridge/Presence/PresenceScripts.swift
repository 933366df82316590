/// What happens inside a server to who is where.
///
/// Keys of a channel, by its scope `app:channel`: `bellhop:presence:users:{scope}` is a hash of `<connections> <info>` by user,
/// `bellhop:presence:version:{scope}` its version, `bellhop:presence:at:{seat}:{scope}` a hash of users by connection of one
/// incarnation of one node; `bellhop:presence:held:{seat}` is the set of scopes where it has any. All go when they are empty.
/// A version begins with the time in microseconds, so that of a channel that was empty meanwhile is never the next one.
enum PresenceScripts {
    /// Counts users in and out, and tells of it: within one script, so that news leave in the order of their versions.
    private static let counting =
        RegistryScripts.clock + """
            local now = milliseconds()
            local quiet = quiet_left(now)
            local function at_key(seat, scope) return 'bellhop:presence:at:' .. seat .. ':' .. scope end
            local function tell(scope, sign, user, info)
                local key = 'bellhop:presence:version:' .. scope
                local time = redis.call('TIME')
                redis.call('SET', key, time[1] .. string.format('%06d', tonumber(time[2])), 'NX')
                local version = text(redis.call('INCR', key))
                if quiet == 0 then
                    local head = sign .. version .. ' ' .. #user .. ' '
                    redis.call('PUBLISH', 'bellhop:presence:' .. scope, head .. user .. info)
                end
            end
            local function parts(value)
                local space = string.find(value, ' ', 1, true)
                return tonumber(string.sub(value, 1, space - 1)), string.sub(value, space + 1)
            end
            local function count_in(scope, user, info)
                local users = 'bellhop:presence:users:' .. scope
                local value = redis.call('HGET', users, user)
                if value then
                    local count, first = parts(value)
                    redis.call('HSET', users, user, text(count + 1) .. ' ' .. first)
                    return 0
                end
                redis.call('HSET', users, user, '1 ' .. info)
                tell(scope, '+', user, info)
                return 1
            end
            local function count_out(scope, user)
                local users = 'bellhop:presence:users:' .. scope
                local value = redis.call('HGET', users, user)
                if not value then return 0 end
                local count, info = parts(value)
                if count > 1 then
                    redis.call('HSET', users, user, text(count - 1) .. ' ' .. info)
                    return 0
                end
                redis.call('HDEL', users, user)
                tell(scope, '-', user, '')
                if redis.call('EXISTS', users) == 0 then redis.call('DEL', 'bellhop:presence:version:' .. scope) end
                return 1
            end
            local function snapshot(scope)
                local found = {'ok', redis.call('GET', 'bellhop:presence:version:' .. scope) or '0', quiet}
                local all = redis.call('HGETALL', 'bellhop:presence:users:' .. scope)
                for place = 1, #all, 2 do
                    local _, info = parts(all[place + 1])
                    found[#found + 1] = all[place]
                    found[#found + 1] = info
                end
                return found
            end

            """

    /// Counts connections in. ARGV: seat, scope, limit or 0, 1 for a snapshot, then connection, user and info of each.
    /// Gives `ok` with a snapshot if one was asked for, `unseated`, or `full` (then nothing was done; asked for one at a time).
    static let join = RedisScript(
        counting + """
            local seat, scope, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
            if redis.call('SISMEMBER', 'bellhop:seats', seat) == 0 then return {'unseated'} end
            local at, users = at_key(seat, scope), 'bellhop:presence:users:' .. scope
            for place = 5, #ARGV, 3 do
                local connection, user, info = ARGV[place], ARGV[place + 1], ARGV[place + 2]
                local before = redis.call('HGET', at, connection)
                if before ~= user then
                    if limit > 0 and redis.call('HEXISTS', users, user) == 0
                        and redis.call('HLEN', users) >= limit then return {'full'} end
                    count_in(scope, user, info)
                    redis.call('HSET', at, connection, user)
                    redis.call('SADD', 'bellhop:presence:held:' .. seat, scope)
                    if before then count_out(scope, before) end
                end
            end
            if ARGV[4] == '1' then return snapshot(scope) end
            return {'ok'}
            """)

    /// Counts connections out. ARGV: seat, scope, then the connections. Gives how many were in.
    static let leave = RedisScript(
        counting + """
            local seat, scope, left = ARGV[1], ARGV[2], 0
            local at = at_key(seat, scope)
            for place = 3, #ARGV do
                local user = redis.call('HGET', at, ARGV[place])
                if user then
                    redis.call('HDEL', at, ARGV[place])
                    count_out(scope, user)
                    left = left + 1
                end
            end
            if left > 0 and redis.call('EXISTS', at) == 0 then
                redis.call('SREM', 'bellhop:presence:held:' .. seat, scope)
            end
            return left
            """)

    /// Who is in a channel. ARGV: scope, the realm that the asking node knows or ''. A memory that is not the one it knows has
    /// forgotten: until the node is registered anew, nobody is taken to be gone.
    static let members = RedisScript(
        counting + """
            if ARGV[2] ~= '' and redis.call('GET', 'bellhop:realm') ~= ARGV[2] then quiet = math.max(quiet, 200) end
            return snapshot(ARGV[1])
            """)

    /// Counts out what a dead incarnation left, a part of it at a time. ARGV: seat, most connections, most channels.
    /// Gives whether nothing is left, and how many connections and users went.
    static let reap = RedisScript(
        counting + """
            local seat, room = ARGV[1], tonumber(ARGV[2])
            local held = 'bellhop:presence:held:' .. seat
            local connections, users = 0, 0
            for _, scope in ipairs(redis.call('SRANDMEMBER', held, ARGV[3])) do
                local at, cursor = at_key(seat, scope), '0'
                repeat
                    local page = redis.call('HSCAN', at, cursor, 'COUNT', 100)
                    cursor = page[1]
                    for place = 1, #page[2], 2 do
                        -- A scan may name one twice.
                        if redis.call('HDEL', at, page[2][place]) == 1 then
                            users = users + count_out(scope, page[2][place + 1])
                            connections = connections + 1
                        end
                    end
                until cursor == '0' or connections >= room
                if redis.call('EXISTS', at) == 0 then redis.call('SREM', held, scope) end
                if connections >= room then break end
            end
            return {1 - redis.call('EXISTS', held), connections, users}
            """)
}
