//! Secret rules, applied to everything captured before it goes anywhere.
