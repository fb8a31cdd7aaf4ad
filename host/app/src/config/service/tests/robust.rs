//! Whatever the bytes are, there is a configuration or there are problems that can be shown.
