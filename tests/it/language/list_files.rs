//! List files: large ones are read quickly, wrong lines are told where they are, and not without end.

use mailfw::base::address::Address;
use mailfw::base::diagnostic::Diagnostic;
use mailfw::base::limits::SourceLimits;
use mailfw::language::hir::{DirectoryId, ListEntries};
use mailfw::language::{self, Checked};
use std::collections::BTreeMap;

const POLICY: &str = "content policy p for senders {\n when subject contains \"x\"\n tag \"x\"\n}\n";

fn check(main: &str, files: &[(&str, String)]) -> Checked {
    let mut sources = BTreeMap::from([("main.mfp".to_string(), main.as_bytes().to_vec())]);
    sources.extend(files.iter().map(|(name, text)| (name.to_string(), text.clone().into_bytes())));
    language::check("main.mfp", &mut sources, &SourceLimits::default())
}

fn people(text: String) -> Checked {
    check(&format!("directory people {{ list \"people.txt\"\n {POLICY} }}\n"), &[("people.txt", text)])
}

/// File, line and message of a finding.
fn shown(checked: &Checked, finding: &Diagnostic) -> String {
    let source = checked.map.get(finding.primary.span.source).unwrap();
    let (line, _) = source.line_column(finding.primary.span.start as usize);
    format!("{}:{line}: {}", source.name, finding.message)
}

fn all_shown(checked: &Checked) -> Vec<String> {
    checked.diagnostics.sorted().into_iter().map(|finding| shown(checked, finding)).collect()
}

#[test]
fn a_directory_of_two_hundred_thousand_lines_is_read_in_linear_time() {
    let mut text = String::from("# everybody\n");
    for number in 0..100_000 {
        text += &format!("user{number}@mail.example\n  @host{number}.example\n");
    }
    let checked = people(text);
    let hir = checked.hir.as_ref().unwrap_or_else(|| panic!("{:?}", all_shown(&checked)));
    assert_eq!(hir.homes.len(), 200_000);
    let home = DirectoryId(0);
    assert_eq!(hir.directories[home.index()].path.as_ref(), "people");
    assert_eq!(hir.homes.address(&Address::parse("USER99999@mail.example").unwrap()), Some(home.0));
    assert_eq!(hir.homes.domain("host99999.example"), Some(home.0));
    assert_eq!(hir.homes.domain("host100000.example"), None);
    let size = hir.homes.size();
    assert!(size.bytes < size.text_bytes + 4 * size.entries + 1024, "{size:?}");
}

#[test]
fn wrong_lines_of_a_file_are_told_with_their_line_and_then_counted() {
    let mut text = String::from("anna@mail.example\n");
    for number in 0..100_000 {
        text += &format!("no address {number}\n");
    }
    let checked = people(text);
    assert!(checked.hir.is_none());
    let found = all_shown(&checked);
    assert_eq!(found.len(), 21, "{found:?}");
    assert_eq!(found[0], "people.txt:2: `no address 0` is no e-mail address");
    assert_eq!(found[19], "people.txt:21: `no address 19` is no e-mail address");
    assert_eq!(found[20], "people.txt:22: 99980 more lines of this file are wrong");
}

#[test]
fn a_list_of_the_wrong_sort_is_told_and_then_counted() {
    let main = "list friends { bob@b.example\n from \"friends.txt\" }\ndirectory d { domain @a.example\n \
                content policy p for senders {\n when sender in friends\n tag \"x\"\n}\n}\n";
    let text: String = (0..50_000).map(|number| format!("word {number}\n")).collect();
    let checked = check(main, &[("friends.txt", text)]);
    let found = all_shown(&checked);
    assert_eq!(found.len(), 21, "{found:?}");
    assert_eq!(found[0], "friends.txt:1: texts stand in a list of addresses");
    assert_eq!(found[20], "friends.txt:21: 49980 more lines of this file are wrong");
}

#[test]
fn entries_of_two_directories_are_told_at_their_lines_and_then_counted() {
    let list: String = (0..5_000).map(|number| format!("  user{number}@a.example \n")).collect();
    let main =
        format!("directory one {{ list \"one.txt\"\n {POLICY} }}\ndirectory two {{ list \"two.txt\" }}\n");
    let checked = check(&main, &[("one.txt", list.clone()), ("two.txt", list)]);
    let homes: Vec<&Diagnostic> = checked.diagnostics.iter().collect();
    assert_eq!(homes.len(), 21);
    assert_eq!(shown(&checked, homes[0]), "two.txt:1: `user0@a.example` is at home in `one` already");
    assert_eq!(checked.map.slice(homes[0].primary.span), "user0@a.example");
    assert_eq!(checked.map.slice(homes[0].secondary[0].span), "user0@a.example");
    assert_eq!(checked.map.get(homes[0].secondary[0].span.source).unwrap().name, "one.txt");
    assert_eq!(shown(&checked, homes[20]), "two.txt:20: 4980 more entries are at home in two directories");
}

#[test]
fn a_line_that_stands_twice_in_one_directory_is_one_entry() {
    let checked = people("anna@a.example\nANNA@A.example\n@a.example\n@a.example.\n@*.a.example\n".into());
    assert_eq!(all_shown(&checked), Vec::<String>::new());
    assert_eq!(checked.hir.unwrap().homes.len(), 3);
}

#[test]
fn all_list_files_of_a_set_have_one_limit() {
    let limits = SourceLimits { all_list_bytes: 30, ..SourceLimits::default() };
    let main = format!("directory d {{ list \"a.txt\"\n list \"b.txt\"\n {POLICY} }}\n");
    let mut sources = BTreeMap::from([
        ("main.mfp".to_string(), main.into_bytes()),
        ("a.txt".to_string(), b"anna@mail.example\n".to_vec()),
        ("b.txt".to_string(), b"bob@mail.example\n".to_vec()),
    ]);
    let checked = language::check("main.mfp", &mut sources, &limits);
    assert_eq!(all_shown(&checked), ["main.mfp:2: `b.txt` cannot be read: it is larger than 12 bytes"]);
}

#[test]
fn a_named_list_hands_its_entries_to_a_directory() {
    let main = format!("list staff {{ from \"staff.txt\" }}\ndirectory d {{ list staff\n {POLICY} }}\n");
    let checked = check(&main, &[("staff.txt", "anna@a.example\n@*.b.example\n".to_string())]);
    let hir = checked.hir.as_ref().unwrap_or_else(|| panic!("{:?}", all_shown(&checked)));
    assert_eq!(hir.homes.address(&Address::parse("anna@a.example").unwrap()), Some(0));
    assert_eq!(hir.homes.domain("x.b.example"), Some(0));
    assert!(matches!(&hir.lists[0].entries, ListEntries::Addresses(table) if table.len() == 2));
}

#[test]
fn a_dotted_path_is_no_deeper_than_directories_may_be_nested() {
    let path = vec!["a"; 20_000].join(".");
    let checked = check(&format!("directory {path} {{ domain @a.example\n {POLICY} }}\n"), &[]);
    assert_eq!(all_shown(&checked), ["main.mfp:1: directories nested too deep"]);
}

#[test]
fn a_loaded_set_keeps_the_texts_of_policy_files_and_of_list_files_the_places_alone() {
    let main = format!(
        "list staff {{ from \"staff.txt\" }}\ndirectory people {{ list \"people.txt\"\n \
         content policy q for senders {{ when recipient in staff tag \"x\" }}\n {POLICY} }}\n"
    );
    let files = [
        ("people.txt", "# everybody\nanna@mail.example\nbert@mail.example\n".to_string()),
        ("staff.txt", "carla@mail.example\n".to_string()),
    ];
    let checked = check(&main, &files);
    let hir = checked.hir.as_ref().unwrap_or_else(|| panic!("{:?}", all_shown(&checked)));
    let texts: BTreeMap<&str, &str> =
        hir.sources.iter().map(|(_, source)| (source.name.as_str(), &*source.text)).collect();
    assert_eq!((texts["main.mfp"], texts["people.txt"], texts["staff.txt"]), (main.as_str(), "", ""));
    let (id, people) = hir.sources.iter().find(|(_, source)| source.name == "people.txt").unwrap();
    let whole = checked.map.get(id).unwrap();
    assert_eq!(&*whole.text, files[0].1, "who shows findings has the whole text");
    let second = whole.text.find("bert").unwrap();
    assert_eq!((people.line_column(second + 2), whole.line_column(second + 2)), ((3, 3), (3, 3)));
}
