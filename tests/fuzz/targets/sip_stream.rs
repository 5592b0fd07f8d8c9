#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| handsetd_fuzz::sip_stream::check(bytes));
