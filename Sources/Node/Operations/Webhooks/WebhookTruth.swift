internal import Ports
package import Shared

/// Where to look up what holds in the channels of external apps.
package final class WebhookTruth: Sendable {
    private let census: any AppCensus
    let presence: any PresenceDirectory

    package init(census: any AppCensus, presence: any PresenceDirectory) {
        self.census = census
        self.presence = presence
    }

    /// What somebody wants to know: the channels that are named, and the members of the presence channels.
    final class Question: Sendable {
        let app: String
        let channels: [String]
        let presenceChannels: [String]

        init(_ app: String, about subjects: [WebhookSubject]) {
            self.app = app
            self.channels = Array(Set(subjects.lazy.filter { $0.kind != .member }.map(\.channel)))
            self.presenceChannels = Array(Set(subjects.lazy.filter { $0.kind == .member }.map(\.channel)))
        }
    }

    /// What was found, at about one moment.
    final class Finding: Sendable {
        private let figures: AppFigures
        private let members: [String: PresenceSnapshot]

        fileprivate init(_ figures: AppFigures, _ members: [String: PresenceSnapshot]) {
            self.figures = figures
            self.members = members
        }

        /// How many subscriptions a channel has.
        func number(_ channel: String) -> Int { self.figures.channels[channel]?.subscriptions ?? 0 }

        /// Whether it holds; `nil` if nobody can say yet: all was forgotten, and not all of it has been told again.
        func holds(_ subject: WebhookSubject) -> Bool? {
            switch subject.kind {
            case .channel: self.number(subject.channel) > 0 ? true : self.figures.isSettled ? false : nil
            case .count: self.figures.isSettled ? self.number(subject.channel) > 0 : nil
            case .member:
                if let snapshot = self.members[subject.channel] {
                    snapshot.members[subject.user] != nil ? true : snapshot.settlesIn == nil ? false : nil
                } else {
                    nil
                }
            }
        }
    }

    func find(_ question: Question) async throws -> Finding {
        var figures = AppFigures([:])
        if !question.channels.isEmpty {
            figures = try await self.census.figures(AppQuestion(app: question.app, .channels(question.channels)))
        }
        var members: [String: PresenceSnapshot] = [:]
        for channel in question.presenceChannels {
            members[channel] = try await self.presence.members(of: AppChannel(app: question.app, name: channel))
        }
        return Finding(figures, members)
    }

    /// All channels of an app that somebody hears.
    func occupied(of app: String) async throws -> AppFigures {
        try await self.census.figures(AppQuestion(app: app, .occupied(prefix: "")))
    }
}
