/// The report as one HTML page that needs no other file and no script.
extension Report {
    func page(_ verdict: Verdict) -> [UInt8] {
        Array(
            """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width,initial-scale=1">
            <title>loadtest \(Markup.escaped(self.title))</title>
            <style>\(Self.style)</style>
            </head>
            <body>
            <main>
            <h1>\(Markup.escaped(self.title))</h1>
            <p class="\(verdict.isGood ? "good" : "bad")">\(Markup.escaped(verdict.line))\
            \(self.wasInterrupted ? " (interrupted)" : "")</p>
            <figure>
            \(LatencyPlot(self).svg)</figure>
            \(self.sections.map(Self.table).joined(separator: "\n"))
            </main>
            </body>
            </html>

            """.utf8)
    }

    private static func table(_ section: Section) -> String {
        let rows = section.rows.map { row in
            "<tr><th scope=\"row\">\(Markup.escaped(row.name))</th><td>\(Markup.escaped(row.value))</td></tr>"
        }
        return "<table>\n<caption>\(Markup.escaped(section.title))</caption>\n\(rows.joined(separator: "\n"))\n</table>"
    }

    private static let style = """
        :root{color-scheme:light dark;--ink:#1b2430;--ground:#f3f5f8;--rule:#d9dee6;--good:#11783a;--bad:#b3261e}\
        @media (prefers-color-scheme:dark){:root{--ink:#e8edf4;--ground:#0d1219;--rule:#324052;--good:#6fdc96;--bad:#ff9d94}}\
        body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}\
        main{max-width:800px;margin:0 auto;padding:24px 16px}h1{font-size:20px;overflow-wrap:anywhere}\
        figure{margin:16px 0}svg{width:100%;height:auto}p{font-weight:600}.good{color:var(--good)}.bad{color:var(--bad)}\
        table{border-collapse:collapse;width:100%;margin:16px 0}caption{text-align:left;font-weight:600;padding:4px 0}\
        th,td{text-align:left;font-weight:400;padding:4px 12px 4px 0;border-top:1px solid var(--rule);vertical-align:top}\
        th{width:14em;opacity:.75}td{font-variant-numeric:tabular-nums}
        """
}
