//! In how many letters each word of some mail occurs.

use super::mail::Mail;
use super::random::Random;
use aho_corasick::AhoCorasick;
use mailfw::message::Message;
use std::collections::{BTreeMap, BTreeSet};

/// The words of some mail, and fragments of them, with the number of letters whose body has each of them somewhere, also
/// inside of longer words.
pub struct Vocabulary {
    letters: usize,
    words: Vec<(String, usize)>,
    fragments: Vec<(String, usize)>,
}

/// Words that occur so often, in shares of all letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// In two to three of five.
    Half,
    /// In four to six of a hundred.
    Twentieth,
    /// In one of a hundred at most, in one letter at least.
    Rare,
}

impl Share {
    fn has(self, occurs: usize, letters: usize) -> bool {
        let share = occurs as f64 / letters as f64;
        match self {
            Share::Half => (0.4..=0.6).contains(&share),
            Share::Twentieth => (0.04..=0.06).contains(&share),
            Share::Rare => occurs > 0 && share <= 0.01,
        }
    }
}

/// The text of each letter's body, normalised; its case is kept.
pub fn texts(mail: &Mail) -> Vec<String> {
    let text = |message: &Message| {
        let leaves = message.body().leaves();
        let texts = leaves.iter().filter_map(|&leaf| message.surface(leaf)).map(|leaf| leaf.surface.cased());
        texts.collect::<Vec<_>>().join(" ")
    };
    mail.parsed().iter().map(text).collect()
}

impl Vocabulary {
    /// The vocabulary of some mail.
    pub fn of(mail: &Mail) -> Vocabulary {
        let texts: Vec<String> = texts(mail).iter().map(|text| text.to_lowercase()).collect();
        let mut words = BTreeSet::new();
        let mut fragments: BTreeMap<&str, usize> = BTreeMap::new();
        for text in &texts {
            let mut here = BTreeSet::new();
            for word in text.split(|c: char| !c.is_ascii_lowercase()) {
                if (4..=16).contains(&word.len()) {
                    words.insert(word);
                }
                for length in 3..=5 {
                    here.extend(
                        (0..(word.len() + 1).saturating_sub(length)).map(|at| &word[at..at + length]),
                    );
                }
            }
            for fragment in here {
                *fragments.entry(fragment).or_default() += 1;
            }
        }
        let words: Vec<&str> = words.into_iter().collect();
        let automaton = AhoCorasick::new(&words).expect("the words fit");
        let mut counts = vec![0; words.len()];
        for text in &texts {
            let here: BTreeSet<usize> =
                automaton.find_overlapping_iter(text).map(|found| found.pattern().as_usize()).collect();
            here.into_iter().for_each(|word| counts[word] += 1);
        }
        Vocabulary {
            letters: texts.len(),
            words: words.into_iter().map(str::to_string).zip(counts).collect(),
            fragments: fragments.into_iter().map(|(text, count)| (text.to_string(), count)).collect(),
        }
    }

    /// So many different words of a share, in no order. Where the mail has too few, fragments of words make up for them,
    /// and of rare ones after that words that nobody has written.
    pub fn choose(&self, share: Share, count: usize, random: &mut Random) -> Vec<String> {
        let of = |all: &[(String, usize)]| -> Vec<String> {
            let chosen = all.iter().filter(|&&(_, occurs)| share.has(occurs, self.letters));
            chosen.map(|(word, _)| word.clone()).collect()
        };
        let mut chosen = of(&self.words);
        random.shuffle(&mut chosen);
        if chosen.len() < count && share != Share::Rare {
            let known: BTreeSet<String> = chosen.iter().cloned().collect();
            let mut fragments = of(&self.fragments);
            fragments.retain(|fragment| !known.contains(fragment));
            random.shuffle(&mut fragments);
            chosen.extend(fragments);
        }
        if share == Share::Rare {
            let missing = count.saturating_sub(chosen.len());
            chosen.extend((0..missing).map(|at| format!("unwritten{at}")));
        }
        chosen.truncate(count);
        chosen
    }
}
