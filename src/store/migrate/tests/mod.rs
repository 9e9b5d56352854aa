mod damaged;
mod describe;
mod fill;
pub(in crate::store) mod golden;
mod interrupted;
