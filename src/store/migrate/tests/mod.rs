mod damaged;
mod describe;
mod fill;
mod golden;
mod interrupted;
