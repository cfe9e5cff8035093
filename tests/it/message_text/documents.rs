use mailfw::message::documents::{DocumentFacts, inspect};
use mailfw::message::filetype::detect;

fn facts(bytes: &[u8]) -> DocumentFacts {
    inspect(bytes, &detect(bytes), None)
}

#[test]
fn office_documents_of_the_corpus_say_what_they_hold() {
    for path in super::corpus_files("office") {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let found = facts(&std::fs::read(&path).unwrap());
        println!("{name}: {found:?}");
        assert_eq!(found.encrypted, name.contains("encrypted"), "{name}: {found:?}");
        assert!(!found.corrupt, "{name}: {found:?}");
        if name.contains("harmless") {
            assert!(!found.macros && !found.active, "{name}: {found:?}");
        }
        if name.contains("_dde") {
            assert!(found.active, "{name}: {found:?}");
        }
    }
}

#[test]
fn macros_in_mail_of_the_corpus_are_found() {
    let facts_of = |name: &str| {
        let path = super::corpus(&format!("fixtures-antispam/spamassassin-t__spam_olevbmacro_{name}.eml"))?;
        let limits = mailfw::base::limits::MessageLimits::default();
        let message = mailfw::message::Message::parse(std::fs::read(path).unwrap(), &limits);
        let macros = message.attachments().iter().any(|attachment| attachment.has_macros());
        let encrypted = message.attachments().iter().any(|attachment| attachment.is_encrypted());
        Some((macros, encrypted))
    };
    let Some(nothing) = facts_of("nomacro") else { return };
    assert_eq!(nothing, (false, false));
    assert!(facts_of("encrypted").unwrap().1);
    assert!(facts_of("zippwmacro").unwrap().1);
    let word = std::fs::read(super::corpus("virus-test/clamav/clam.ole.doc").unwrap()).unwrap();
    assert!(!facts(&word).macros);
}

#[test]
fn a_vba_project_is_macros_wherever_it_lies() {
    use std::io::Write;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in
        [("[Content_Types].xml", "<Types/>"), ("word\\VBAPROJECT.bin", "x"), ("word/document.xml", "<w/>")]
    {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    assert!(facts(&writer.finish().unwrap().into_inner()).macros);
}

#[test]
fn pdf_marks_are_found_however_they_are_spelled() {
    let pdf = |body: &str| facts(format!("%PDF-1.7\n{body}\nstartxref\n0\n%%EOF").as_bytes());
    assert!(pdf("trailer << /Encrypt 5 0 R >>").encrypted);
    assert!(pdf("trailer << /#45ncrypt 5 0 R >>").encrypted);
    assert!(!pdf("<< /EncryptMetadata true >>").encrypted);
    assert!(pdf("<< /S /Java#53cript /JS (x) >>").active);
    assert!(pdf("<< /OpenAction << /S /Launch >> >>").active);
    assert!(!pdf("<< /OpenAction [3 0 R /Fit] >>").active);
    assert!(facts(b"%PDF-1.7\nnothing").corrupt);
}

#[test]
fn rtf_with_embedded_objects_acts() {
    assert!(facts(b"{\\rtf1{\\object\\objdata 0105}}").active);
    assert!(!facts(b"{\\rtf1 hello}").active);
}
