/// Guesses what somebody meant to type.
package enum Spelling {
    /// The known word that needs the fewest changes to become `word`, if that is few enough to be a typing error.
    package static func nearest(to word: String, in known: [String]) -> String? {
        let limit = max(2, word.utf8.count / 5)
        let word = Array(word.utf8.prefix(100))
        let distances = known.map { (word: $0, distance: self.distance(word, Array($0.utf8))) }
        return distances.filter { $0.distance <= limit }.min { $0.distance < $1.distance }?.word
    }

    /// How many bytes must be put in, taken out or replaced, or swapped with their neighbour (optimal string alignment).
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1]
            for column in 0..<right.count {
                let isSame = left[row] == right[column]
                var best = min(last[column + 1] + 1, current[column] + 1, last[column] + (isSame ? 0 : 1))
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
