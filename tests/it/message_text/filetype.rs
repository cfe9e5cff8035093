use mailfw::message::filetype::{
    Container, Family, detect, detect_named, expected_by_name, extension_of, family_by_name,
};

#[test]
fn a_program_named_as_a_picture_is_a_program() {
    let tool = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/acme/samples/tool.exe")).unwrap();
    let found = detect_named(&tool, "holiday.jpg");
    assert_eq!(found.family, Family::Executable);
    assert_eq!(found.media_type, "application/vnd.microsoft.portable-executable");
}

#[test]
fn programs_are_known_by_their_bytes() {
    for bytes in [
        &b"\x7fELF\x02\x01\x01"[..],
        b"\xcf\xfa\xed\xfe\x07\0\0\x01",
        b"\xca\xfe\xba\xbe\0\0\0\x34\0\x10",
        b"\xca\xfe\xba\xbe\0\0\0\x02\x01\0",
        b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0",
    ] {
        assert_eq!(detect(bytes).family, Family::Executable, "{bytes:?}");
    }
    assert_eq!(detect(b"#!/bin/sh\necho hi\n").family, Family::Script);
    assert_eq!(detect(b"MZ Bank statement for October, all amounts in francs\n").family, Family::Text);
}

#[test]
fn text_is_told_apart_by_name_only_among_texts() {
    assert_eq!(detect_named(b"WScript.Echo 1\r\n", "a.vbs").family, Family::Script);
    assert_eq!(detect_named(b"a,b\n1,2\n", "a.csv").media_type, "text/csv");
    assert_eq!(detect_named(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a.vbs").family, Family::Image);
    assert_eq!(detect_named(b"\xb4\x09\xcd\x21\xff\x00", "a.com").family, Family::Executable);
    assert_eq!(detect(b"<html><hta:application id=x>").family, Family::Script);
    assert_eq!(detect(b"  <!DOCTYPE HTML><p>").family, Family::Html);
    assert_eq!(detect(b"BEGIN:VCALENDAR\r\n").family, Family::Calendar);
    assert_eq!(detect(b"From: a@b.example\r\nSubject: x\r\n\r\nhi").family, Family::Message);
    assert_eq!(detect(b"Note: this\nis text: yes\n").family, Family::Text);
    assert_eq!(detect(b"").family, Family::Empty);
}

#[test]
fn names_are_read_as_systems_read_them() {
    for name in [
        "a.exe",
        "A.EXE",
        "a.exe.",
        "a.exe ",
        "a.exe. .",
        "a.jpg.exe",
        "x/y.exe",
        "a.exe::$DATA",
        "a.ｅｘｅ",
        "a.e\u{200b}xe",
    ] {
        assert_eq!(extension_of(name), "exe", "{name:?}");
        assert_eq!(family_by_name(name), Some(Family::Executable), "{name:?}");
    }
    assert_eq!(extension_of("README"), "");
    assert_eq!(family_by_name("a.txt"), None);
    for script in ["a.vbs", "a.js", "a.ps1", "a.bat", "a.hta", "a.wsf", "a.url"] {
        assert_eq!(family_by_name(script), Some(Family::Script), "{script}");
    }
    for program in ["a.scr", "a.msi", "a.lnk", "a.jar", "a.xll", "a.appimage"] {
        assert_eq!(family_by_name(program), Some(Family::Executable), "{program}");
        assert_eq!(expected_by_name(program).unwrap().family, Family::Executable);
    }
}

#[test]
fn an_archive_behind_something_else_is_still_a_container() {
    let mut bytes = b"\xff\xd8\xff\xe0 picture".to_vec();
    bytes.extend_from_slice(b"PK\x05\x06");
    bytes.extend_from_slice(&[0; 18]);
    assert_eq!(detect(&bytes).container, Container::Zip);
}

#[test]
fn types_of_the_corpus_are_known() {
    let mut programs = 0;
    for path in super::corpus_files("virus-test/clamav") {
        let found = detect(&std::fs::read(&path).unwrap());
        let name = path.file_name().unwrap().to_str().unwrap();
        let family = match name {
            "clam.exe.bin" | "clam-upx.exe.bin" => Family::Executable,
            "clam.pdf" | "clam.exe.rtf" | "clam.ole.doc" => Family::Document,
            "clam.exe.html" => Family::Html,
            "clam.exe.binhex" => continue,
            _ => Family::Archive,
        };
        programs += usize::from(family == Family::Executable);
        assert_eq!(found.family, family, "{name}: {found:?}");
    }
    assert!(programs == 2 || super::corpus("virus-test").is_none());
}

#[test]
fn encrypted_messages_are_known_by_their_content_type_and_signatures_are_none() {
    let enveloped = b"\x30\x82\x02\x1b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0\x82\x02\x0c";
    let of_unknown_length = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0\x80\x30\x80";
    let authenticated = b"\x30\x82\x02\x1b\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17\xa0\x82";
    for bytes in [&enveloped[..], of_unknown_length, authenticated] {
        assert_eq!(detect(bytes).family, Family::Encrypted, "{bytes:?}");
    }
    let signed = b"\x30\x82\x02\x1b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x82\x02\x0c";
    assert_eq!(detect(signed).media_type, "application/pkcs7-signature");
    assert_ne!(detect(b"\x30\x82").family, Family::Encrypted);
}
