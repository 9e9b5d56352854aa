//! What a capture takes beyond structure and texts, because the user wants it kept.

/// What is captured only where the user asks for it. By default nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// The names of the environment variables that are kept, exactly as they are spelled.
    pub environment: Vec<String>,
    /// Whether paste buffers are kept.
    pub buffers: bool,
}
