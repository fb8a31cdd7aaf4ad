//! Delivery.

mod breaker;
mod plan;
