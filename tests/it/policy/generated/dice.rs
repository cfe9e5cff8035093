//! Chance that can be repeated: the same seed throws the same dice.

use std::collections::HashMap;

/// Dice by SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
#[derive(Debug, Clone)]
pub struct Dice {
    state: u64,
    decks: HashMap<usize, Vec<usize>>,
}

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice { state: seed, decks: HashMap::new() }
    }

    /// Dice of their own for one of many things made from one seed.
    pub fn of(seed: u64, number: u64) -> Dice {
        let mut dice = Dice::new(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        dice.throw();
        dice
    }

    pub fn throw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.throw() % end as u64).unwrap()
    }

    /// Whether something of that chance happens.
    pub fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A card of the deck of so many cards at a place: none comes again before all have come.
    pub fn deal(&mut self, deck: usize, cards: usize) -> usize {
        let mut left = self.decks.remove(&deck).unwrap_or_default();
        if left.is_empty() {
            left = (0..cards).collect();
            for at in (1..cards).rev() {
                left.swap(at, self.below(at + 1));
            }
        }
        let card = left.pop().unwrap();
        self.decks.insert(deck, left);
        card
    }
}
