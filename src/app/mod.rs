//! Interface state, messages, update, effects, key map: no terminal here.
