//! What is answered to the questions that only the outside can answer.
//!
//! Nobody is asked yet, so each has the answer for what nobody is set up to know: no result, not listed, no member. A
//! message that no scanner looked at is not clean: policies that ask for viruses stay undecided, unless whoever runs the
//! relay says that another server looks for them.

use crate::plan::{Answer, Lookups, Question};

/// The answers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Answers {
    /// Messages are taken as free of viruses, since another server looks for them.
    pub taken_as_clean: bool,
}

impl Lookups for Answers {
    fn answer(&self, question: &Question) -> Option<Answer> {
        match question {
            Question::Virus if self.taken_as_clean => Some(Answer::Virus(None)),
            _ => Some(Answer::NotAsked),
        }
    }
}
