//! Redaction and lines.
