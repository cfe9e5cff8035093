#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    mailfw_fuzz::smtp_client(bytes);
});
