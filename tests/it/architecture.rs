//! The house rules that cargo does not keep inside one package: which room imports which, who prints, who knows what.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The rooms, each importing only those before it.
const ROOMS: &[&str] = &["base", "language", "message", "plan", "lookup", "policy", "relay", "tools", "cli"];

/// Lines a file may have.
const LINES: usize = 700;

/// A source file: its path from the crate's root, and its lines of code outside comments and unit tests.
struct SourceFile {
    path: String,
    room: Option<String>,
    code: Vec<(usize, String)>,
    length: usize,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<SourceFile> {
    let mut paths = Vec::new();
    rust_files(&root().join("src"), &mut paths);
    paths.sort();
    assert!(paths.len() > 30, "the scan finds the sources");
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> SourceFile {
    let text = std::fs::read_to_string(path).unwrap();
    let relative = path.strip_prefix(root()).unwrap().to_str().unwrap().to_string();
    let room =
        relative.strip_prefix("src/").and_then(|rest| rest.split_once('/')).map(|(room, _)| room.to_string());
    let code = text
        .lines()
        .enumerate()
        .take_while(|(_, line)| !line.trim_start().starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(at, line)| (at + 1, line.to_string()))
        .collect();
    SourceFile { path: relative, room, code, length: text.lines().count() }
}

/// The rooms a file names by `crate::room`, `crate::{room, …}` or enough `super::` to leave its own.
fn rooms_named(file: &SourceFile) -> Vec<(usize, String)> {
    let code: String = file.code.iter().map(|(_, line)| format!("{line}\n")).collect();
    let line_of = |offset: usize| {
        let nth = code[..offset].matches('\n').count();
        file.code[nth].0
    };
    let mut named = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            for name in top_level_names(group) {
                named.push((line_of(at), name));
            }
        } else {
            named.push((line_of(at), leading_name(rest)));
        }
    }
    let depth = file.path.trim_end_matches("/mod.rs").trim_end_matches(".rs").matches('/').count();
    for (at, climb) in code.match_indices(&"super::".repeat(depth)) {
        if !code[..at].ends_with("super::") {
            named.push((line_of(at), leading_name(&code[at + climb.len()..])));
        }
    }
    named
}

fn leading_name(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

/// The first names of the items of a `{…}` group, whose opening brace is already gone.
fn top_level_names(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0;
    let mut item = String::new();
    for character in group.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(leading_name(item.trim()));
                item.clear();
                continue;
            }
            _ => {}
        }
        item.push(character);
    }
    names.push(leading_name(item.trim()));
    names.retain(|name| !name.is_empty());
    names
}

/// All lines that hold one of the words, in the files a condition selects.
fn mentions(words: &[&str], selected: impl Fn(&SourceFile) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in sources().iter().filter(|file| selected(file)) {
        for (number, line) in &file.code {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    found
}

fn files(found: &[String]) -> BTreeSet<&str> {
    found.iter().filter_map(|place| place.split(':').next()).collect()
}

#[test]
fn a_room_imports_only_rooms_above_it() {
    let rank = |room: &str| ROOMS.iter().position(|known| *known == room);
    let mut wrong = Vec::new();
    let mut imports = 0;
    for file in sources() {
        let Some(room) = &file.room else { continue };
        let own = rank(room).unwrap_or_else(|| panic!("{}: `{room}` is no room of the list", file.path));
        for (line, named) in rooms_named(&file) {
            let Some(other) = rank(&named) else { continue };
            imports += 1;
            if other > own {
                wrong.push(format!("{}:{line}: `{room}` imports `{named}`, which lies below it", file.path));
            }
        }
    }
    assert!(imports > 20, "the scan sees imports, it saw {imports}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A file of the room `plan` with this code.
fn file_of_plan(code: &str) -> SourceFile {
    SourceFile {
        path: "src/plan/host.rs".to_string(),
        room: Some("plan".to_string()),
        code: code.lines().enumerate().map(|(at, line)| (at + 1, line.to_string())).collect(),
        length: 3,
    }
}

#[test]
fn the_scan_sees_every_way_to_name_a_room() {
    let code = "use crate::{base::source::{Span, Spanned}, cli};\nlet x = crate::policy::decide();\nuse super::super::tools;";
    let file = file_of_plan(code);
    let named: Vec<String> = rooms_named(&file).into_iter().map(|(_, name)| name).collect();
    assert_eq!(named, ["base", "cli", "policy", "tools"]);
}

#[test]
fn lib_lists_the_rooms_in_their_order() {
    let lib = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let mut declared: Vec<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let mut rooms = ROOMS.to_vec();
    declared.sort_unstable();
    rooms.sort_unstable();
    assert_eq!(declared, rooms);
    let places: Vec<usize> = ROOMS.iter().map(|room| lib.find(&format!("[`{room}`]: ")).unwrap()).collect();
    assert!(places.is_sorted(), "the map in lib.rs lists the rooms in the order of imports");
}

/// What belongs to the world outside.
const OUTSIDE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::process",
    "std::net::TcpStream",
    "std::io::stdin",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "SystemClock",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "UnixStream",
    "File::open",
];

/// The paths that the `use` items of a file name, each written out: `use std::{fs, io::{self, stdin}}` names `std::fs`,
/// `std::io` and `std::io::stdin`.
fn used_paths(file: &SourceFile) -> Vec<(usize, String)> {
    let code: String = file.code.iter().map(|(_, line)| format!("{line}\n")).collect();
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("use ") {
        let line_start = code[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let before = code[line_start..at].trim();
        if !(before.is_empty() || before.starts_with("pub")) {
            continue;
        }
        let tree: String = code[at + 4..]
            .split(';')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let line = file.code[code[..at].matches('\n').count()].0;
        written_out("", &tree, &mut |path| paths.push((line, path)));
    }
    paths
}

fn written_out(prefix: &str, tree: &str, found: &mut dyn FnMut(String)) {
    let Some((head, group)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        return found(format!("{prefix}{path}").trim_end_matches("::self").to_string());
    };
    let (mut depth, mut item) = (0, String::new());
    for character in group.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                written_out(&format!("{prefix}{}", head.trim()), item.trim(), found);
                item.clear();
                continue;
            }
            _ => {}
        }
        item.push(character);
    }
    if !item.trim().is_empty() {
        written_out(&format!("{prefix}{}", head.trim()), item.trim(), found);
    }
}

/// Whether a path is what a word names, or lies in it.
fn names_it(path: &str, word: &str) -> bool {
    path == word || path.strip_prefix(word).is_some_and(|rest| rest.starts_with("::"))
}

#[test]
fn language_and_plan_touch_nothing_outside() {
    let pure = |file: &SourceFile| matches!(file.room.as_deref(), Some("language" | "plan"));
    let mut found = mentions(OUTSIDE, pure);
    let mut uses = 0;
    for file in sources().iter().filter(|file| pure(file)) {
        for (line, path) in used_paths(file) {
            uses += 1;
            if OUTSIDE.iter().any(|word| names_it(&path, word)) {
                found.push(format!("{}:{line}: use {path}", file.path));
            }
        }
    }
    assert!(uses > 100, "the scan sees what is used, it saw {uses}");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_scan_of_uses_looks_into_groups() {
    let code = "use std::{fmt, fs, io::{self, stdin as input}};\npub use std::env;\nlet use_it = 1;\n";
    let file = file_of_plan(code);
    let paths: Vec<String> = used_paths(&file).into_iter().map(|(_, path)| path).collect();
    assert_eq!(paths, ["std::fmt", "std::fs", "std::io", "std::io::stdin", "std::env"]);
    let outside = paths.iter().filter(|path| OUTSIDE.iter().any(|word| names_it(path, word)));
    assert_eq!(outside.count(), 3);
}

/// Every file of the project that people read.
fn texts() -> Vec<(String, String)> {
    let mut open: Vec<PathBuf> =
        ["src", "tests", "docs", "benches", "stdlib", "examples", "grammar", "scripts", "fuzz"]
            .map(|name| root().join(name))
            .into();
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            found.push((path.strip_prefix(root()).unwrap().to_str().unwrap().to_string(), text));
        }
    }
    found
}

#[test]
fn texts_name_the_reference_and_no_paper_that_is_not_here() {
    let word = ["char", "ter"].concat();
    let named = |text: &str| {
        let mut words = text.split(|sign: char| !sign.is_alphanumeric());
        words.any(|found| found.eq_ignore_ascii_case(&word))
    };
    let texts = texts();
    assert!(texts.len() > 300, "the scan finds the texts, it found {}", texts.len());
    let wrong: Vec<&str> = texts
        .iter()
        // A domain of this name is in a list of the library.
        .filter(|(path, text)| path != "stdlib/lists.mfp" && named(text))
        .map(|(path, _)| path.as_str())
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn the_corpus_of_real_mail_is_looked_for_in_one_place() {
    let default = ["shared", "corpus"].join("/");
    let named = texts().into_iter().filter(|(_, text)| text.contains(&default));
    let mut files: Vec<String> = named.map(|(path, _)| path).collect();
    files.sort();
    assert_eq!(files, ["tests/it/corpus.rs"]);
}

#[test]
fn every_code_of_the_registry_is_raised_somewhere() {
    let registry = std::fs::read_to_string(root().join("src/tools/registry.rs")).unwrap();
    let codes: Vec<&str> = registry
        .lines()
        .filter_map(|line| {
            line.strip_prefix("pub const ")?.split_once(": Code = Code(").map(|(name, _)| name)
        })
        .collect();
    assert!(codes.len() > 5, "{codes:?}");
    let elsewhere = |file: &SourceFile| file.path != "src/tools/registry.rs";
    for code in codes {
        let raised = mentions(&[&format!("registry::{code}")], elsewhere);
        assert!(!raised.is_empty(), "{code} has a page and is never raised");
    }
}

#[test]
fn codes_are_spelled_with_hyphens() {
    let wrong: Vec<&str> =
        mailfw::tools::registry::pages().map(|page| page.code.0).filter(|code| code.contains('_')).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn only_tools_and_cli_print() {
    let printing = ["println!", "eprintln!", "print!(", "eprint!(", "dbg!(", "io::stdout", "io::stderr"];
    let found = mentions(&printing, |file| !matches!(file.room.as_deref(), Some("tools" | "cli")));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn foreign_names_stay_in_their_file() {
    for (word, home) in [
        ("miette", "src/tools/render_human.rs"),
        ("comfy_table", "src/tools/table.rs"),
        ("sarif-schema", "src/tools/sarif.rs"),
        ("physicalLocation", "src/tools/sarif.rs"),
        ("\"2.1.0\"", "src/tools/sarif.rs"),
    ] {
        let found = mentions(&[word], |_| true);
        assert!(
            files(&found).iter().all(|file| *file == home),
            "{word} stays in {home}:\n{}",
            found.join("\n")
        );
    }
    assert!(!mentions(&["miette"], |_| true).is_empty(), "the scan sees the imports of miette");
    let clap = mentions(&["clap"], |file| file.room.as_deref() != Some("cli"));
    assert!(clap.is_empty(), "only cli knows clap:\n{}", clap.join("\n"));
}

#[test]
fn no_file_is_named_for_nothing() {
    let nothing = ["utils", "util", "common", "helpers", "helper", "misc", "manager"];
    for file in sources() {
        for part in file.path.trim_end_matches(".rs").split('/') {
            assert!(!nothing.contains(&part), "{}: what is in it?", file.path);
        }
    }
}

#[test]
fn files_stay_readable() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|file| file.length > LINES)
        .map(|file| format!("{} has {} lines, more than {LINES}", file.path, file.length))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_module_says_what_it_is_for() {
    for file in sources() {
        let text = std::fs::read_to_string(root().join(&file.path)).unwrap();
        assert!(text.starts_with("//!"), "{} opens with its documentation", file.path);
    }
}
