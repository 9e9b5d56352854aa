//! What is checked without a server: the layers and words of the source, the scripts, the corpora
//! of the fuzz targets.

mod actions;
mod fuzz_replay;
mod layers;
mod nouns;
mod scripts;
mod width;
