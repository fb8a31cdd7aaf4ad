//! The service: what `portcullis serve` keeps running.

pub mod registry;
