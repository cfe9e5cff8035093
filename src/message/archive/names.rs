//! Names of members: the charsets and cuts in which different readers show them.

use super::zip::Header;
use super::{Cause, Irregularity, Member};

/// A member with its names and sizes, without content.
pub(super) fn named_member(header: &Header) -> Member {
    let mut member =
        Member { packed_size: header.packed, declared_size: Some(header.size), ..Member::default() };
    member.encrypted = header.is_encrypted();
    let mut names: Vec<String> = header.unicode_name.iter().cloned().collect();
    match std::str::from_utf8(&header.name) {
        Ok(name) => {
            names.push(name.to_owned());
            if header.flags & 0x800 == 0 && !name.is_ascii() {
                names.push(decode_cp437(&header.name));
            }
        }
        Err(_) => {
            if header.flags & 0x800 != 0 {
                member.irregularities.insert(Irregularity::UndecodableName);
                names.push(String::from_utf8_lossy(&header.name).into_owned());
            }
            names.push(decode_cp437(&header.name));
        }
    }
    for name in std::mem::take(&mut names) {
        if let Some((cut, _)) = name.split_once('\0') {
            names.push(cut.to_owned());
        }
        names.push(name);
    }
    if names.iter().any(|name| name.chars().any(char::is_control)) {
        member.irregularities.insert(Irregularity::OddName);
    }
    if names.iter().any(|name| leads_out(name)) {
        member.irregularities.insert(Irregularity::UnsafePath);
    }
    let mut names = names.into_iter();
    member.name = names.next().unwrap_or_default();
    for name in names {
        push_name(&mut member, name);
    }
    member
}

/// Adds the names under which another header shows a member.
pub(super) fn add_names(member: &mut Member, other: Member) {
    member.irregularities.extend(other.irregularities);
    push_name(member, other.name);
    for name in other.other_names {
        push_name(member, name);
    }
}

/// Other names kept of one member; one with more is over a limit.
const OTHER_NAMES: usize = 64;

fn push_name(member: &mut Member, name: String) {
    let known = member.name == name || member.other_names.contains(&name);
    if known {
        return;
    }
    if member.other_names.len() < OTHER_NAMES {
        member.other_names.push(name);
    } else {
        member.cause.get_or_insert(Cause::Limit);
    }
}

fn leads_out(name: &str) -> bool {
    let drive = matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    drive || name.starts_with(['/', '\\']) || name.split(['/', '\\']).any(|step| step == "..")
}

/// A name outside ZIP: UTF-8 if it is that.
pub(super) fn decode_plain_name(name: &[u8]) -> String {
    match std::str::from_utf8(name) {
        Ok(name) => name.to_owned(),
        Err(_) => decode_cp437(name),
    }
}

/// Decodes the charset that APPNOTE (appendix D) lays down for names without the UTF-8 flag.
fn decode_cp437(name: &[u8]) -> String {
    const UPPER: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
    let upper: Vec<char> = UPPER.chars().collect();
    name.iter()
        .map(|&byte| match byte {
            0..=0x7f => char::from(byte),
            _ => upper.get(usize::from(byte) - 0x80).copied().unwrap_or('\u{fffd}'),
        })
        .collect()
}
