mod damaged;
mod describe;
pub(in crate::store) mod fill;
pub(in crate::store) mod golden;
mod interrupted;
pub(in crate::store) mod place;
