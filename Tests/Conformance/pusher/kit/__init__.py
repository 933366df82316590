"""What the rules are checked with: sockets, signed calls, apps and a receiver of webhooks, all made of plain bytes."""
