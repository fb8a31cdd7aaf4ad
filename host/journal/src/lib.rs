//! The durable log of operations: what was accepted, what became of it, and nothing that is not journaled first.
