#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mailfw_fuzz::config(bytes));
