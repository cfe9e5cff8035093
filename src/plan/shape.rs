//! The Boolean shape of a condition: `and`, `or` and `not` over numbered operands.
//!
//! A thousand policies have a handful of shapes between them (`a and b`, `a and not b`); what differs is which questions
//! stand in their places. So code is made for a shape, and a policy is a shape with its operands.

use std::collections::HashMap;

/// One step of a shape, which is written in prefix order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The next operand.
    Operand,
    /// The negation of what follows.
    Not,
    /// All of so many that follow hold.
    All(u32),
    /// One of so many that follow holds.
    Any(u32),
}

/// A shape, by position in its [`Shapes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShapeId(pub u32);

/// The different shapes of a set.
#[derive(Debug, Default)]
pub struct Shapes {
    all: Vec<Box<[Step]>>,
    known: HashMap<Box<[Step]>, ShapeId>,
    steps: usize,
}

impl Shapes {
    /// The number of a shape, a new one where it is not known yet.
    pub fn intern(&mut self, steps: Vec<Step>) -> ShapeId {
        let steps: Box<[Step]> = steps.into();
        if let Some(&id) = self.known.get(&steps) {
            return id;
        }
        let id = ShapeId(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        self.steps += steps.len();
        self.all.push(steps.clone());
        self.known.insert(steps, id);
        id
    }

    /// Every shape, by number.
    pub fn all(&self) -> &[Box<[Step]>] {
        &self.all
    }

    /// The steps of all shapes.
    pub fn steps(&self) -> usize {
        self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_of_different_shapes_add_up_and_equal_shapes_are_one() {
        let mut shapes = Shapes::default();
        let both = || vec![Step::All(2), Step::Operand, Step::Operand];
        let first = shapes.intern(both());
        let second = shapes.intern(vec![Step::Not, Step::Operand]);
        assert_eq!(shapes.intern(both()), first);
        assert_ne!(first, second);
        assert_eq!((shapes.steps(), shapes.all().len()), (5, 2));
    }
}
