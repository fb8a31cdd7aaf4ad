//! A passed check as a value.

/// A request that passed the grants. Effects take one of these and nothing else, and only the grants of a capability
/// can make one: a call that was not checked does not compile.
#[derive(Debug)]
pub struct Permitted<T>(T);

impl<T> Permitted<T> {
    /// For the grants of this crate alone.
    pub(crate) fn new(request: T) -> Self {
        Self(request)
    }

    /// Looks at the request, for the event.
    pub(crate) fn look<R>(&self, see: impl FnOnce(&T) -> R) -> R {
        see(&self.0)
    }

    /// The request, to be carried out.
    pub(crate) fn into_inner(self) -> T {
        self.0
    }
}
