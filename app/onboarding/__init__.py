"""The first steps: what they are, and what they try out while somebody takes them."""
