package import Shared

/// What the server says about users: who is in a channel, who has signed in, who of those that one watches is there.
extension PusherMessage {
    /// A presence channel's events come from now on, and this is who is in it.
    ///
    /// - Parameter position: of a channel of the hotel, from which the subscription is complete (our addition).
    package static func subscriptionSucceeded(
        channel: String, members: [String: PresenceMember], position: (seq: Int64, epoch: Int64)? = nil
    ) -> [UInt8] {
        let sorted = members.values.sorted { $0.id < $1.id }
        return self.message("pusher_internal:subscription_succeeded", channel: channel) { writer in
            writer.name("data")
            writer.encoded { data in
                data.name("presence")
                data.object { presence in
                    presence.name("count")
                    presence.int(sorted.count)
                    presence.name("ids")
                    presence.array { ids in for member in sorted { ids.string(member.id) } }
                    presence.name("hash")
                    presence.object { hash in
                        for member in sorted {
                            hash.name(text: member.id)
                            hash.info(of: member)
                        }
                    }
                }
            }
            guard let position else { return }
            writer.name("seq")
            writer.int(position.seq)
            writer.name("epoch")
            writer.int(position.epoch)
        }
    }

    /// A user came into a presence channel, or went.
    package static func member(_ change: PresenceChange, channel: String) -> [UInt8] {
        switch change {
        case .added(let member):
            self.message("pusher_internal:member_added", channel: channel) { writer in
                writer.name("data")
                writer.encoded { data in
                    data.name("user_id")
                    data.string(member.id)
                    data.name("user_info")
                    data.info(of: member)
                }
            }
        case .removed(let id):
            self.message("pusher_internal:member_removed", channel: channel) { writer in
                writer.name("data")
                writer.encoded { data in
                    data.name("user_id")
                    data.string(id)
                }
            }
        }
    }

    /// A cache channel remembers nothing.
    package static func cacheMiss(channel: String) -> [UInt8] { self.empty("pusher:cache_miss", channel: channel) }

    /// The connection is this user's.
    ///
    /// - Parameter userData: as it was signed.
    package static func signedIn(userData: String) -> [UInt8] {
        self.message("pusher:signin_success") { writer in
            writer.name("data")
            writer.encoded { data in
                data.name("user_data")
                data.string(userData)
            }
        }
    }

    /// Who of those that one watches is there, and who is not. It has no channel: pusher-js finds it by its name alone.
    package static func watchlist(online: [String], offline: [String]) -> [UInt8] {
        self.message("pusher_internal:watchlist_events") { writer in
            writer.name("data")
            writer.encoded { data in
                data.name("events")
                data.array { events in
                    for (name, ids) in [("online", online), ("offline", offline)] where !ids.isEmpty {
                        events.object { event in
                            event.name("name")
                            event.string(name)
                            event.name("user_ids")
                            event.array { list in for id in ids { list.string(id) } }
                        }
                    }
                }
            }
        }
    }
}

extension JSONWriter {
    /// What is known of a member; `null` if nothing is (pusher-websocket-java and pusher-js cope).
    fileprivate mutating func info(of member: PresenceMember) {
        if member.info.isEmpty { self.null() } else { self.raw(member.info) }
    }
}
