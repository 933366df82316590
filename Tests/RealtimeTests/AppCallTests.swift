import Shared
import Testing

@testable import Realtime

@Suite(.timeLimit(.minutes(5))) struct AppCallTests {
    private func fault(_ body: String) -> AppCall.Fault? {
        do throws(AppCall.Fault) {
            _ = try AppCall.event(Array(body.utf8), longestChannel: 164)
            return nil
        } catch {
            return error
        }
    }

    private func batchFault(_ body: String) -> AppCall.Fault? {
        do throws(AppCall.Fault) {
            _ = try AppCall.batch(Array(body.utf8), longestChannel: 164)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "", "x", "[]", "{}", #"{"name":"a","channel":"b"}"#, #"{"name":"a","data":""}"#,
        #"{"name":"","channel":"b","data":""}"#, #"{"name":1,"channel":"b","data":""}"#,
        #"{"name":"a","channel":"","data":""}"#, #"{"name":"a","channel":"a b","data":""}"#,
        #"{"name":"a","channels":"b","data":""}"#, #"{"name":"a","channels":[],"data":""}"#,
        #"{"name":"a","channels":["b",1],"data":""}"#, #"{"name":"a","channels":["b","c:d"],"data":""}"#,
        #"{"name":"a","channel":"b","data":"","socket_id":"1"}"#,
        #"{"name":"a","channel":"b","data":"","socket_id":7}"#,
        #"{"name":"a","channel":"b","data":"","info":"weather"}"#,
        ##"{"name":"a","channel":"#server-to-user-","data":""}"##, ##"{"name":"a","channel":"#other","data":""}"##,
        #"{"name":"a","channels":["private-encrypted-x","b"],"data":""}"#,
        "{\"name\":\"a\",\"channel\":\"\(String(repeating: "x", count: 165))\",\"data\":\"\"}",
        "{\"name\":\"\(String(repeating: "x", count: 201))\",\"channel\":\"b\",\"data\":\"\"}",
        "{\"name\":\"a\",\"channels\":[\((0...100).map { "\"c\($0)\"" }.joined(separator: ","))],\"data\":\"\"}",
    ])
    func `a call with a fault is refused`(body: String) {
        guard case .malformed = self.fault(body) else {
            Issue.record("\(String(describing: self.fault(body)))")
            return
        }
    }

    @Test func `data has its limit after it is decoded`() {
        func body(_ data: String) -> String { "{\"name\":\"a\",\"channel\":\"b\",\"data\":\(data)}" }
        #expect(self.fault(body("\"\(String(repeating: "x", count: 10_240))\"")) == nil)
        #expect(self.fault(body("\"\(String(repeating: "\\u0041", count: 10_240))\"")) == nil)
        #expect(self.fault(body("\"\(String(repeating: "x", count: 10_241))\"")) == .tooLarge)
        #expect(self.fault(body("[\(String(repeating: "1,", count: 5_120))1]")) == .tooLarge)
    }

    @Test func `a batch has one to ten events, and one fault is the fault of all`() throws {
        let good = #"{"name":"a","channel":"b","data":""}"#
        for count in [1, 10] {
            let body = "{\"batch\":[\(Array(repeating: good, count: count).joined(separator: ","))]}"
            #expect(self.batchFault(body) == nil)
            #expect(try AppCall.batch(Array(body.utf8), longestChannel: 164).count == count)
        }
        let eleven = Array(repeating: good, count: 11).joined(separator: ",")
        for body in [
            "{\"batch\":[]}", "{\"batch\":[\(eleven)]}", "{\"batch\":{}}", "{}", "{\"batch\":[\(good),1]}",
            "{\"batch\":[\(good),{\"name\":\"a\",\"data\":\"\"}]}",
        ] {
            #expect(self.batchFault(body) != nil, "\(body)")
        }
    }

    @Test func `of a call that has a fault, or is not signed, nothing is told`() throws {
        let fixture = try AppFixture.made()
        defer { fixture.stop() }
        let client = try fixture.client()
        try client.join("a", "b")
        let good = #"{"name":"e","channels":["a","b"],"data":"x"}"#
        #expect(fixture.call(#"{"name":"e","channels":["a","b c"],"data":"x"}"#).status == 400)
        let batch = #"{"batch":[{"name":"e","channel":"a","data":"x"},{"name":"e","channel":"a"}]}"#
        #expect(fixture.call(batch, to: "batch_events").status == 400)
        let long = "{\"name\":\"e\",\"channel\":\"a\",\"data\":\"\(String(repeating: "x", count: 10_241))\"}"
        #expect(fixture.call(long).status == 413)
        #expect(fixture.call(good) { query in query[0].value = "plain-key" }.status == 401)
        #expect(fixture.call(good) { query in query.removeAll { $0.name == "auth_signature" } }.status == 401)
        #expect(fixture.call(good) { query in query.append(("x", "y")) }.status == 401)
        #expect(fixture.call(good, method: "PUT").status == 405)
        #expect(fixture.call("", to: "weather", method: "GET").status == 404)
        #expect(fixture.ask("POST /apps/nobody/events?auth_key=chat-key", good).status == 404)
        #expect(fixture.ask("POST /apps/chat/events", good).status == 401)
        #expect(try client.rest() == [])
        #expect(fixture.metrics.published.total == 0)
        #expect(fixture.call(good) == (200, "{}"))
        #expect(try client.next(2).count == 2)
        #expect(fixture.metrics.published.total == 2)
    }
}
