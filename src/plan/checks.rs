//! The checks of detectors: arithmetic and tables that tell a number that was given out from digits that look like one.
//!
//! Each takes a candidate in its [`normalised`] form. Cost: linear in the candidate, which is short. A candidate of a
//! wrong length or alphabet fails, it is no error. Published test numbers pass: they are well-formed, and people test
//! policies with them.

use crate::language::hir::Check;

/// A candidate without what people part its groups with: blanks, dots and dashes of every kind, and of a number slashes
/// and underscores.
pub fn normalised(candidate: &str) -> String {
    let parts = |character: char| matches!(character, '/' | '_');
    let in_number =
        |character: char| character.is_ascii_digit() || is_separator(character) || parts(character);
    // Among letters they are characters of a key or a token.
    let is_number = candidate.chars().all(in_number);
    candidate
        .chars()
        .filter(|&character| !(is_separator(character) || is_number && parts(character)))
        .collect()
}

pub(super) fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '.' | '-' | '\u{2010}'
                ..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' | '\u{B7}'
        )
}

/// Whether a candidate in its normalised form passes a check.
pub fn passes(check: Check, normalised: &str) -> bool {
    match check {
        Check::Luhn => luhn(normalised),
        Check::CardIssuer => card_issuer(normalised),
        Check::Iban => iban(normalised),
        Check::Bic => bic(normalised),
        Check::Aba => aba(normalised),
        Check::Ssn => ssn(normalised),
        Check::Nino => nino(normalised),
        Check::Nhs => nhs(normalised),
        Check::SteuerId => steuer_id(normalised),
        Check::Insee => insee(normalised),
        Check::Mrz => mrz(normalised),
        Check::Entropy => entropy(normalised),
    }
}

/// The digits of a text that has nothing else; `None` for any other. At most 64.
fn digits(text: &str) -> Option<Vec<u32>> {
    if text.len() > 64 {
        return None;
    }
    text.chars().map(|character| character.to_digit(10)).collect()
}

/// The number that the digits of a text are, from one position to another.
fn number(text: &str, from: usize, to: usize) -> Option<u32> {
    text.get(from..to).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

/// ISO/IEC 7812-1, annex B.
fn luhn(text: &str) -> bool {
    let Some(digits) = digits(text).filter(|digits| digits.len() >= 2) else { return false };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match (place % 2, digit * 2) {
            (0, _) => digit,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Prefixes of issuers, as ranges of their leading digits, with the lengths of their numbers.
const ISSUERS: &[(u32, u32, &[usize])] = &[
    // Visa
    (4, 4, &[13, 16, 18, 19]),
    // Mastercard
    (51, 55, &[16]),
    (2221, 2720, &[16]),
    // American Express
    (34, 34, &[15]),
    (37, 37, &[15]),
    // Diners Club
    (300, 305, &[14, 15, 16, 17, 18, 19]),
    (3095, 3095, &[14, 15, 16, 17, 18, 19]),
    (36, 36, &[14, 15, 16, 17, 18, 19]),
    (38, 39, &[14, 15, 16, 17, 18, 19]),
    // Discover
    (6011, 6011, &[16, 17, 18, 19]),
    (644, 649, &[16, 17, 18, 19]),
    (65, 65, &[16, 17, 18, 19]),
    // JCB
    (3528, 3589, &[16, 17, 18, 19]),
    (1800, 1800, &[15]),
    (2131, 2131, &[15]),
    // UnionPay
    (62, 62, &[16, 17, 18, 19]),
    (810, 817, &[16, 17, 18, 19]),
    // Maestro
    (5018, 5018, &[12, 13, 14, 15, 16, 17, 18, 19]),
    (5020, 5020, &[12, 13, 14, 15, 16, 17, 18, 19]),
    (5038, 5038, &[12, 13, 14, 15, 16, 17, 18, 19]),
    (5612, 5612, &[12, 13, 14, 15, 16, 17, 18, 19]),
    (5893, 5893, &[12, 13, 14, 15, 16, 17, 18, 19]),
    (6304, 6304, &[12, 13, 14, 15, 16, 17, 18, 19]),
    (6390, 6390, &[12, 13, 14, 15, 16, 17, 18, 19]),
    (67, 67, &[12, 13, 14, 15, 16, 17, 18, 19]),
    // Dankort
    (5019, 5019, &[16]),
    // Mir
    (2200, 2204, &[16, 17, 18, 19]),
    // Troy
    (9792, 9792, &[16]),
    // RuPay
    (508, 508, &[16]),
    (60, 60, &[16]),
    (82, 82, &[16]),
    // Verve
    (506_099, 506_198, &[16, 18, 19]),
    // UzCard, Humo
    (8600, 8600, &[16]),
    (9860, 9860, &[16]),
    // UATP
    (1, 1, &[15]),
];

/// The prefix of an issuer with a length that issuer uses.
fn card_issuer(text: &str) -> bool {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    ISSUERS.iter().any(|&(from, to, lengths)| {
        let places = from.ilog10() as usize + 1;
        lengths.contains(&text.len())
            && number(text, 0, places).is_some_and(|prefix| (from..=to).contains(&prefix))
    })
}

/// Countries with the lengths of their IBANs: the registry of ISO 13616, and countries that use the form without being
/// in it.
const IBAN_LENGTHS: &str = "AD24 AE23 AL28 AO25 AT20 AZ28 BA20 BE16 BF28 BG22 BH22 BI27 BJ28 BR29 BY28 CF27 CG27 CH21 \
    CI28 CM27 CR22 CV25 CY28 CZ24 DE22 DJ27 DK18 DO28 DZ26 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GA27 GB22 GE22 GI23 GL18 \
    GQ27 GR27 GT28 GW25 HN28 HR21 HU28 IE22 IL23 IQ23 IR26 IS26 IT27 JO30 KM27 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 \
    LY25 MA28 MC27 MD24 ME22 MG27 MK19 ML28 MN20 MR27 MT31 MU30 MZ25 NE28 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 \
    RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SN28 SO23 ST25 SV28 TD27 TG28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 \
    YE30";

/// ISO 13616 and ISO 7064 mod 97-10.
fn iban(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    let Some((country, rest)) = text.split_at_checked(2) else { return false };
    let fits = IBAN_LENGTHS
        .split_ascii_whitespace()
        .filter_map(|entry| entry.split_at_checked(2))
        .any(|(known, length)| known == country && length.parse() == Ok(text.len()));
    let Some((check_digits, account)) = rest.split_at_checked(2) else { return false };
    fits && check_digits.bytes().all(|byte| byte.is_ascii_digit())
        && mod_97(account)
            .and_then(|sum| continue_mod_97(sum, country))
            .and_then(|sum| continue_mod_97(sum, check_digits))
            == Some(1)
}

fn mod_97(text: &str) -> Option<u32> {
    continue_mod_97(0, text)
}

fn continue_mod_97(start: u32, text: &str) -> Option<u32> {
    text.chars().try_fold(start, |sum, character| {
        let value = character.to_digit(36)?;
        Some((sum * if value > 9 { 100 } else { 10 } + value) % 97)
    })
}

/// ISO 3166-1 alpha-2, and XK, which banks use.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ \
    FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT \
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP \
    MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE \
    RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV \
    TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// ISO 9362: four letters, a country, a place, and a branch or none.
fn bic(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    matches!(text.len(), 8 | 11)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && text.get(..6).is_some_and(|head| head.bytes().all(|byte| byte.is_ascii_alphabetic()))
        && text
            .get(4..6)
            .is_some_and(|country| COUNTRIES.split_ascii_whitespace().any(|known| known == country))
}

/// A routing number of the American Bankers Association.
fn aba(text: &str) -> bool {
    let Some(digits) = digits(text).filter(|digits| digits.len() == 9) else { return false };
    let prefix = number(text, 0, 2);
    let sum: u32 =
        digits.iter().zip([3, 7, 1].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    prefix.is_some_and(|prefix| matches!(prefix, 1..=12 | 21..=32 | 61..=72 | 80)) && sum.is_multiple_of(10)
}

/// A US social security number: no area 000, 666 or from 900 on, no group 00, no serial 0000.
fn ssn(text: &str) -> bool {
    if text.len() != 9 {
        return false;
    }
    let (area, group, serial) = (number(text, 0, 3), number(text, 3, 5), number(text, 5, 9));
    area.is_some_and(|area| area != 0 && area != 666 && area < 900)
        && group.is_some_and(|group| group != 0)
        && serial.is_some_and(|serial| serial != 0)
}

/// A UK national insurance number: letters and prefixes that are given out, six digits, suffix A to D or none.
fn nino(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    let Some((prefix, rest)) = text.split_at_checked(2) else { return false };
    let Some((digits, suffix)) = rest.split_at_checked(6) else { return false };
    let mut letters = prefix.chars();
    let (Some(first), Some(second)) = (letters.next(), letters.next()) else { return false };
    first.is_ascii_uppercase()
        && second.is_ascii_uppercase()
        && !"DFIQUV".contains(first)
        && !"DFIOQUV".contains(second)
        && !["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"].contains(&prefix)
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (suffix.is_empty() || ["A", "B", "C", "D"].contains(&suffix))
}

/// A UK NHS number: weights 10 to 2, mod 11.
fn nhs(text: &str) -> bool {
    let Some(digits) = digits(text).filter(|digits| digits.len() == 10) else { return false };
    let sum: u32 = digits.iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
    let check = match 11 - sum % 11 {
        11 => 0,
        check => check,
    };
    digits.last() == Some(&check) && digits.iter().any(|&digit| digit != 0)
}

/// A German tax identification number: of its first ten digits exactly one occurs several times, and that two or three
/// times (never three in a row); check digit by ISO 7064 mod 11, 10.
fn steuer_id(text: &str) -> bool {
    let Some(digits) = digits(text).filter(|digits| digits.len() == 11) else { return false };
    let Some((&check, body)) = digits.split_last() else { return false };
    let counts: Vec<usize> =
        (0..10).map(|digit| body.iter().filter(|&&other| other == digit).count()).collect();
    let repeated: Vec<usize> = counts.into_iter().filter(|&count| count > 1).collect();
    let tripled = body.windows(3).any(|three| three.iter().all(|digit| Some(digit) == three.first()));
    let product = body.iter().fold(10, |product, digit| {
        let sum = match (digit + product) % 10 {
            0 => 10,
            sum => sum,
        };
        sum * 2 % 11
    });
    body.first() != Some(&0) && matches!(*repeated, [2 | 3]) && !tripled && (11 - product) % 10 == check
}

/// A French INSEE number (NIR): sex, year, month, department (Corsica has 2A and 2B), key mod 97.
fn insee(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    if text.len() != 15 || !text.is_ascii() {
        return false;
    }
    let Some((body, key)) = text.split_at_checked(13) else { return false };
    // 2A counts as 19 and 2B as 18.
    let body = match body.get(5..7) {
        Some("2A") => [body.get(..5).unwrap_or_default(), "19", body.get(7..).unwrap_or_default()].concat(),
        Some("2B") => [body.get(..5).unwrap_or_default(), "18", body.get(7..).unwrap_or_default()].concat(),
        _ => body.to_string(),
    };
    let month = number(&body, 3, 5);
    let plausible = body.starts_with(['1', '2', '3', '4', '7', '8'])
        && month.is_some_and(|month| matches!(month, 1..=12 | 20 | 30..=42 | 50..=99));
    let (Ok(value), Some(key)) = (body.parse::<u64>(), number(key, 0, 2)) else { return false };
    plausible && body.bytes().all(|byte| byte.is_ascii_digit()) && 97 - value % 97 == u64::from(key)
}

/// ICAO 9303: a machine readable zone (the forms TD1, TD2, TD3, or one line of it), or a document number of nine places
/// with its check digit.
fn mrz(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() || byte == b'<') {
        return false;
    }
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    match text.len() {
        10 => mrz_field(part(0, 9), part(9, 10)),
        30 => mrz_field(part(5, 14), part(14, 15)),
        36 => mrz_td2(&text),
        44 => mrz_td3(&text),
        72 => mrz_td2(part(36, 72)),
        88 => mrz_td3(part(44, 88)),
        90 => {
            let composite = [part(5, 30), part(30, 37), part(38, 45), part(48, 59)].concat();
            mrz_field(part(5, 14), part(14, 15))
                && mrz_field(part(30, 36), part(36, 37))
                && mrz_field(part(38, 44), part(44, 45))
                && mrz_field(&composite, part(59, 60))
        }
        _ => false,
    }
}

fn mrz_td2(line: &str) -> bool {
    let part = |from: usize, to: usize| line.get(from..to).unwrap_or_default();
    mrz_dates(line) && mrz_field(&[part(0, 10), part(13, 20), part(21, 35)].concat(), part(35, 36))
}

fn mrz_td3(line: &str) -> bool {
    let part = |from: usize, to: usize| line.get(from..to).unwrap_or_default();
    mrz_dates(line) && mrz_field(&[part(0, 10), part(13, 20), part(21, 43)].concat(), part(43, 44))
}

/// Number, birth and expiry of the second line of TD2 and TD3.
fn mrz_dates(line: &str) -> bool {
    let part = |from: usize, to: usize| line.get(from..to).unwrap_or_default();
    mrz_field(part(0, 9), part(9, 10))
        && mrz_field(part(13, 19), part(19, 20))
        && mrz_field(part(21, 27), part(27, 28))
}

/// Weights 7, 3, 1, mod 10; a letter is 10 and up, `<` is nothing.
fn mrz_field(field: &str, check: &str) -> bool {
    let sum = field.chars().zip([7, 3, 1].into_iter().cycle()).try_fold(0, |sum, (character, weight)| {
        let value = if character == '<' { 0 } else { character.to_digit(36)? };
        Some(sum + value * weight)
    });
    let check = if check == "<" { Some(0) } else { number(check, 0, 1) };
    !field.is_empty() && sum.is_some() && sum.map(|sum| sum % 10) == check
}

/// Characters from which on a text can be a secret at all.
const SECRET_CHARS: usize = 12;
/// Bits a character that a secret has at least (Shannon); English words have below three at this length.
const SECRET_BITS: f64 = 3.0;

/// Random enough to be a secret: at least twelve characters, three bits a character, and either a digit among letters
/// or, from twenty characters on, both cases.
fn entropy(text: &str) -> bool {
    let length = text.chars().count();
    if length < SECRET_CHARS {
        return false;
    }
    let mut counts = std::collections::HashMap::new();
    for character in text.chars() {
        *counts.entry(character).or_insert(0_u32) += 1;
    }
    let bits: f64 = counts
        .values()
        .map(|&count| f64::from(count) / length as f64)
        .map(|share| -share * share.log2())
        .sum();
    let has = |test: fn(&char) -> bool| text.chars().any(|character| test(&character));
    let letters = has(char::is_ascii_alphabetic);
    let mixed = has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase);
    bits >= SECRET_BITS && letters && (has(char::is_ascii_digit) || (mixed && length >= 20))
}
