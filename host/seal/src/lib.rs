//! Sealed passwords: HPKE (RFC 9180), bound to the operation that they were sealed for.
