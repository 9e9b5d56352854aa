mod describe;
mod fill;
mod golden;
