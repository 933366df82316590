/// Masking (RFC 6455 5.3): every payload byte is combined with one of four key bytes, in turn.
enum WebSocketMask {
    /// Masks or unmasks `bytes` in place; both are the same operation.
    ///
    /// - Parameters:
    ///   - key: the four key bytes, the first one in the low eight bits.
    ///   - phase: how many payload bytes of the frame came before these.
    static func apply(_ key: UInt32, to bytes: UnsafeMutableRawBufferPointer, phase: Int = 0) {
        guard key != 0, var next = bytes.baseAddress else { return }
        let turn = UInt32(truncatingIfNeeded: phase & 3) &* 8
        var four = key &>> turn | key &<< (0 &- turn)  // a masking shift looks at five bits only
        let eight = UInt64(four) &<< 32 | UInt64(four)
        let sixteen = SIMD2(repeating: eight.littleEndian)
        let end = next + bytes.count
        // Safety: every access lies within `bytes`, as the loop conditions say; it need not be aligned.
        while end - next >= 32 {
            let low = next.loadUnaligned(as: SIMD2<UInt64>.self) ^ sixteen
            let high = (next + 16).loadUnaligned(as: SIMD2<UInt64>.self) ^ sixteen
            next.storeBytes(of: low, as: SIMD2<UInt64>.self)
            (next + 16).storeBytes(of: high, as: SIMD2<UInt64>.self)
            next += 32
        }
        while end - next >= 8 {
            next.storeBytes(of: next.loadUnaligned(as: UInt64.self) ^ eight.littleEndian, as: UInt64.self)
            next += 8
        }
        if end - next >= 4 {
            next.storeBytes(of: next.loadUnaligned(as: UInt32.self) ^ four.littleEndian, as: UInt32.self)
            next += 4
        }
        while next < end {
            next.storeBytes(of: next.load(as: UInt8.self) ^ UInt8(truncatingIfNeeded: four), as: UInt8.self)
            four &>>= 8
            next += 1
        }
    }
}
