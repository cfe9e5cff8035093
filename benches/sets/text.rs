//! Sets that read text. All of their policies are for senders, so that the envelope rules none of them out.
//!
//! The usual distribution: of a thousand policies 2 look for a word that stands in about half of the letters, 10 for one
//! in about a twentieth, the others for one in a hundredth at most; so a message triggers about five of a thousand and
//! fifty of ten thousand. Sets where every policy triggers on a twentieth, or on half of the letters, are rows of their
//! own: 50 and 500 triggers a message.

use super::random::Random;
use super::words::{Share, Vocabulary};
use super::{Set, set};
use std::fmt::Write;

/// Words of policies with so many in the usual distribution, in no order.
pub fn usual_words(vocabulary: &Vocabulary, count: usize, seed: u64) -> Vec<String> {
    let mut random = Random::new(seed);
    let (half, twentieth) = ((count + 250) / 500, (count + 50) / 100);
    let mut words = vocabulary.choose(Share::Half, half, &mut random);
    words.extend(vocabulary.choose(Share::Twentieth, twentieth, &mut random));
    let rare = vocabulary.choose(Share::Rare, count - words.len(), &mut random);
    words.extend(rare);
    random.shuffle(&mut words);
    words
}

fn contains(subject: &str, words: &[String]) -> Vec<String> {
    words.iter().map(|word| format!("{subject} contains \"{word}\"")).collect()
}

/// A keyword each.
pub fn keywords(subject: &str, words: &[String]) -> Set {
    set(&format!("{} keywords", words.len()), "senders", "", &contains(subject, words))
}

/// A keyword each, all of one share.
pub fn keywords_of_share(vocabulary: &Vocabulary, share: Share, count: usize) -> Set {
    let words = vocabulary.choose(share, count, &mut Random::new(11));
    let name = match share {
        Share::Half => "half",
        Share::Twentieth => "a twentieth",
        Share::Rare => "few",
    };
    set(
        &format!("{} keywords of {name} of the letters", words.len()),
        "senders",
        "",
        &contains("body", &words),
    )
}

/// A regex each that needs a word: a number or another word beside it.
pub fn regexes_with_literal(words: &[String]) -> Set {
    let conditions: Vec<String> = words
        .iter()
        .enumerate()
        .map(|(at, word)| match at % 4 {
            0 => format!("body matches /\\b{word}\\b/i"),
            1 => format!("body matches /{word}[- ]?[a-z0-9]{{1,4}}/i"),
            2 => format!("body matches /[a-z]+ {word}s?\\b/i"),
            _ => format!("body matches /(?:the|an?) {word}|{word} (?:of|for)/i"),
        })
        .collect();
    set(&format!("{} regexes with a literal", words.len()), "senders", "", &conditions)
}

/// A regex each that needs no letter in particular: shapes of numbers and names.
pub fn regexes_without_literal(count: usize) -> Set {
    let mut random = Random::new(13);
    let classes = ["[aeiou]", "[b-df-h]", "[j-np]", "[q-t]", "[v-z]", "[0-4]", "[5-9]", "[a-f0-9]"];
    let conditions: Vec<String> = (0..count)
        .map(|at| {
            let mut pattern = String::new();
            for _ in 0..2 + at % 3 {
                let class = classes[random.below(classes.len())];
                let least = 1 + random.below(2);
                let _ = write!(pattern, "{class}{{{least},{}}}", least + 1);
            }
            format!("body matches /\\b{pattern}\\b/i")
        })
        .collect();
    set(&format!("{count} regexes without a literal"), "senders", "", &conditions)
}

/// A dictionary of ten words each.
pub fn dictionaries(words: &[String]) -> Set {
    let mut items = String::new();
    let mut conditions = Vec::new();
    for (at, words) in words.chunks(10).enumerate() {
        let _ = writeln!(items, "dictionary words{at} {{");
        for word in words {
            let _ = writeln!(items, "    \"{word}\"");
        }
        items.push_str("}\n");
        conditions.push(format!("body contains words{at}"));
    }
    set(&format!("{} policies with {} words", conditions.len(), words.len()), "senders", &items, &conditions)
}
