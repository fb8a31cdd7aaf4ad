//! A directory in memory.
